"""The border to Airbyte: errors of the Loxo API become the protocol's errors here, and nowhere else."""

from __future__ import annotations

from airbyte_cdk.models import AirbyteMessage, FailureType, StreamDescriptor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from loxo_api.errors import ContractError, LoxoError


class ToldError(AirbyteTracedException):
    """An error whose message says all: the way through our code to it helps nobody."""

    def as_airbyte_message(self, stream_descriptor: StreamDescriptor | None = None) -> AirbyteMessage:
        message = super().as_airbyte_message(stream_descriptor)
        message.trace.error.stack_trace = None  # type: ignore[union-attr]
        return message


def traced(error: LoxoError, stream_name: str = "") -> ToldError:
    """The protocol's error, which names the stream.

    :param stream_name: the stream that failed; empty for an error of the whole command.
    """
    message = str(error)
    if isinstance(error, ContractError):
        message = f"{stream_name}: Loxo returned an unexpected response: {message}."
    descriptor = StreamDescriptor(name=stream_name) if stream_name else None
    return ToldError(
        message=message,
        failure_type=FailureType(error.kind.value),
        stream_descriptor=descriptor,
    )
