"""Repeatable pseudo-random bits: every generated value is computed from the seed and a row number."""

from __future__ import annotations

_MASK = (1 << 64) - 1


def hash64(value: int) -> int:
    """Return 64 well-mixed bits for `value` (splitmix64), so that row i needs no stored random state."""
    value = (value * 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
