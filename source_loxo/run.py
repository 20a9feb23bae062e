"""Entry point of the `source-loxo` command."""

import sys

from airbyte_cdk.entrypoint import launch

from source_loxo.source import SourceLoxo


def run() -> None:
    """Runs the Airbyte command given on the command line."""
    launch(SourceLoxo(), sys.argv[1:])
