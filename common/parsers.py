"""JSON in: one reading of a body, the same for every client and both databases."""

import json
import re
from typing import Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser

MAX_BYTES = 2**20
MAX_DEPTH = 20
MAX_KEYS = 2_000
MAX_64_BIT = 2**63 - 1
MIN_64_BIT = -(2**63)


class TooLarge(APIException):
    """The body is longer than the address takes."""

    status_code = 413
    default_code = "too_large"
    default_detail = "The request body is too large."


def refuse_unreadable(request: Any, limit: int) -> None:
    """Refuse a body by its headers alone: one that says it is too long, or that is compressed."""
    # Before a byte is read: what is only announced would be waited for.
    if _announced(request) > limit:
        raise TooLarge
    if request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in {"", "identity"}:
        raise ParseError("Send the body as it is, without a Content-Encoding.")


def _announced(request: Any) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if str(length).isdecimal() else 0


class StrictNegotiation(DefaultContentNegotiation):
    """REST framework's choice of parser and renderer, except that a body is of one type."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        # In Accept a star asks for any type; a body that claims to be of any type is of none.
        return None if "*" in request.content_type else super().select_parser(request, parsers)


class StrictJSONParser(BaseParser):
    """UTF-8 JSON whose meaning is beyond doubt; sizes in bytes on the wire.

    Refuses with 400 `parse_error`: other encodings, compression, duplicate keys, more than 2,000 keys in
    one object, NaN and Infinity, numbers beyond 64 bits, NUL, lone surrogates, more than 20 levels. Refuses
    with 413 what is longer than the view's `max_body_bytes` (1 MiB unless it says otherwise).
    """

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        context = parser_context or {}
        limit = getattr(context.get("view"), "max_body_bytes", MAX_BYTES)
        if "request" in context:
            refuse_unreadable(context["request"], limit)
        # One byte more than allowed shows that there is more, without reading the rest.
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge
        if not body:
            return {}
        try:
            data = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_object,
                parse_constant=_no_constant,
                parse_float=_number,
            )
            _check(data)
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(_reason(error)) from None
        return data


class _Refused(ValueError):
    """A value that JSON allows and Lyceum does not."""


def _reason(error: ValueError) -> str:
    # Python's own messages quote the input.
    return str(error) if isinstance(error, _Refused) else "The body is not valid JSON in UTF-8."


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_KEYS:
        raise _Refused("An object has too many keys.")
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Refused("The body repeats a key.")
    return made


def _no_constant(name: str) -> None:
    raise _Refused("NaN and Infinity are not numbers here.")


def _number(digits: str) -> float | int:
    value = float(digits)
    _check_number(value)
    # From 10^16 on Python writes an exponent and PostgreSQL all the digits: one form for both. Nor does
    # PostgreSQL keep the sign of zero.
    return int(value) if abs(value) >= 1e16 else value + 0.0


def _check(data: Any) -> None:
    """Walk the whole body, level by level: depth, numbers, and text that a database cannot keep."""
    level, depth = [data], 0
    while level:
        depth += 1
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, dict | list):
                if depth > MAX_DEPTH:
                    raise _Refused("The body is nested too deeply.")
                if isinstance(value, dict):
                    for key in value:
                        _check_text(key)
                    below.extend(value.values())
                else:
                    below.extend(value)
            elif isinstance(value, int):
                _check_number(value)
        level = below


def _check_number(value: float) -> None:
    if not MIN_64_BIT <= value <= MAX_64_BIT:
        raise _Refused("A number is too large.")


# NUL, which PostgreSQL cannot keep, and halves of characters, which are no text in UTF-8.
_NOT_TO_BE_KEPT = re.compile("[\0\ud800-\udfff]")


def _check_text(text: str) -> None:
    if found := _NOT_TO_BE_KEPT.search(text):
        what = "a NUL character" if found[0] == "\0" else "half a character"
        raise _Refused(f"A text holds {what}.")
