"""Whether the process is up, and whether it can serve."""

from collections.abc import Callable
from functools import wraps

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from common.exception_handler import plain


def only_read(view: Callable[[HttpRequest], JsonResponse]) -> Callable[[HttpRequest], JsonResponse]:
    """An address that takes GET and HEAD, and refuses the rest as the API does."""

    @csrf_exempt
    @wraps(view)
    def read(request: HttpRequest) -> JsonResponse:
        if request.method in {"GET", "HEAD"}:
            return view(request)
        refusal = plain(request, 405)
        refusal["Allow"] = "GET, HEAD"
        return refusal

    return read


@only_read
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is up."""
    return JsonResponse({"status": "ok"})


@only_read
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and every migration is applied; 503 otherwise."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return _unavailable(request, "The database does not answer.")
    if pending:
        return _unavailable(request, "Migrations are pending: run manage.py migrate.")
    return JsonResponse({"status": "ok", "database": connection.vendor, "migrations": "applied"})


def _unavailable(request: HttpRequest, reason: str) -> JsonResponse:
    refusal = plain(request, 503, reason)
    refusal["Retry-After"] = "5"
    return refusal
