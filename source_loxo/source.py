"""The four commands of an Airbyte source."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    ConfiguredAirbyteStream,
    Status,
    StreamDescriptor,
)
from airbyte_cdk.sources import Source
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from loxo_api.client import WORKERS, LoxoClient
from loxo_api.config import Config, read_config, read_json, wrong_file
from loxo_api.endpoints import CHECK_ENDPOINT, ENDPOINTS
from loxo_api.errors import ConfigError, LoxoError
from loxo_api.retry import INTERACTIVE
from loxo_api.timestamps import format_timestamp
from source_loxo.additional_fields import AdditionalFields, with_additional_fields
from source_loxo.backpressure import Backpressure, PageQueue
from source_loxo.cursors import QueueOrderedRepository
from source_loxo.discovery import DISCOVER, account_schemas
from source_loxo.errors import traced
from source_loxo.pipeline_check import PipelineCheck
from source_loxo.streams.factory import STREAMS, Order, build_stream, stream_schema


class SourceLoxo(Source):
    """A whole Loxo account as Airbyte streams.

    :param groups_records: whether `read` yields records as `RecordsMessage`, for a caller that knows it.
    """

    message_repository = InMemoryMessageRepository()
    # A message of the JSON schema quotes a pattern of 300 characters and the value, which may be a password.
    check_config_against_spec = False

    def __init__(self, groups_records: bool = False) -> None:
        super().__init__()
        self._groups_records = groups_records

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        return config

    @staticmethod
    def read_config(config_path: str) -> MutableMapping[str, Any]:
        try:
            return read_config(config_path)
        except ConfigError as error:
            raise traced(error) from None

    @classmethod
    def read_catalog(cls, catalog_path: str) -> ConfiguredAirbyteCatalog:
        remedy = "Make one from the output of discover."
        try:
            return ConfiguredAirbyteCatalogSerializer.load(read_json(catalog_path, "catalog", remedy))
        except ConfigError as error:
            raise traced(error) from None
        except Exception:  # the serializer raises many kinds of errors
            text = f"is not a configured Airbyte catalog. {remedy}"
            raise traced(wrong_file(catalog_path, "catalog", text)) from None

    @classmethod
    def read_state(cls, state_path: str) -> list[AirbyteStateMessage]:
        if not state_path:
            return []
        remedy = "Pass the states that an earlier sync printed, or omit --state to start over."
        try:
            content = read_json(state_path, "state", remedy)
            states = [AirbyteStateMessageSerializer.load(state) for state in content or []]
        except ConfigError as error:
            raise traced(error) from None
        except Exception:
            states = [AirbyteStateMessage()]
        if not all(state.stream or state.data or state.global_ for state in states):
            raise traced(wrong_file(state_path, "state", f"is not a list of Airbyte state messages. {remedy}"))
        return states

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        try:
            LoxoClient(Config.parse(config), INTERACTIVE).page(CHECK_ENDPOINT)
        except LoxoError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(error))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        try:
            checked = Config.parse(config)
            _check_connection(checked)
            client = LoxoClient(checked, DISCOVER)
            streams = [
                build_stream(endpoint, client, self.message_repository, {}, Order()).as_airbyte_stream()
                for endpoint in STREAMS.values()
            ]
            schemas = account_schemas(
                client, {each.name: each.json_schema for each in streams if each.name in ENDPOINTS}
            )
        except LoxoError as error:
            raise traced(error) from None
        for stream in streams:
            # deleted_records is not an object of Loxo, but has the column that all streams have.
            stream.json_schema = schemas.get(stream.name) or with_additional_fields(stream.json_schema)
        return AirbyteCatalog(streams=streams)

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        checked = parsed(config)
        if not catalog.streams:
            logger.warning("The catalog selects no stream, so nothing is read. Select the streams that you want.")
        queue = PageQueue(self._groups_records)
        self.message_repository = repository = QueueOrderedRepository(queue)
        client = LoxoClient(checked, gate=Backpressure(queue))
        states = ConnectorStateManager(state)
        start_date = format_timestamp(checked.start_date) if checked.start_date else None
        known: list[AbstractStream] = []
        unknown: list[str] = []
        account_fields: list[AdditionalFields] = []
        pipelines = PipelineCheck()
        # Long streams first: short ones are then read beside them.
        for configured in sorted(catalog.streams, key=_shortness):
            name = configured.stream.name
            if name not in STREAMS:
                unknown.append(name)
                continue
            fields = AdditionalFields(name, stream_schema(STREAMS[name]), configured.stream.json_schema)
            account_fields.append(fields)
            stored = states.get_stream_state(name, configured.stream.namespace)
            order = Order.of(configured, start_date)
            check = pipelines.for_stream(name)
            known.append(build_stream(STREAMS[name], client, repository, stored, order, fields, check))
        for name in unknown:
            yield from _missing_stream(name)
        if known:  # without streams, the CDK's concurrent core waits for ever
            try:
                yield from ConcurrentSource.create(
                    WORKERS, WORKERS // 2, logger, DebugSliceLogger(), repository, queue
                ).read(known)
            except AirbyteTracedException:
                if not queue.failed:
                    raise
            finally:
                for fields in account_fields:
                    fields.report()
                pipelines.report()
        if failed := [*unknown, *queue.failed]:
            # The platform needs an error of the whole sync too. It does not repeat the reasons.
            names = ", ".join(failed)
            number = f"{len(failed)} of {len(catalog.streams)} streams"
            raise traced(ConfigError(f"{number} failed: {names}. The error of each stream gives the reason."))


def _check_connection(config: Config) -> None:
    """Fails as `check` does, except for a 403: other objects may be open to the key.

    :raises LoxoError: the key, the slug or the domain is wrong, or Loxo does not respond.
    """
    try:
        LoxoClient(config, INTERACTIVE).page(CHECK_ENDPOINT)
    except LoxoError as error:
        if error.status != 403:
            raise


def parsed(config: Mapping[str, Any]) -> Config:
    """The checked config.

    :raises AirbyteTracedException: config_error, a field is missing or malformed.
    """
    try:
        return Config.parse(config)
    except LoxoError as error:
        raise traced(error) from None


def _shortness(configured: ConfiguredAirbyteStream) -> bool:
    row = ENDPOINTS.get(configured.stream.name)
    return not (row and row.counted)


def _missing_stream(name: str) -> Iterator[AirbyteMessage]:
    """Reports a configured stream that does not exist, so that the sync does not succeed."""
    text = f"{name}: this connector has no such stream. Refresh the connection's schema and deselect it."
    yield traced(ConfigError(text), name).as_airbyte_message()
    yield status_message(StreamDescriptor(name=name), AirbyteStreamStatus.INCOMPLETE)
