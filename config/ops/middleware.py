"""A name for every request."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from common.exception_handler import is_unavailable, log_unavailable
from config.ops.logs import current_request_id
from config.studio.pages import page_or_plain

_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def named(given: str) -> str:
    """The name that a client gives its request; one of our own where it gives none."""
    return given if _GIVEN.fullmatch(given) else uuid4().hex


class RequestIdMiddleware:
    """Keeps the client's `X-Request-ID` or makes one; it stands in errors, logs and the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = named(request.headers.get("X-Request-ID", ""))  # type: ignore[attr-defined]
        token = current_request_id.set(request.request_id)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(token)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


def unavailable(request: HttpRequest, exception: BaseException | None) -> HttpResponse | None:
    """503 where the database could not serve; None where it is something else."""
    if not isinstance(exception, Exception) or not is_unavailable(exception):
        return None
    log_unavailable(exception)
    response = page_or_plain(request, 503)
    response["Retry-After"] = "1"
    return response


class UnavailableMiddleware:
    """Answers 503 where the database could not serve a view outside the API: a log-in, the studio."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return unavailable(request, exception)
