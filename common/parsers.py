"""Bodies in, as JSON or as a form: one reading, the same for every client and both databases."""

import json
import re
from typing import Any

from django.utils.http import parse_header_parameters
from multipart import MultipartError, MultipartSegment, PushMultipartParser
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser, DataAndFiles

from common.uploads import Upload

MAX_BYTES = 2**20
MAX_DEPTH = 20
MAX_KEYS = 2_000
MAX_64_BIT = 2**63 - 1
MIN_64_BIT = -(2**63)
# Of the files in a form, their own bytes.
MAX_FILE_BYTES = 25 * 2**20
# What the form adds to them: texts, names, boundaries.
MAX_WRAPPING = 64 * 2**10
MAX_FORM = MAX_FILE_BYTES + MAX_WRAPPING
MAX_PARTS = 20


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


def refuse_cut_off(request: Any, body: bytes) -> None:
    """Refuse a body that ended before its length: what its sender meant to say is not known."""
    if len(body) < _announced(request):
        raise ParseError("The body ended before its length.")


def _announced(request: Any) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if str(length).isdecimal() else 0


class StrictNegotiation(DefaultContentNegotiation):
    """REST framework's choice of parser and renderer, except that a body is of one type."""

    def get_accept_list(self, request: Any) -> list[str]:
        # A header that names nothing excludes nothing.
        return [kind for kind in super().get_accept_list(request) if kind] or ["*/*"]

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
        if "request" in context:
            refuse_cut_off(context["request"], body)
        if not body:
            return {}
        try:
            data = _STRICT.decode(body.decode("utf-8"))
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


# Made once: `json.loads` would make one for each body.
_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_number)


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


class StrictMultipartParser(BaseParser):
    """A form with files, which go to the disk as they come in; each part once, all texts in UTF-8.

    Refuses with 400 `parse_error`: what is not whole or not well-formed, compression, repeated parts, more
    than 20 of them, parts that are encoded once more, NUL. Refuses with 413 files of more than 25 MB
    together, and more than 64 kB beside them.
    """

    media_type = "multipart/form-data"

    def parse(self, stream, media_type=None, parser_context=None) -> DataAndFiles:
        context = parser_context or {}
        form = _Form()
        refuse_unreadable(context["request"], MAX_FORM)
        try:
            form.read(stream, _boundary(media_type or ""))
        except BaseException as error:
            form.close()
            if isinstance(error, _Refused):
                raise ParseError(str(error)) from None
            if isinstance(error, MultipartError | UnicodeDecodeError):
                # The reader's own messages quote the input.
                raise ParseError("The body is not a valid form in UTF-8.") from None
            raise
        return DataAndFiles(form.texts, form.files)


class _Files(dict[str, Upload]):
    """The files of a form by their parts; Django closes them at the end of the request."""

    def lists(self) -> list[tuple[str, list[Upload]]]:
        return [(name, [file]) for name, file in self.items()]


_BOUNDARY = re.compile("[ -~]{0,69}[!-~]")


def _boundary(media_type: str) -> str:
    _, parameters = parse_header_parameters(media_type)
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise _Refused("The form has no boundary, or one that is none.")
    return boundary


class _Form:
    """A form as it comes in: what has been read of it, against its limits."""

    def __init__(self):
        self.texts: dict[str, str] = {}
        self.files = _Files()
        self.file_bytes = self.all_bytes = 0
        self._name = ""
        self._text = bytearray()
        self._file: Upload | None = None

    def read(self, stream: Any, boundary: str) -> None:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as reader:
            while chunk := stream.read(MAX_WRAPPING):
                self.all_bytes += len(chunk)
                for event in reader.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        self._begin(event)
                    elif event is None:
                        self._end()
                    else:
                        self._take(event)
                # The last few bytes may be a file's, which shows when more has come.
                self._check_wrapping(MAX_WRAPPING + 2**10)
        self._check_wrapping(MAX_WRAPPING)

    def close(self) -> None:
        for file in self.files.values():
            file.close()

    def _check_wrapping(self, most: int) -> None:
        if self.all_bytes - self.file_bytes > most:
            raise TooLarge

    def _begin(self, part: MultipartSegment) -> None:
        names = [name for name, _ in part.headerlist]
        if len(set(names)) != len(names):
            raise _Refused("A part repeats a header.")
        if part.header("Content-Transfer-Encoding", "binary").lower() not in {"7bit", "8bit", "binary"}:
            raise _Refused("A part is encoded once more.")
        self._name, file_name = part.name or "", _file_name(part)
        if not self._name:
            raise _Refused("A part has no name.")
        if self._name in self.texts or self._name in self.files:
            raise _Refused("The body repeats a part.")
        _check_text(self._name)
        if file_name is None:
            if (part.charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
                raise _Refused("A text is not in UTF-8.")
            self._text, self._file = bytearray(), None
            self.texts[self._name] = ""
        else:
            _check_text(file_name)
            self._file = self.files[self._name] = Upload(file_name)

    def _take(self, data: bytes | bytearray) -> None:
        if self._file is None:
            self._text += data
            return
        self.file_bytes += len(data)
        if self.file_bytes > MAX_FILE_BYTES:
            raise TooLarge
        self._file.write(data)

    def _end(self) -> None:
        if self._file is None:
            text = self._text.decode()
            _check_text(text)
            self.texts[self._name] = text
        else:
            self._file.size = self._file.tell()
            # A full disk speaks up here at the latest.
            self._file.flush()


def _file_name(part: MultipartSegment) -> str | None:
    """The name of a part's file, None where it is a text; as `filename*` too, which older clients send."""
    if part.filename is not None:
        return part.filename
    try:
        _, parameters = parse_header_parameters(part["Content-Disposition"])
    except (LookupError, ValueError):
        raise _Refused("The name of a file cannot be read.") from None
    name = parameters.get("filename")
    if name is not None and "\N{REPLACEMENT CHARACTER}" in name:
        raise _Refused("The name of a file cannot be read.")
    return name
