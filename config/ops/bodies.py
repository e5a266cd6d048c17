"""Bodies of requests as Django can read them, and of answers as the server sends them fastest."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

from common.parsers import MAX_FORM

# One byte more than any address takes shows that there is more.
MAX_STREAMED = 10 * 2**20 + 1


def with_known_length(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Give a body that was sent in chunks its length: Django takes one without for empty.

    A form with files is not read here but by its parser, piece by piece: it gets the greatest length there is
    and ends where it ends.
    """

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING") and not environ.get("CONTENT_LENGTH"):
            if environ.get("CONTENT_TYPE", "").lower().startswith("multipart/form-data"):
                environ["CONTENT_LENGTH"] = str(MAX_FORM)
            else:
                stream = environ["wsgi.input"]
                body = stream.read(MAX_STREAMED)
                # Of what was cut off the parsers are to know; not every server says so.
                length = len(body) + getattr(getattr(stream, "raw", None), "is_cut_off", False)
                environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(length)
            del environ["HTTP_TRANSFER_ENCODING"]
        return app(environ, start_response)

    return serve


def with_readable_type(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Take a type that cannot be read for none: Django fails over it before there is a request to refuse."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        except (ValueError, LookupError):
            environ["CONTENT_TYPE"] = ""
        return app(environ, start_response)

    return serve


def with_whole_answers(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Give the server an answer that is there as a list, which it sends at once; any other it streams."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Any = app(environ, start_response)
        if getattr(answer, "streaming", True):
            return answer
        try:
            return list(answer)
        finally:
            answer.close()

    return serve
