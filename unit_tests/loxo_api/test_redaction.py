"""The key is never quoted, in any form in which a server echoes it."""

import base64
import json
import string

from hypothesis import given
from hypothesis import strategies as st

from loxo_api.redaction import HIDDEN, Redactor

KEYS = st.text("".join(chr(code) for code in range(33, 127)), min_size=8, max_size=60).filter(
    lambda key: sum(letter in string.ascii_letters + string.digits for letter in key) >= 8
)
FORMS = {
    "as it is": lambda key: key,
    "upper case": str.upper,
    "lower case": str.lower,
    "other case": str.swapcase,
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON in JSON": lambda key: json.dumps(json.dumps(key)),
    "JSON, every character": lambda key: "".join(f"\\u{ord(each):04x}" for each in key),
    "JSON, every character, upper": lambda key: "".join(f"\\u{ord(each):04X}" for each in key),
    "HTML, decimal": lambda key: "".join(f"&#{ord(each)};" for each in key),
    "HTML, hexadecimal": lambda key: "".join(f"&#x{ord(each):X};" for each in key),
    "HTML, named": lambda key: key.replace("&", "&amp;").replace("<", "&lt;").replace("-", "&hyphen;"),
    "percent": lambda key: "".join(f"%{ord(each):02x}" for each in key),
    "percent, upper": lambda key: "".join(f"%{ord(each):02X}" for each in key),
    "percent twice": lambda key: "".join(f"%25{ord(each):02x}" for each in key),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64, no padding": lambda key: base64.b64encode(key.encode()).decode().rstrip("="),
    "base64, for addresses": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 twice": lambda key: base64.b64encode(base64.b64encode(key.encode())).decode(),
    "base32": lambda key: base64.b32encode(key.encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "hexadecimal list": lambda key: ", ".join(f"0x{ord(each):02x}" for each in key),
    "decimal list": lambda key: "[" + ", ".join(str(ord(each)) for each in key) + "]",
    "octal escapes": lambda key: "".join(f"\\{ord(each):03o}" for each in key),
    "reversed": lambda key: key[::-1],
    "full width": lambda key: "".join(chr(ord(each) + 0xFEE0) for each in key),
    "blanks": lambda key: " ".join(key),
    "lines": lambda key: "\r\n\t".join(key[place : place + 4] for place in range(0, len(key), 4)),
}


@given(KEYS, st.sampled_from(sorted(FORMS)), st.text(max_size=20), st.text(max_size=20))
def test_a_text_that_shows_the_key_is_not_quoted(key: str, form: str, before: str, after: str) -> None:
    assert Redactor(key).text(f"{before} {FORMS[form](key)} {after}") == HIDDEN


@given(KEYS, st.binary(max_size=10), st.binary(max_size=10))
def test_the_key_within_base64_is_not_quoted(key: str, before: bytes, after: bytes) -> None:
    encoded = base64.b64encode(before + key.encode() + after).decode()
    assert Redactor(key).text(f"Basic {encoded}") == HIDDEN
    assert Redactor(key).text("\n".join(encoded[place : place + 5] for place in range(0, len(encoded), 5))) == HIDDEN


@given(st.text(string.ascii_letters + string.digits, min_size=16, max_size=60), st.floats(0, 1))
def test_half_a_key_is_not_quoted(key: str, place: float) -> None:
    start = round(place * len(key) / 2)
    half = key[start : start + len(key) // 2]
    assert Redactor(key).text(f"it is {half}...") == HIDDEN


@given(st.from_regex(r"[0-9a-f]{32,64}", fullmatch=True))
def test_a_text_without_the_key_is_quoted(key: str) -> None:
    words = "Invalid parameters: [:per_page] for Agency Acme & Sons, 100 % of them"
    assert Redactor(key).words(json.dumps({"errors": [words]}).encode()) == words


@given(KEYS, st.sampled_from(sorted(FORMS)))
def test_a_body_that_shows_the_key_anywhere_is_not_quoted(key: str, form: str) -> None:
    body = json.dumps({"error": "Forbidden", "sent": FORMS[form](key)}).encode()
    assert Redactor(key).words(body) == HIDDEN


def test_only_short_texts_of_an_error_are_quoted() -> None:
    words = Redactor("sandbox-key").words
    assert words(b'{"errors": {"email": ["is invalid"]}, "people": [{"name": "Somebody"}]}') == "email is invalid"
    assert words(b'{"status": 404, "error": "Not Found"}') == "Not Found"
    assert words(b"<html>Somebody</html>") == words(b'["Somebody"]') == words(b"") == ""
    assert len(words(json.dumps({"message": "x" * 5000}).encode())) == 300
