"""What reaches allauth's own calls."""

import io
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException

from common.exception_handler import plain
from common.parsers import MAX_BYTES, StrictJSONParser, TooLarge


class StrictAuthBodyMiddleware:
    """Reads the JSON of `/api/auth/` as strictly as that of the API, before allauth does.

    Left to itself, allauth ends in an error of the server where a body is nested too deeply, and says
    nothing where it is no JSON.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/auth/") and request.content_type == "application/json":
            if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
                return plain(request, 413)
            try:
                StrictJSONParser().parse(io.BytesIO(request.body))
            except TooLarge:
                return plain(request, 413)
            except APIException as refusal:
                error = {"message": str(refusal.detail), "code": "parse_error"}
                return JsonResponse({"status": 400, "errors": [error]}, status=400)
        return self.get_response(request)
