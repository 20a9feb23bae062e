"""The connection configuration, validated: base URL, agency slug, API key and optional start date."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pendulum

from loxo_api.errors import ConfigError

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# A top-level domain never starts with a digit, so dotted IP addresses do not match.
_HOST = re.compile(rf"(?:https?://)?((?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?)/?", re.IGNORECASE)
# Only a sandbox on the user's own machine may use plain http and a port.
_LOOPBACK = re.compile(r"(http://(?:localhost|127\.0\.0\.1|\[::1\]):[0-9]{1,5})/?", re.IGNORECASE)
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REQUIRED = {"domain": "Loxo Domain", "agency_slug": "Agency Slug", "api_key": "API Key"}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")


@dataclass(frozen=True)
class Config:
    """A valid connection. `base_url` ends with the agency slug, without a trailing slash."""

    base_url: str
    agency_slug: str
    api_key: str = field(repr=False)
    start_date: pendulum.DateTime | None = None

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Config:
        """Validates the values of the connection form.

        :raises ConfigError: a value is missing or malformed; the message names the field and the remedy.
        """
        missing = [f"{title} ({name})" for name, title in _REQUIRED.items() if values.get(name) in (None, "")]
        if missing:
            raise ConfigError(f"The configuration lacks {', '.join(missing)}. Fill in the missing fields.")
        origin = _origin(_text(values, "domain"))
        slug = _text(values, "agency_slug")
        if not _SLUG.fullmatch(slug):
            # Values are not quoted, because people paste passwords and keys into the wrong field.
            raise ConfigError(
                "Agency Slug: the value is not a slug. In Loxo, open Settings > General > Agency Info and take the "
                "part of the Resume Forwarding Address before the @."
            )
        key = _text(values, "api_key")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigError(
                "API Key: the key contains a space, a line break or a character that keys do not have. Copy it again "
                "from Loxo, Settings > API Keys."
            )
        return cls(
            base_url=f"{origin}/api/{slug}",
            agency_slug=slug,
            api_key=key,
            start_date=_start_date(values.get("start_date")),
        )


def read_json(path: str, name: str, remedy: str) -> Any:
    """The content of a JSON file that the command line names. It is read once, because it can be a pipe.

    :param name: what the file is, which is also the name of its option.
    :raises ConfigError: it cannot be read. Its content is not quoted, because a config holds the key.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise wrong_file(path, name, f"does not exist. Check the path that --{name} gives.") from None
    except OSError as error:
        raise wrong_file(path, name, f"cannot be opened: {error.strerror}.") from None
    except ValueError:
        raise wrong_file(path, name, f"is not UTF-8 text. {remedy}") from None
    if not text.strip():
        raise wrong_file(path, name, f"is empty. {remedy}")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise wrong_file(path, name, f"is not JSON: {place}. {remedy}") from None
    except (ValueError, RecursionError):
        raise wrong_file(path, name, f"is not usable JSON. {remedy}") from None


def read_config(path: str) -> dict[str, Any]:
    """The values of a config file.

    :raises ConfigError: it cannot be read, or is not an object.
    """
    remedy = "Write the fields of the form into it, as the documentation shows."
    content = read_json(path, "config", remedy)
    if not isinstance(content, dict):
        raise wrong_file(path, "config", f"is not a JSON object. {remedy}")
    return content


def wrong_file(path: str, name: str, text: str) -> ConfigError:
    return ConfigError(f"The {name} file {path} {text}")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{_REQUIRED[name]}: the field '{name}' is empty or not text. Fill it in.")
    return value.strip()


def _origin(domain: str) -> str:
    """The scheme and host of a typed or pasted domain."""
    if loopback := _LOOPBACK.fullmatch(domain):
        if int(loopback[1].rsplit(":", 1)[1]) <= 65535:
            return loopback[1].lower()
    elif host := _HOST.fullmatch(domain):
        return f"https://{host[1].lower()}"
    raise ConfigError(
        "Loxo Domain: type only the host name that your browser shows when you use Loxo, for example app.loxo.co or "
        "acme.app.loxo.co: no path, port, user name or IP address. (Plain http with a port is for a sandbox on your "
        "own machine only, such as http://127.0.0.1:8080.)"
    )


def _start_date(value: Any) -> pendulum.DateTime | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            parsed = pendulum.parse(value.strip(), tz="UTC")
        except ValueError:
            parsed = None
        if isinstance(parsed, pendulum.DateTime):
            if parsed > pendulum.now("UTC"):
                raise ConfigError(
                    f"Start Date: {value.strip()} is in the future (UTC), so nothing would be synced. Enter a date in "
                    "the past, or leave the field empty to sync everything."
                )
            return parsed
    raise ConfigError("Start Date: enter it as YYYY-MM-DDTHH:MM:SSZ, for example 2024-01-01T00:00:00Z.")
