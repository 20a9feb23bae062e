"""Entry point of the `destination-loxo` command."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    FailureType,
    Type,
)
from airbyte_cdk.utils.airbyte_secrets_utils import get_secrets, update_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_loxo.destination import DestinationLoxo
from loxo_api.config import read_config, read_json, wrong_file
from loxo_api.errors import ContractError, ErrorKind, LoxoError
from loxo_api.exact_json import dumps
from loxo_api.output import WholeLines, end

NAME = "destination-loxo"

logger = logging.getLogger("airbyte")


def run() -> None:
    """Runs the Airbyte command given on the command line."""
    if sys.stdout is None:
        end(NAME, "the standard output is closed, so no message can be printed.")
    arguments = _arguments(sys.argv[1:])
    out = WholeLines(sys.stdout.fileno(), NAME)
    out.end_on_signals(is_sync=arguments.command == "write")
    out.end_without_reader()
    sys.stdout = out
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is PRINT_BUFFER:
            handler.stream = out
    try:
        _run(arguments, out)
    except LoxoError as error:
        _fail(error, out)
    except Exception as error:  # its text may hold people's data
        text = f"An unexpected {type(error).__name__} ended the command. Please report it as a defect of the connector."
        _fail(LoxoError(f"{text} The next sync goes on from the last state.", ErrorKind.SYSTEM), out)
    # A thread may still wait for input.
    os._exit(0)


def _run(arguments: argparse.Namespace, out: WholeLines) -> None:
    destination = DestinationLoxo()
    if arguments.command == "spec":
        spec = destination.spec(logger)
        out.write_line(dumps(AirbyteMessageSerializer.dump(AirbyteMessage(type=Type.SPEC, spec=spec))))
        return
    config = read_config(arguments.config)
    update_secrets(get_secrets(destination.spec(logger).connectionSpecification, config))
    if arguments.command == "check":
        status = AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=destination.check(logger, config))
        out.write_line(dumps(AirbyteMessageSerializer.dump(status)))
    elif arguments.command == "discover":
        out.write_line(dumps(destination.discover(config)))
    else:
        for message in destination.write_lines(config, _catalog(arguments.catalog), sys.stdin.buffer):
            out.write_line(dumps(message))


def _catalog(path: str) -> ConfiguredAirbyteCatalog:
    remedy = "Write a configured Airbyte catalog into it."
    content = read_json(path, "catalog", remedy)
    try:
        catalog: ConfiguredAirbyteCatalog = ConfiguredAirbyteCatalogSerializer.load(content)
    except Exception:  # the serializer raises many kinds of errors
        raise wrong_file(path, "catalog", f"is not a configured Airbyte catalog. {remedy}") from None
    return catalog


def _fail(error: LoxoError, out: WholeLines) -> None:
    """Prints the error as a trace message without a stack trace, and ends the process."""
    text = str(error)
    if isinstance(error, ContractError):
        text = f"Loxo returned an unexpected response: {text}."
    message = AirbyteTracedException(message=text, failure_type=FailureType(error.kind.value)).as_airbyte_message()
    message.trace.error.stack_trace = None  # type: ignore[union-attr]
    out.write_line(dumps(AirbyteMessageSerializer.dump(message)))
    os._exit(1)


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=NAME, description="An Airbyte destination for Loxo.")
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    commands.add_parser("spec", help="prints the fields of the config")
    for name, text in (
        ("check", "checks the config"),
        ("discover", "prints the objects that can be written"),
        ("write", "writes the messages of the standard input"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--config", required=True, help="path of the JSON file with the config")
        if name == "write":
            command.add_argument("--catalog", required=True, help="path of the JSON file with the configured catalog")
    return parser.parse_args(words)
