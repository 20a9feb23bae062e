"""Errors for requests without a usable response: what happened, why, what to do.

Texts of Loxo are quoted only after redaction, because a server can echo the API key.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
import urllib3

from loxo_api.config import Config
from loxo_api.errors import ErrorKind, LoxoError
from loxo_api.exact_json import is_object
from loxo_api.http_messages import Response
from loxo_api.rate_limiter import retry_after
from loxo_api.redaction import Redactor
from loxo_api.retry import RetryPolicy
from loxo_api.transport import NotSecure, is_unsent


class ErrorMessages:
    """Makes the errors of one account's client.

    Each method takes `name`, the stream or the request that failed.
    """

    def __init__(self, config: Config, policy: RetryPolicy) -> None:
        self._host = config.base_url.split("/")[2]
        self._agency_slug = config.agency_slug
        self._policy = policy
        self._redactor = Redactor(config.api_key)

    def no_response(self, name: str, error: Exception) -> LoxoError:
        """The error for a request without a complete response."""
        host, cause, retryable = self._host, self._redactor.text(str(error)), False
        kind = ErrorKind.CONFIG
        # A proxy's error holds the one of the connection to the proxy.
        if isinstance(getattr(error, "original_error", error), NotSecure):
            text = (
                f"no secure connection to {host}. Check the Loxo Domain; behind a company proxy, name the file with "
                "its certificate in the environment variable REQUESTS_CA_BUNDLE."
            )
        elif isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
            text = "this configuration does not form a valid request. Check the Loxo Domain and the API Key."
        elif isinstance(error, urllib3.exceptions.NameResolutionError):
            text, retryable = f"the host name {host} cannot be resolved. Check the Loxo Domain.", True
        else:
            kind, retryable = ErrorKind.TRANSIENT, True
            text = f"no complete response from {host}. {self._later('the Loxo Domain')}"
        return LoxoError(
            f"{name}: {text} ({cause})", kind, retryable=retryable, may_have_effect=retryable and not is_unsent(error)
        )

    def refused(self, name: str, path: str, response: Response) -> LoxoError:
        """The error for a status other than 200. A status that no source documents counts as our defect."""
        status, retryable, kind = response.status_code, False, ErrorKind.CONFIG
        again = "Try again" if self._policy.is_interactive else "Sync again"
        if status == 429:
            pause = retry_after(response) or 0
            kind, retryable = ErrorKind.TRANSIENT, pause <= self._policy.max_pause
            text = f"Loxo throttles this account{'' if retryable else f' for {pause:.0f} seconds'}. {again} later."
        elif status >= 500 or status == 408:
            kind, retryable = ErrorKind.TRANSIENT, True
            text = f"Loxo returned a server error. {again} later."
        elif 300 <= status < 400:
            target = self._redactor.text(urlsplit(response.headers.get("Location", "")).hostname or "another address")
            text = f"{self._host} redirects to {target}, which is not followed. Enter the final host as Loxo Domain."
        elif status == 401:
            text = "Loxo does not accept the API key. Make a new one in Settings > API Keys and paste it."
        elif status == 403:
            text = (
                f"the API key has no permission for '{path}'. Ask an account admin to allow it and check that your "
                f"Loxo plan has API access{'.' if self._policy.is_interactive else ', or deselect this stream.'}"
            )
        elif status == 413:
            kind, text = ErrorKind.SYSTEM, "the request is larger than the server accepts. Shorten the record."
        elif status == 404 and not is_object(response.body):
            # Loxo's own 404 is a JSON object (Ampersand, loxo-cli); anything else comes from a proxy in between.
            kind, retryable = ErrorKind.CONFIG if self._policy.is_interactive else ErrorKind.TRANSIENT, True
            text = (
                f"{self._host} returned a web page instead of data, so the response is not from Loxo's API. "
                f"{self._later('the Loxo Domain and the Agency Slug')}"
            )
        elif status == 404:
            text = f"Loxo has no '{path}' for the agency '{self._agency_slug}' at {self._host}. "
            text += "Check the Agency Slug and the Loxo Domain."
            if not self._policy.is_interactive:
                text += " If other streams work, your Loxo plan lacks this object: deselect the stream."
        else:
            kind = ErrorKind.SYSTEM
            text = "Loxo refused the request. Please report this as a defect of the connector."
        words = self._redactor.words(response.body)
        quote = f", Loxo's message: {words}" if words else ""
        # "See other" is how a server may answer what it has carried out.
        effect = status in (302, 303) or (retryable and status not in (404, 429))
        return LoxoError(f"{name}: {text} (status {status}{quote})", kind, status, retryable, effect, words)

    def unreadable(self, name: str, response: Response, error: Exception) -> LoxoError:
        """The error for a body that does not have the documented shape."""
        if "html" in response.headers.get("Content-Type", "").lower():
            text = (
                f"{self._host} returned a web page instead of data. Check the Loxo Domain; if it is correct, a "
                "proxy or a maintenance page sent the response."
            )
        else:
            # A record may have a `message` of its own, which is personal data.
            words = self._redactor.words(response.body, ("errors", "error"))
            quote = f" (Loxo's message: {words})" if words else ""
            text = (
                f"Loxo returned an unreadable response: {error}{quote}. No record is skipped. Report this if it "
                "persists."
            )
        return LoxoError(f"{name}: {text}", ErrorKind.SYSTEM, 200, retryable=True, may_have_effect=True)

    def too_large(self, name: str, error: Exception) -> LoxoError:
        """The error for a body above the size limit."""
        text = f"Loxo returned an unreadable response: {error}. No record is skipped. Report this if it persists."
        return LoxoError(f"{name}: {text}", ErrorKind.SYSTEM, 200, may_have_effect=True)

    def file_too_large(self, name: str, limit: int) -> LoxoError:
        """The error for a file above the size limit, which stays as it is."""
        text = f"the file is larger than {limit / 1e9} GB, the most that is transferred. Fetch it from Loxo by hand."
        return LoxoError(f"{name}: {text}", ErrorKind.CONFIG, 200)

    def _later(self, fields: str) -> str:
        """The remedy for an error that is transient, or due to these fields."""
        if self._policy.is_interactive:
            return f"Check {fields}. If they are correct, try again later."
        return f"Sync again later. If this is the first sync, check {fields}."
