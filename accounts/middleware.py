"""What reaches allauth's own calls."""

import io
import logging
from collections.abc import Callable
from typing import Any

from allauth.socialaccount.models import SocialApp
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException

from accounts.sessions import SessionStore
from common.exception_handler import plain
from common.parsers import MAX_BYTES, StrictJSONParser, TooLarge, refuse_cut_off, refuse_unreadable

logger = logging.getLogger("lyceum.accounts")


class StrictAuthBodyMiddleware:
    """Reads the JSON of `/api/auth/` as strictly as that of the API, before allauth does.

    Left to itself, allauth ends in an error of the server where a body is nested too deeply, and says
    nothing where it is no JSON. An address of other than ASCII letters is refused here, before allauth puts
    it in lower case and takes it for the one that it looks like.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/auth/") and not request.path_info.endswith(
            "/provider/redirect"
        ):
            refusal = self._refusal(request)
            if refusal:
                return refusal
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse a method that a call does not take before the call reads anything.

        allauth checks what was sent first, a password or a code included, and would say whether it is right.
        """
        kind = getattr(view, "view_class", None)
        if kind is None or not request.path_info.startswith("/api/auth/"):
            return None
        taken = [name for name in ("get", "post", "put", "patch", "delete") if hasattr(kind, name)]
        if str(request.method).lower().replace("head", "get") in taken:
            return None
        refusal = plain(request, 405)
        refusal["Allow"] = ", ".join(name.upper() for name in taken)
        return refusal

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What allauth leaves unsaid: a log-in that ended in its own call, a provider that is not set up."""
        if not request.path_info.startswith("/api/auth/"):
            return None
        if isinstance(exception, SessionInterrupted):
            request.session = SessionStore()  # else it would be saved once more
            gone = {"status": 410, "data": {"flows": [{"id": "login"}]}, "meta": {"is_authenticated": False}}
            return JsonResponse(gone, status=410)
        if isinstance(exception, IntegrityError):
            # Another call was faster by a moment; the next try meets what that one has made.
            logger.info("two log-in calls met", exc_info=exception)
            return JsonResponse({"status": 409}, status=409)
        return plain(request, 404) if isinstance(exception, SocialApp.DoesNotExist) else None

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        try:
            refuse_unreadable(request, MAX_BYTES)
            refuse_cut_off(request, request.body)
            if request.body and request.content_type != "application/json":
                return plain(request, 415)
            data = StrictJSONParser().parse(io.BytesIO(request.body))
        except TooLarge:
            return plain(request, 413)
        except APIException as refusal:
            return _error({"message": str(refusal.detail), "code": "parse_error"})
        if not isinstance(data, dict):
            return _error({"message": "Not a JSON object.", "code": "invalid"})
        email = data.get("email")
        if isinstance(email, str) and not email.isascii():
            return _error({"message": "Enter a valid email address.", "code": "invalid", "param": "email"})
        return None


def _error(error: dict[str, str]) -> JsonResponse:
    return JsonResponse({"status": 400, "errors": [error]}, status=400)
