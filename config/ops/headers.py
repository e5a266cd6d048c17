"""What browsers and proxies are told about every answer."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers


class HeadersMiddleware:
    """Says how an answer may be kept, shown and embedded, where the view has not said so itself."""

    ALWAYS = {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "X-Content-Type-Options": "nosniff",
    }
    # Nothing in it is to be run or loaded, should a browser show it as a page.
    DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.ALWAYS.items():
            response.headers.setdefault(name, value)
        if not response.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Security-Policy", self.DATA_POLICY)
        if request.path_info.startswith("/api/v1/"):
            # One's own: a browser may keep it to ask whether it still holds, nothing in between may.
            response.headers.setdefault("Cache-Control", "private, no-cache")
            patch_vary_headers(response, ("Authorization", "X-Session-Token", "Cookie"))
        else:
            # Secrets at their only showing, pages of staff, the state of the process.
            response.headers.setdefault("Cache-Control", "no-store")
        return response
