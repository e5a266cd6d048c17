"""What HTTP and Django leave open, closed alike for every address."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse

from common.exception_handler import plain
from config.studio.pages import page_or_plain

PAGE_METHODS = ("GET", "HEAD", "POST")
# What a refusal says beside its body.
KEPT = {"Allow", "Content-Range", "Retry-After", "WWW-Authenticate"}


class EdgeMiddleware:
    """Refuses what is said in two ways, and gives every refusal that says nothing its words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_TRANSFER_ENCODING" in request.META:
            # Beside a length: who stands in between may have read another body than we would.
            return plain(request, 400, "Say how long the body is in one way.")
        response = self.get_response(request)
        if response.status_code < 400 or (not response.streaming and response.content):
            return response
        # Django's and WhiteNoise's own refusals have no body, or one that streams nothing.
        said: Any = page_or_plain(request, response.status_code)
        # What it holds open is closed with its successor: to close it here would end the request.
        said._resource_closers += cast(Any, response)._resource_closers
        for name in KEPT & response.headers.keys():
            said[name] = response[name]
        return said

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse on a page what neither reads nor sends a form; calls below /api/ name their own methods."""
        if request.path_info.startswith("/api/") or request.method in PAGE_METHODS:
            return None
        refusal = page_or_plain(request, 405)
        refusal["Allow"] = ", ".join(PAGE_METHODS)
        return refusal
