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


class CompiledReadsMiddleware:
    """Answers the reads that are asked for most; all else goes on to its view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or not request.path_info.startswith("/api/v1/"):
            return self.get_response(request)
        keys = _KEY.findall(request.path_info)
        read = compiled_reads().get((_KEY.sub("*", request.path_info), len(keys)))
        try:
            answer = read and read.answer(request, keys)
        except Exception as error:
            refusal = unavailable(request, error)
            if refusal is None:
                raise
            return refusal
        return answer or self.get_response(request)
