"""The limit of requests for an address, ahead of everything that costs something."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.querysets import token_digest
from accounts.throttling import log_in_token, too_many
from common.addresses import counted_address
from common.throttling import counters


class RequestLimitMiddleware:
    """Counts what comes without a log-in by its address, before anything is done for it.

    Whether a token or cookie is worth anything shows only afterwards; where it was not, the request counts
    too. What the API's own throttle does not see (log-in calls, the studio) is counted by the token sent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = self._presented(request)
        if token is None:
            return self._refused_by_address(request) or self.get_response(request)
        if not request.path_info.startswith("/api/v1/") and (
            seconds := counters.hit(f"token {token_digest(token)}", settings.THROTTLE_USER)
        ):
            return too_many(request, seconds)
        response = self.get_response(request)
        if self._is_proven(request, response):
            return response
        return self._refused_by_address(request) or response

    def _refused_by_address(self, request: HttpRequest) -> HttpResponse | None:
        seconds = counters.hit(f"address {counted_address(request)}", settings.THROTTLE_ANON)
        return too_many(request, seconds) if seconds else None

    def _presented(self, request: HttpRequest) -> str | None:
        if not request.path_info.startswith("/api/v1/"):
            return log_in_token(request)
        headers = request.headers.get("Authorization") or request.headers.get("X-Session-Token")
        return headers or request.COOKIES.get(settings.SESSION_COOKIE_NAME)

    def _is_proven(self, request: HttpRequest, response: HttpResponse) -> bool:
        if request.path_info.startswith("/api/auth/app/"):
            # There the log-in is forgotten once the call is over; 410 is a token that opens nothing.
            return response.status_code not in {401, 410}
        user: Any = getattr(request, "user", None)
        if isinstance(user, SimpleLazyObject):
            # Where nobody has asked who it is, it is not asked now: that would be a query.
            user = getattr(request, "_cached_user", None)
        return user is not None and user.is_authenticated
