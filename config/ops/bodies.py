"""Request bodies that come without a length."""

import io
from collections.abc import Callable, Iterable
from typing import Any

# One byte more than any address takes shows that there is more.
MAX_STREAMED = 10 * 2**20 + 1


def with_known_length(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Give a body that was sent in chunks its length: Django takes one without for empty."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING") and not environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(MAX_STREAMED)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
            del environ["HTTP_TRANSFER_ENCODING"]
        return app(environ, start_response)

    return serve
