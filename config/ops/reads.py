"""Where compiled reads are answered: ahead of all that they do without."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, get_resolver

from common.reads import Read
from common.views import ApiViewSet
from config.ops.middleware import unavailable

# As in an address, and as a route has it.
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HOLE = re.compile(r"<uuid:(\w+)>")


@cache
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


# What the headers of an answer depend on, beside its status.
_DECISIVE = (
    *("HTTP_HOST", "HTTP_ORIGIN", "HTTP_TRANSFER_ENCODING", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
    *("HTTP_X_FORWARDED_PROTO", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme"),
)
LEARNED = 500  # kinds of answers; a host name may be anything


class CompiledReadsMiddleware:
    """Answers the reads that are asked for most; all else goes on to its view.

    Its place is ahead of what costs much and asks little. The first answer of each kind still goes through
    it, to the middleware below; the headers that it comes back with are those of all like it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response
        self.learned: dict[tuple[Any, ...], dict[str, str]] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or not request.path_info.startswith("/api/v1/"):
            return self.get_response(request)
        keys = _KEY.findall(request.path_info)
        read = compiled_reads().get((_KEY.sub("*", request.path_info), len(keys)))
        try:
            answer = read and read.answer(request, keys)
        except Exception as error:
            answer = unavailable(request, error)
            if answer is None:
                raise
        if not answer:
            return self.get_response(request)
        kind = (answer.status_code, *map(request.META.get, _DECISIVE))
        headers = self.learned.get(kind)
        if headers is None:
            return self._learn(kind, request, answer)
        answer.headers._store.update(headers)  # type: ignore[attr-defined]
        return answer

    def _learn(self, kind: tuple[Any, ...], request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        own = {name.lower() for name in answer.headers}
        request.answer = answer  # type: ignore[attr-defined]
        response = self.get_response(request)
        if response is answer:
            if len(self.learned) == LEARNED:
                self.learned.clear()
            self.learned[kind] = {name: kept for name, kept in answer.headers._store.items() if name not in own}
        return response


class AnsweredMiddleware:
    """Where a request turns back that has been answered already."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return getattr(request, "answer", None) or self.get_response(request)
