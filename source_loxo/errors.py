"""The border to Airbyte: errors of the Loxo API become the protocol's errors here, and nowhere else."""

from __future__ import annotations

from airbyte_cdk.models import FailureType, StreamDescriptor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from loxo_api.errors import ContractError, LoxoError


def traced(error: LoxoError, stream_name: str = "") -> AirbyteTracedException:
    """The protocol's error, which names the stream.

    :param stream_name: the stream that failed; empty for an error of the whole command.
    """
    message = str(error)
    if isinstance(error, ContractError):
        message = f"{stream_name}: Loxo returned an unexpected response: {message}."
    descriptor = StreamDescriptor(name=stream_name) if stream_name else None
    return AirbyteTracedException(
        message=message,
        internal_message=message,
        failure_type=FailureType(error.kind.value),
        stream_descriptor=descriptor,
    )
