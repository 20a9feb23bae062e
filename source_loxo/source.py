"""The four commands of an Airbyte source."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    FailureType,
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

from loxo_api.client import FOR_A_PERSON, WORKERS, LoxoClient
from loxo_api.config import Config
from loxo_api.endpoints import ENDPOINTS
from loxo_api.errors import ConfigError, LoxoError
from loxo_api.timestamps import format_timestamp
from source_loxo.backpressure import Backpressure, PageQueue
from source_loxo.cursors import QueueOrderedRepository
from source_loxo.discovery import FOR_DISCOVER, account_schemas
from source_loxo.errors import traced
from source_loxo.additional_fields import AdditionalFields
from source_loxo.streams.factory import Order, build_stream, load_schema

# One request for a handful of rows that every account has.
CHECK_ENDPOINT = ENDPOINTS["person_types"]


class SourceLoxo(Source):
    """A whole Loxo account as Airbyte streams."""

    message_repository = InMemoryMessageRepository()

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        return config

    @staticmethod
    def read_config(config_path: str) -> MutableMapping[str, Any]:
        with _told("config", "a JSON object with the fields of the form. Write one, as the documentation shows"):
            return Source.read_config(config_path)

    @classmethod
    def read_catalog(cls, catalog_path: str) -> ConfiguredAirbyteCatalog:
        with _told("catalog", "a configured Airbyte catalog. Make one of what discover prints"):
            return super().read_catalog(catalog_path)

    @classmethod
    def read_state(cls, state_path: str) -> list[AirbyteStateMessage]:
        with _told(
            "state", "a list of Airbyte state messages. Pass what an earlier sync printed, or none to start over"
        ):
            return super().read_state(state_path)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        try:
            LoxoClient(Config.parse(config), FOR_A_PERSON).page(CHECK_ENDPOINT)
        except LoxoError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(error))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        try:
            checked = Config.parse(config)
            _check_connection(checked)
            client = LoxoClient(checked, FOR_DISCOVER)
            streams = [
                build_stream(endpoint, client, self.message_repository, {}, Order()).as_airbyte_stream()
                for endpoint in ENDPOINTS.values()
            ]
            schemas = account_schemas(client, {stream.name: stream.json_schema for stream in streams})
        except LoxoError as error:
            raise traced(error) from None
        for stream in streams:
            stream.json_schema = schemas[stream.name]
        return AirbyteCatalog(streams=streams)

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        checked = parsed(config)
        queue = PageQueue()
        self.message_repository = repository = QueueOrderedRepository(queue)
        client = LoxoClient(checked, gate=Backpressure(queue))
        states = ConnectorStateManager(state)
        start_date = format_timestamp(checked.start_date) if checked.start_date else None
        known: list[AbstractStream] = []
        unknown: list[str] = []
        account_fields: list[AdditionalFields] = []
        # The long ones first: with them under way, the many short ones cost no time.
        for configured in sorted(catalog.streams, key=_shortness):
            name = configured.stream.name
            if name not in ENDPOINTS:
                unknown.append(name)
                continue
            fields = AdditionalFields(name, load_schema(name), configured.stream.json_schema)
            account_fields.append(fields)
            stored = states.get_stream_state(name, configured.stream.namespace)
            order = Order.of(configured, start_date)
            known.append(build_stream(ENDPOINTS[name], client, repository, stored, order, fields))
        for name in unknown:
            yield from _missing_stream(name)
        if known:  # the CDK's concurrent core waits for ever for the end of nothing
            yield from ConcurrentSource.create(
                WORKERS, WORKERS // 2, logger, DebugSliceLogger(), repository, queue
            ).read(known)
        for each in st.ADD.values():
            each.report()
        if unknown:
            raise traced(ConfigError(f"These streams of the connection do not exist: {', '.join(unknown)}."))


def _check_connection(config: Config) -> None:
    """Fails as `check` does, but for one object that the key may not read: others may be open to it.

    :raises LoxoError: the key, the slug or the domain is wrong, or Loxo does not answer.
    """
    try:
        LoxoClient(config, FOR_A_PERSON).page(CHECK_ENDPOINT)
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


@contextmanager
def _told(file: str, meaning: str) -> Iterator[None]:
    """Words for a file that is wrong: the CDK's readers fail in as many ways as a file can be."""
    try:
        yield
    except Exception as error:
        raise traced(ConfigError(f"The {file} file is missing, or not {meaning}. ({type(error).__name__})")) from None


def _shortness(configured: ConfiguredAirbyteStream) -> bool:
    row = ENDPOINTS.get(configured.stream.name)
    return not (row and row.counted)


def _missing_stream(name: str) -> Iterator[AirbyteMessage]:
    """Tells the platform that a configured stream was not read, so that the sync is not green."""
    text = f"{name}: this connector has no such stream. Refresh the connection's schema and deselect it."
    stream = StreamDescriptor(name=name)
    error = AirbyteTracedException(text, text, FailureType.config_error, stream_descriptor=stream)
    yield error.as_airbyte_message()
    yield status_message(stream, AirbyteStreamStatus.INCOMPLETE)
