"""Files on their way out: attachments that no browser opens by itself, whole or in part."""

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, http_date, parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from common.exception_handler import plain
from common.parsers import StrictNegotiation

_BLOCK = 64 * 2**10
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))", re.ASCII)


def documented_download(media_types: Iterable[str]) -> dict[str, Any]:
    """What the OpenAPI document says of an address that answers with `attachment`."""
    whole = OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
    part = OpenApiResponse(OpenApiTypes.BINARY, description="The range; `Content-Range` says which.")
    behind = OpenApiResponse(
        OpenApiTypes.OBJECT, description="The range begins behind the end; `Content-Range` has the length."
    )
    return {
        "parameters": [
            _header("Range", "One range, as `bytes=0-1023`; with several the whole file comes."),
            _header("If-Range", "The ETag or Last-Modified of the file that the range is of."),
            _header("If-None-Match", "ETags of files that are there already."),
        ],
        "responses": {
            **{(200, media_type): whole for media_type in media_types},
            **{(206, media_type): part for media_type in media_types},
            304: OpenApiResponse(description="One of those in `If-None-Match`."),
            (416, "application/json"): behind,
        },
    }


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


class AnyType(StrictNegotiation):
    """Answers whatever type is accepted: a file has the one that it has. Refusals are in JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class _Unsatisfiable(Exception):
    """The range lies behind the end."""


def _range(header: str, size: int) -> tuple[int, int] | None:
    """The first byte of a range and the one behind its last; None where the whole is to be sent.

    That is also the answer to several ranges, which RFC 9110 allows: a client that gets them in parts must be
    able to read the whole, while overlapping ones would be a way to have much sent for little.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last, length = found.groups()
    if length is not None:
        begin, end = max(size - int(length), 0), size
    else:
        begin, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < begin:
            return None
    if begin >= end:
        raise _Unsatisfiable
    return begin, end


class _Bytes:
    """The bytes of a file from one place on, so many of them, block by block.

    Holds a descriptor of its own, and gives it back also where nobody has read the answer to its end.
    """

    def __init__(self, file: BinaryIO, begin: int, length: int):
        self.descriptor: int | None = os.dup(file.fileno())
        self.left = length
        os.lseek(self.descriptor, begin, os.SEEK_SET)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = os.read(self.descriptor, min(_BLOCK, self.left)) if self.descriptor is not None else b""
        if not block:
            raise StopIteration
        self.left -= len(block)
        return block

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    __del__ = close


def attachment(
    request: HttpRequest, file: BinaryIO, *, name: str, media_type: str, etag: str
) -> HttpResponseBase:
    """A file as it lies on the disk, to be saved under `name`; `etag` stands for these bytes alone."""
    status = os.fstat(file.fileno())
    size, etag = status.st_size, f'"{etag}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name),
        # Should a browser open it all the same, it is nobody's page and does nothing.
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "ETag": etag,
        "Last-Modified": http_date(status.st_mtime),
        "X-Content-Type-Options": "nosniff",
    }
    if _is_known(request, etag):
        return HttpResponse(status=304, headers=headers)
    part = None
    if request.headers.get("If-Range", etag) in (etag, headers["Last-Modified"]):
        try:
            # A range is a part of what a GET asks for; HEAD describes the whole.
            asked = request.headers.get("Range", "") if request.method == "GET" else ""
            part = _range(asked, size)
        except _Unsatisfiable:
            refusal = plain(request, 416)
            refusal["Content-Range"] = f"bytes */{size}"
            return refusal
    begin, end = part or (0, size)
    headers["Content-Length"] = str(end - begin)
    if part:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    code = 206 if part else 200
    if request.method == "HEAD":
        return HttpResponse(status=code, headers=headers, content_type=media_type)
    sent = _Bytes(file, begin, end - begin)
    return StreamingHttpResponse(sent, status=code, headers=headers, content_type=media_type)


def _is_known(request: HttpRequest, etag: str) -> bool:
    """Whether the client has these bytes already; a weak tag of them will do."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in {tag.removeprefix("W/") for tag in known}
