"""Translates errors of the Loxo API into errors of the Airbyte protocol."""

from __future__ import annotations

from airbyte_cdk.models import AirbyteMessage, FailureType, StreamDescriptor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from loxo_api.errors import ContractError, LoxoError


class UserError(AirbyteTracedException):
    """An error with a complete message, reported without a stack trace."""

    def as_airbyte_message(self, stream_descriptor: StreamDescriptor | None = None) -> AirbyteMessage:
        message = super().as_airbyte_message(stream_descriptor)
        message.trace.error.stack_trace = None  # type: ignore[union-attr]
        return message


def traced(error: LoxoError, stream_name: str = "") -> UserError:
    """The protocol's error.

    :param stream_name: the failed stream; empty for an error of the whole command.
    """
    message = str(error)
    if isinstance(error, ContractError):
        message = f"{stream_name}: Loxo returned an unexpected response: {message}."
    descriptor = StreamDescriptor(name=stream_name) if stream_name else None
    return UserError(
        message=message,
        failure_type=FailureType(error.kind.value),
        stream_descriptor=descriptor,
    )
