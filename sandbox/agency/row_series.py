"""Ids, creation times and update times of generated rows, one array for each table."""

from __future__ import annotations

from array import array

from ..hashing import hash64
from ..timestamps import DAY_MS


def creation_times(count: int, seed: int, start: int, end: int) -> array[int]:
    """Return times between `start` and `end`, oldest first; about every thirtieth equals the one before."""
    times: array[int] = array("q")
    step = max(1, (end - start) // max(1, count))
    for i in range(count):
        bits = hash64(seed + i)
        is_tie = times and bits % 31 == 0
        times.append(times[-1] if is_tie else start + i * step + (bits >> 8) % step)
    return times


def update_times(created: array[int], seed: int, end: int) -> array[int]:
    """Return an update time for each row: two thirds are later than its creation.

    One row in fifty has the time of a bulk edit, so that many rows have equal times.
    """
    bulk_edits = [end - (k + 1) * 97 * DAY_MS for k in range(4)]
    times: array[int] = array("q")
    for i, created_at in enumerate(created):
        bits = hash64(seed ^ (i * 2 + 1))
        bulk_edit = bulk_edits[bits >> 3 & 3]
        if bits % 50 == 0 and bulk_edit > created_at:
            times.append(bulk_edit)
        elif bits % 3 == 0 or end <= created_at:
            times.append(created_at)
        else:
            share = ((bits >> 16) % 1000) / 1000
            times.append(created_at + int((end - created_at) * share**3))
    return times


def serial_ids(count: int, seed: int, base: int, max_gap: int) -> array[int]:
    """Return growing ids above `base`, with gaps."""
    ids, last = array("q"), base
    for i in range(count):
        last += 1 + hash64(seed * 7919 + i) % max_gap
        ids.append(last)
    return ids
