"""The commands of the destination: spec, check, discover and write.

The CDK's `Destination` has no `discover`, drops a state's `id` and its rejected records, does not flush, and logs a
line that it cannot read (all measured with airbyte-cdk 7.39.1). So its class gives the interface, and no more.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    ConfiguredAirbyteCatalog,
    Status,
)

from destination_loxo.catalog import operations
from destination_loxo.objects import COMPOSED, Composer, Stream, streams_of
from destination_loxo.rejected import RejectedFile, without_values
from destination_loxo.settings import Settings
from loxo_api.client import LoxoClient
from loxo_api.endpoints import CHECK_ENDPOINT
from loxo_api.errors import ConfigError, ErrorKind, LoxoError
from loxo_api.exact_json import loads
from loxo_api.retry import INTERACTIVE
from loxo_api.writing.account import open_writer
from loxo_api.writing.batch import Task, write_all
from loxo_api.writing.ledger import Ledger
from loxo_api.writing.outcomes import Outcome, Rejection, Result
from loxo_api.writing.preparation import Write
from loxo_api.writing.writer import Writer

logger = logging.getLogger("airbyte")

# So many refused records of a stream are logged one by one.
LOGGED = 100

Message = dict[str, Any]


@dataclass
class _Record:
    """A record on its way; its content is kept until it has an outcome, to keep it out of the log."""

    stream: Stream
    position: int
    data: Mapping[str, Any] = field(repr=False)


@dataclass
class _State:
    message: Message


class DestinationLoxo(Destination):
    """Writes to one Loxo account."""

    # The schema's own words quote the value, which may be a password.
    check_config_against_spec = False

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        try:
            settings = Settings.parse(config)
            LoxoClient(settings.config, INTERACTIVE).page(CHECK_ENDPOINT)
            Ledger(settings.ledger_path, settings.config.base_url).close()
        except LoxoError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(error))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def discover(self, config: Mapping[str, Any]) -> Message:
        """:raises LoxoError: the config is wrong, or Loxo does not answer."""
        settings = Settings.parse(config)
        found = operations(LoxoClient(settings.config, INTERACTIVE), settings.options)
        return {"type": "DESTINATION_CATALOG", "destination_catalog": {"operations": found}}

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterable[AirbyteMessage]:
        """The CDK's way in, which loses parts of states; `write_lines` is used instead."""
        raise NotImplementedError("use write_lines")

    def write_lines(
        self, config: Mapping[str, Any], catalog: ConfiguredAirbyteCatalog, lines: Iterable[bytes]
    ) -> Iterator[Message]:
        """Writes the records, and yields each state when all before it has an outcome.

        :raises LoxoError: the input or the config is wrong, or records were rejected or are unknown.
        """
        settings = Settings.parse(config)
        streams = streams_of(catalog)
        with open_writer(settings.config, settings.ledger_path, settings.options) as writer:
            writer.client.page(CHECK_ENDPOINT)
            run = _Run(settings, writer, streams)
            yield from run.messages(lines)
        run.end()


class _Run:
    """One write command."""

    def __init__(self, settings: Settings, writer: Writer, streams: Mapping[tuple[str | None, str], Stream]) -> None:
        self._settings, self._writer, self._streams = settings, writer, streams
        self._composer = Composer(writer)
        self._file = RejectedFile(settings.ledger_path)
        self._positions: Counter[tuple[str | None, str]] = Counter()
        self._totals: dict[str, Counter[str]] = {stream.name: Counter() for stream in streams.values()}
        # What each stream's next state has to report.
        self._since: dict[tuple[str | None, str], Counter[str]] = {key: Counter() for key in streams}
        self._withheld = 0
        self._is_unsettled = False

    def messages(self, lines: Iterable[bytes]) -> Iterator[Message]:
        for tag, result in write_all(self._writer, self._inputs(lines)):
            if isinstance(tag, _Record) and result:
                self._count(tag, result)
            elif isinstance(tag, _State):
                # After an unknown write, or in a dry run, a state would keep the source from sending again.
                if self._is_unsettled or self._settings.dry_run:
                    self._withheld += 1
                else:
                    yield self._confirmed(tag.message)

    def _inputs(self, lines: Iterable[bytes]) -> Iterator[tuple[_Record | _State, Write | Task | Result | None]]:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                message = loads(line)
                kind = message["type"]
                content: Any = message["record"] if kind == "RECORD" else message["state"] if kind == "STATE" else {}
                key = (content.get("namespace"), content["stream"]) if kind == "RECORD" else (None, "")
                if kind == "RECORD" and not isinstance(content["data"], dict):
                    raise ValueError
            except (ValueError, KeyError, TypeError, AttributeError):
                # The line may hold people's data, so it is not quoted.
                raise ConfigError(
                    f"Line {number} of the input is not an Airbyte message. Check that only messages of a source are "
                    "sent to this command."
                ) from None
            if kind == "STATE":
                yield _State(message), None
            elif kind == "RECORD":
                if key not in self._streams:
                    raise ConfigError(
                        f"Line {number} of the input is a record of the stream '{key[1]}', which the catalog lacks."
                    )
                self._positions[key] += 1
                record = _Record(self._streams[key], self._positions[key], content["data"])
                yield record, self._meant(record)

    def _meant(self, record: _Record) -> Write | Task | Result | None:
        """The write of a record, or its outcome where that is known already; None in a dry run."""
        try:
            if record.stream.object in COMPOSED:
                write: Write | Task = self._composer.write(record.stream, record.data)
            else:
                write = record.stream.write(record.data)
            if not self._settings.dry_run:
                return write
            name = f"{record.stream.name}, record {record.position}"
            text = self._writer.described(write) if isinstance(write, Write) else "an activity that moves to the stage"
            logger.info(f"{name}: a dry run; it would send {text}.")
        except Rejection as rejection:
            return Result(Outcome.REJECTED, reason=str(rejection), was_sent=False)
        return None

    def _count(self, record: _Record, result: Result) -> None:
        stream = record.stream
        kind = result.outcome.value if result.was_sent or result.outcome is not Outcome.WRITTEN else "unchanged"
        self._totals[stream.name][kind] += 1
        self._since[stream.namespace, stream.name][kind] += 1
        if result.outcome is Outcome.WRITTEN:
            return
        if result.outcome is Outcome.UNKNOWN and not result.was_told:
            self._is_unsettled = True
        reason = without_values(result.reason, record.data)
        self._file.add(stream.name, record.position, result.outcome.value, reason)
        told = self._totals[stream.name]["rejected"] + self._totals[stream.name]["unknown"]
        if told <= LOGGED:
            logger.warning(f"{stream.name}, record {record.position}: {result.outcome.value}: {reason}.")
        elif told == LOGGED + 1:
            logger.warning(f"{stream.name}: more records are not written; only their number is logged from here on.")

    def _confirmed(self, message: Message) -> Message:
        """The state as it came, with the counts of the records before it."""
        state = message["state"]
        descriptor = (state.get("stream") or {}).get("stream_descriptor") or {}
        key = (descriptor.get("namespace"), descriptor.get("name", ""))
        chosen = [key] if key in self._since else list(self._since)
        counts: Counter[str] = sum((self._since[each] for each in chosen), Counter())
        for each in chosen:
            self._since[each] = Counter()
        stats = {
            "recordCount": float(counts["written"] + counts["unchanged"]),
            "rejectedRecordCount": float(counts["rejected"] + counts["unknown"]),
        }
        return {**message, "state": {**state, "destinationStats": stats}}

    def end(self) -> None:
        """Says what was written.

        :raises LoxoError: more was rejected than allowed, or the outcome of a write is not known.
        """
        for name, counts in self._totals.items():
            told = ", ".join(f"{counts[kind]} {kind}" for kind in ("written", "unchanged", "rejected", "unknown"))
            logger.info(f"{name}: {told}.")
        counts = sum(self._totals.values(), Counter())
        if self._is_unsettled:
            raise LoxoError(
                f"{counts['unknown']} records are neither confirmed nor proven absent: Loxo's answers were lost. "
                f"{self._withheld} states are not confirmed. Sync again: what can be looked for is looked for first.",
                ErrorKind.TRANSIENT,
            )
        refused = counts["rejected"] + counts["unknown"]
        if refused > self._settings.max_rejected:
            raise ConfigError(
                f"{refused} records are not written, more than Most Rejected Records ({self._settings.max_rejected}) "
                "allows. The log names each with its reason; all others are written. Correct them in the source."
            )
