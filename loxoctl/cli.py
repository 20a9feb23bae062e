"""The command line. Nothing but argparse is imported before a command is known: `loxoctl --help` prints at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from loxoctl import exit_codes

if TYPE_CHECKING:
    from loxo_api.errors import LoxoError

EPILOG = """\
The account is that of --config FILE (the connector's config file), or of the environment: LOXO_DOMAIN,
LOXO_AGENCY_SLUG, LOXO_API_KEY. The key is never an argument.

exit codes:
  0  done; doctor: nothing was found that the connector cannot read
  1  doctor: something is not handled
  2  the command line is wrong; nothing was sent
  3  the key, the slug, the domain or a permission is wrong, or the ledger cannot be used
  4  a transient failure: throttling, a server error, no connection; doctor: the examination is not complete
  5  a response that breaks the contract of the API, or fewer records than Loxo counts
  6  Loxo refused the request, such as an unknown id or parameter; action: an outcome is "rejected"
  7  the result cannot be written
  8  action: an outcome is "unknown", which in a batch comes before "rejected"
"""

# Those of loxo_api.writing.actions, which is not imported for --help.
ACTIONS = (
    "create-candidate",
    "create-application",
    "add-attachment-to-candidate",
    "add-attachment-to-application",
    "move-application",
    "add-note-to-application",
    "get-candidate-attachments",
)
# Those of loxo_api.files.
FILE_STREAMS = (
    "person_resumes",
    "person_documents",
    "job_documents",
    "company_documents",
    "person_event_documents",
)
ACTION_EPILOG = """\
actions:
  {}

The result is one JSON object on stdout (of a batch, one a line) with "outcome": written, rejected, unknown, or read
for downloads. The input and the result of each action, and the exit codes: docs/loxoctl.md and loxoctl --help.
""".format("\n  ".join(ACTIONS))


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(exit_codes.USAGE, f"{self.prog}: {message}. See {self.prog} --help.\n")


def parser() -> Parser:
    formatter = argparse.RawDescriptionHelpFormatter
    found = Parser(prog="loxoctl", description="Any request to a Loxo account, recruiting actions, files, a doctor.",
                   epilog=EPILOG, formatter_class=formatter)  # fmt: skip
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_request(commands.add_parser("request", help="send one request, or read a whole list with --all"))
    _add_action(commands.add_parser("action", help="one of the seven recruiting actions, or a batch of one",
                                    epilog=ACTION_EPILOG, formatter_class=formatter))  # fmt: skip
    _add_files(commands.add_parser("files", help="download the files of people, jobs, companies and activities"))
    _add_doctor(commands.add_parser("doctor", help="examine how this account behaves; sends GET only"))
    return found


def _add_request(command: argparse.ArgumentParser) -> None:
    command.add_argument("method", metavar="METHOD", help="GET, POST, PUT, PATCH or DELETE")
    command.add_argument("path", metavar="PATH", help="the path below /api/{agency_slug}/, such as people/123")
    command.add_argument("--config", metavar="FILE", help="the connector's config file")
    command.add_argument("--param", action="append", default=[], metavar="K=V", help="a query parameter; may repeat")
    command.add_argument("--field", action="append", default=[], metavar="K=V",
                         help="a field of the form that is sent, such as person[name]=Ada")  # fmt: skip
    command.add_argument("--json", metavar="FILE", help="a JSON object (- for stdin), sent as bracketed form fields")
    command.add_argument("--file", action="append", default=[], metavar="K=@PATH", help="a file of a multipart form")
    command.add_argument("--all", action="store_true", help="all records of a list, one a line, proven by its count")
    command.add_argument("--out", metavar="FILE", help="write the response to this file instead of stdout")


def _add_action(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", choices=ACTIONS, help="the action")
    command.add_argument("--config", metavar="FILE", help="the connector's config file")
    command.add_argument("--field", action="append", default=[], metavar="K=V",
                         help="a field of the input, such as candidate.first_name=Ada; may repeat")  # fmt: skip
    command.add_argument("--json", metavar="FILE", help="the input as a JSON object (- for stdin)")
    command.add_argument("--batch", metavar="FILE", help="many inputs, one JSON object a line (- for stdin)")
    command.add_argument("--ledger", metavar="FILE",
                         help="the file of sent requests and outcomes, so that nothing is written twice")  # fmt: skip
    command.add_argument("--allow-messages", action="store_true", help="allow requests that send a person a message")
    command.add_argument("--stage-activity-type", action="append", default=[], metavar="STAGE=TYPE",
                         help="the activity type that moves to a stage, if names do not show it")  # fmt: skip


def _add_files(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", metavar="FILE", help="the connector's config file")
    command.add_argument("--to", metavar="DIR", required=True,
                         help="where they are put; a second run downloads what is new, changed or missing")  # fmt: skip
    command.add_argument("--since", metavar="TIME", help="leave out files that changed earlier")
    command.add_argument("--stream", action="append", choices=FILE_STREAMS, metavar="NAME",
                         help=f"only these: {', '.join(FILE_STREAMS)}; may repeat")  # fmt: skip


def _add_doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", metavar="FILE", help="the connector's config file")
    command.add_argument("--report", metavar="FILE", help="write the findings as JSON, and a summary beside it as .md")
    command.add_argument("--measure-rate", action="store_true",
                         help="also send a short burst that stops at the first 429")  # fmt: skip
    command.add_argument("--pace", type=float, default=4.0, metavar="N", help="requests a second at most (default: 4)")


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    from loxo_api.errors import LoxoError
    from loxoctl.paths import UsageError
    from loxoctl.request_command import OutputError, request

    try:
        if options.command == "request":
            return request(options)
        if options.command == "action":
            from loxoctl.action_command import action

            return action(options)
        if options.command == "files":
            from loxoctl.files_command import files

            return files(options)
        from loxoctl.doctor_command import doctor

        return doctor(options)
    except UsageError as error:
        return _failed(str(error), exit_codes.USAGE)
    except OutputError as error:
        return _failed(str(error), exit_codes.OUTPUT)
    except LoxoError as error:
        writes = options.command == "request" and options.method.upper() != "GET"
        return _failed(_message(error, writes), exit_codes.of(error))
    except BrokenPipeError:
        # The reader has gone; Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.OUTPUT
    except OSError as error:
        return _failed(f"the result cannot be written ({error.strerror}). Make room or name another file.",
                       exit_codes.OUTPUT)  # fmt: skip


def _failed(message: str, code: int) -> int:
    print(f"loxoctl: {message}", file=sys.stderr)
    return code


def _message(error: LoxoError, writes: bool) -> str:
    """The error's text. A refusal of a request that the user composed is not a defect of ours."""
    if exit_codes.of(error) == exit_codes.REFUSED and error.status != 404:
        reason = f": {error.words}" if error.words else ""
        return f"Loxo refused the request (status {error.status}){reason}. Correct the request."
    if writes and error.may_have_effect:
        return f"{error} Loxo may have carried it out all the same: check in Loxo before you send it again."
    return str(error)
