"""Where compiled reads are answered: ahead of Django."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, get_resolver

from common.reads import Answer, Read
from common.statements import compiled_once
from common.views import ApiViewSet
from config.ops.middleware import named, unavailable

# As in an address, and as a route has it.
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HOLE = re.compile(r"<uuid:(\w+)>")


@compiled_once
def compiled_reads() -> dict[tuple[str, int], Read]:
    """Each read that is to be compiled, by its address with `*` for each key, and the number of keys."""
    found = {}
    todo: list[tuple[Any, str]] = [(get_resolver(), "")]
    while todo:
        pattern, route = todo.pop()
        route += str(pattern.pattern).removeprefix("^")
        if not isinstance(pattern, URLPattern):
            todo += [(inner, route) for inner in pattern.url_patterns]
            continue
        callback: Any = pattern.callback
        view = getattr(callback, "cls", None)
        if view is not None and issubclass(view, ApiViewSet):
            action = callback.actions.get("get")
            if action in view.compiled:
                read = Read(view, dict(callback.actions), tuple(_HOLE.findall(route)))
                # Their number, because somebody may well send a star.
                found[_HOLE.sub("*", route.replace("^/", "/")), len(read.keys)] = read
    return found


# What a refusal, and the headers that Django's middleware puts on an answer, depend on.
DECISIVE = (
    *("HTTP_HOST", "HTTP_ORIGIN", "HTTP_TRANSFER_ENCODING", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
    *("HTTP_X_FORWARDED_PROTO", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme"),
)
MOST_KINDS = 500  # that are remembered; a host name may be anything
# In the environment of a request: what was answered, or the exception that came instead.
ANSWERED = "lyceum.answered"

Headers = list[tuple[str, str]]


class CompiledReads:
    """A WSGI application that answers the reads asked for most, in front of Django's for all else.

    The first answer of each kind is sent through Django's middleware; the headers that it comes back with are
    those of all answers like it.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]):
        self.application = application
        self.learned: dict[tuple[Any, ...], tuple[str, Headers]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "GET" or not path.startswith("/api/v1/"):
            return self.application(environ, start_response)
        keys = _KEY.findall(path)
        read = compiled_reads().get((_KEY.sub("*", path), len(keys)))
        if read is None:
            return self.application(environ, start_response)
        was_open = connection.connection is not None
        try:
            answer = read.answer(environ, keys)
        except Exception as failure:
            self.leave()
            if not was_open or connection.connection is not None:
                environ[ANSWERED] = failure
            # Else the server had hung up on a connection that was kept: Django tries another.
            return self.application(environ, start_response)
        self.leave()
        if answer is None:
            return self.application(environ, start_response)
        kind = (answer.status, *map(environ.get, DECISIVE))
        if kind not in self.learned:
            environ[ANSWERED] = answer
            return self.application(environ, self._learning(kind, answer, start_response))
        status, headers = self.learned[kind]
        name = named(environ.get("HTTP_X_REQUEST_ID", ""))
        length = str(len(answer.body))
        own = (*answer.headers.items(), ("Content-Length", length), ("X-Request-ID", name))
        start_response(status, [*own, *headers])
        return [answer.body]

    def leave(self) -> None:
        """Give the connection back, as Django does at the end of a request."""
        close_old_connections()

    def _learning(self, kind: tuple[Any, ...], answer: Answer, start_response: Any) -> Any:
        def start(status: str, headers: Headers, *more: Any) -> Any:
            if status.startswith(str(answer.status)):
                if len(self.learned) >= MOST_KINDS:
                    self.learned.clear()
                own = answer.headers.keys() | {"Content-Length", "X-Request-ID"}
                self.learned[kind] = status, [header for header in headers if header[0] not in own]
            return start_response(status, headers, *more)

        return start


def response_of(status: int, headers: dict[str, str], body: bytes) -> HttpResponse:
    """An answer as Django has it; where it names no type, Django would."""
    response = HttpResponse(body, status=status, headers=headers)
    if "Content-Type" not in headers:
        del response["Content-Type"]
    return response


class AnsweredMiddleware:
    """Where a request turns back that has been answered, or has failed, ahead of Django."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answered: Answer | Exception | None = request.META.get(ANSWERED)
        if answered is None:
            return self.get_response(request)
        if isinstance(answered, Exception):
            refusal = unavailable(request, answered)
            if refusal is None:
                raise answered
            return refusal
        request.user = answered.reader  # type: ignore[assignment]
        return response_of(answered.status, answered.headers, answered.body)
