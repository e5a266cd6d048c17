"""The limits of log-in, sign-up and mail: counted in the database, exact however many processes serve."""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.throttling import BaseThrottle

from accounts import services
from accounts.models import AttemptKind
from accounts.querysets import token_digest
from common.addresses import counted_address
from common.exception_handler import plain


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429 in the error shape of the address, with the seconds to wait."""
    if request.path_info.startswith("/api/auth/"):
        response: HttpResponse = JsonResponse({"status": 429}, status=429)
    else:
        response = plain(request, 429)
    response["Retry-After"] = str(seconds)
    return response


def log_in_token(request: HttpRequest) -> str | None:
    """What a request outside the API is logged in by; whatever else it carries is not looked at there."""
    if request.path_info.startswith("/api/auth/app/"):
        return request.headers.get("X-Session-Token")
    return request.COOKIES.get(settings.SESSION_COOKIE_NAME)


def count_sign_up(request: HttpRequest) -> None:
    """Sign-ups from one address, those that fail as well; both doors count together."""
    services.count_attempt(
        kind=AttemptKind.SIGN_UP, key=counted_address(request), rate=settings.THROTTLE_SIGNUP
    )


def count_mail(request: HttpRequest) -> None:
    """Mails that somebody asks for, to one addressee; whether anybody has that address plays no part."""
    try:
        addressee = json.loads(request.body)["email"].strip().casefold()
    except (ValueError, TypeError, KeyError, AttributeError):
        return  # which is refused, and sends nothing
    services.count_attempt(
        kind=AttemptKind.MAIL,
        key=f"{counted_address(request)} {addressee}",
        rate=settings.THROTTLE_LOGIN,
    )


def count_within_login(request: HttpRequest) -> None:
    """What tries the password of the person who is logged in, or sends them mail."""
    services.count_attempt(
        kind=AttemptKind.LOGIN,
        key=f"{counted_address(request)} {token_digest(log_in_token(request) or '')}",
        rate=settings.THROTTLE_LOGIN,
    )


class SignUpThrottle(BaseThrottle):
    """The limit of sign-ups at the API's own door."""

    def allow_request(self, request: Any, view: Any) -> bool:
        if view.action == "create":
            count_sign_up(request)
        return True


class AttemptLimitMiddleware:
    """Limits allauth's calls; passwords that log in are counted where they are checked."""

    # By the part of the address behind the client and version.
    COUNTED: dict[str, Callable[[HttpRequest], None]] = {
        "auth/signup": count_sign_up,
        "auth/provider/signup": count_sign_up,
        "auth/password/request": count_mail,
        "account/password/change": count_within_login,
        "account/email": count_within_login,
    }
    # They check a password, a code, a key or another's word; one that is wrong answers 400.
    CHECKED = {
        "account/password/change",
        "auth/password/reset",
        "auth/email/verify",
        "auth/2fa/authenticate",
        "auth/2fa/reauthenticate",
        "auth/webauthn/login",
        "auth/webauthn/authenticate",
        "auth/webauthn/reauthenticate",
        "auth/provider/token",
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        counted = getattr(request, "counted_failure", None)
        if counted is not None:
            is_wrong = response.status_code == 400 or response.status_code >= 500
            settle = services.keep_failure if is_wrong else services.take_back_failure
            settle(address=counted_address(request), counted=counted)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not request.path_info.startswith("/api/auth/") or request.method not in {"POST", "PUT"}:
            return None
        name = request.path_info.partition("/v1/")[2]
        try:
            if name in self.COUNTED:
                self.COUNTED[name](request)
            if name in self.CHECKED:
                counted = services.count_failure(address=counted_address(request))
                request.counted_failure = counted  # type: ignore[attr-defined]
        except services.TooManyAttempts as refusal:
            return too_many(request, refusal.retry_after)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, services.TooManyAttempts):
            return too_many(request, exception.retry_after)
        return None
