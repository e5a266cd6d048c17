"""Whether the process is up, and whether it can serve."""

from collections.abc import Callable
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from common.exception_handler import plain


def pending_migrations() -> list[Any]:
    """The migrations that the database in use does not have yet."""
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def healthz(request: HttpRequest) -> JsonResponse:
    """The process is up."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and every migration is applied; 503 otherwise."""
    try:
        pending = pending_migrations()
    except Error:
        return _unavailable(request, "The database does not answer.")
    if pending:
        return _unavailable(request, "Migrations are pending: run manage.py migrate.")
    return JsonResponse({"status": "ok", "database": connection.vendor, "migrations": "applied"})


def _unavailable(request: HttpRequest, reason: str) -> JsonResponse:
    refusal = plain(request, 503, reason)
    refusal["Retry-After"] = "5"
    return refusal


PROBES = {"/healthz": healthz, "/readyz": readyz}


class HealthMiddleware:
    """Answers probes before anything asks for a host name or https: a probe knows an address and a port."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = PROBES.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if request.method in {"GET", "HEAD"}:
            return view(request)
        refusal = plain(request, 405)
        refusal["Allow"] = "GET, HEAD"
        return refusal
