"""The one envelope of every error."""

import errno
import logging
import sqlite3
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from common.errors import DomainError

logger = logging.getLogger("lyceum.errors")

CODES = {
    400: ("validation_error", "The request is not valid."),
    401: ("not_authenticated", "Log in first: send a valid token."),
    403: ("permission_denied", "You may not do this."),
    404: ("not_found", "Not found."),
    405: ("method_not_allowed", "This address does not take this method."),
    406: ("not_acceptable", "This address answers in JSON."),
    409: ("conflict", "Something that this builds on has just changed; read again and repeat."),
    410: ("history_gone", "What you ask for has been removed for good; read the present state instead."),
    412: ("precondition_failed", "What you have read of this is not what it is now; read it again."),
    413: ("too_large", "The request body is too large."),
    415: ("unsupported_media_type", "Send the body as application/json."),
    416: ("range_not_satisfiable", "The file has no such part."),
    429: ("throttled", "Too many requests; try again later."),
    500: ("server_error", "Something went wrong on our side."),
    503: ("unavailable", "The service is busy; try again in a moment."),
}


def body(
    request: HttpRequest,
    status: int,
    *,
    code: str = "",
    message: str = "",
    fields: dict[str, list[dict[str, str]]] | None = None,
    extra: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The JSON of a refusal; `extra` stands beside the code."""
    usual_code, usual_message = CODES.get(status, CODES[400])
    error: dict[str, Any] = {"code": code or usual_code, "message": message or usual_message}
    if fields:
        error["fields"] = fields
    error |= extra or {}
    error["request_id"] = getattr(request, "request_id", "")
    return {"error": error}


# By the primary result code: busy, locked, read-only, interrupted, I/O, full, cannot open, protocol.
SQLITE_UNAVAILABLE = {5, 6, 8, 9, 10, 13, 14, 15}
# By the beginning of the SQLSTATE: connection lost, transaction rolled back (a deadlock), no resources left,
# object in use, lock not available, operator intervention (a time-out, a shutdown), system error; and a
# server that only reads or has ended an idle transaction.
POSTGRESQL_UNAVAILABLE = ("08", "40", "53", "55006", "55P03", "57", "58", "25006", "25P03", "25P04")
# Taken values and rows that have gone: unique, primary key, foreign key, exclusion.
MET: set[int | str | None] = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
MET |= {sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, "23505", "23503", "23P01"}


def is_unavailable(exc: Exception) -> bool:
    """Whether the database, or the disk, could not serve: away, locked, full; a bug is something else.

    The driver's class of an error does not say: SQLite calls a misspelt statement operational, PostgreSQL's
    driver a row that is too long for an index, and a server that only reads is an internal error.
    """
    if isinstance(exc, OSError):
        # EFBIG: the longest file that the system lets this process write.
        return exc.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    if not isinstance(exc, DatabaseError | InterfaceError):
        return False
    code = database_code(exc)
    if isinstance(code, int):
        return code & 0xFF in SQLITE_UNAVAILABLE
    if code:
        return code.startswith(POSTGRESQL_UNAVAILABLE)
    # The server was not reached, or hung up, or all connections of the pool are in use.
    return isinstance(exc, OperationalError | InterfaceError)


def database_code(exc: Exception) -> int | str | None:
    """SQLite's result code or PostgreSQL's SQLSTATE; None where the database itself has not spoken."""
    cause = exc.__cause__
    return getattr(cause, "sqlite_errorcode", None) or getattr(cause, "sqlstate", None)


def envelope(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's hook: any exception of a view as the envelope; None leaves a bug a bug."""
    request = context["request"]._request
    headers: dict[str, str] = {}
    if isinstance(exc, DomainError):
        answer = body(request, exc.status, code=exc.code, message=exc.message, extra=exc.extra)
        if exc.retry_after:
            headers["Retry-After"] = str(exc.retry_after)
        return Response(answer, status=exc.status, headers=headers)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, RequestDataTooBig):
        return Response(body(request, 413), status=413)
    elif is_unavailable(exc):
        log_unavailable(exc)
        return Response(body(request, 503), status=503, headers={"Retry-After": "1"})
    elif isinstance(exc, IntegrityError) and database_code(exc) in MET:
        # A service that foresees it says what is taken; nothing was written either way.
        logger.warning("requests met in the database", exc_info=exc)
        return Response(body(request, 409), status=409)
    if not isinstance(exc, exceptions.APIException):
        return None
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(ceil(wait))
    fields = None
    code = message = ""
    if isinstance(exc, exceptions.ValidationError):
        fields = flat(exc.detail)
    elif isinstance(exc, exceptions.ParseError):
        code, message = "parse_error", str(exc.detail)
    answer = body(request, exc.status_code, code=code, message=message, fields=fields)
    return Response(answer, status=exc.status_code, headers=headers)


def flat(detail: Any, name: str = "") -> dict[str, list[dict[str, str]]]:
    """Nested errors under dotted names: `messages.3.content`; those of no field at all under `_`."""
    if isinstance(detail, dict):
        return {
            key: errors
            for part, inner in detail.items()
            for key, errors in flat(inner, _joined(name, str(part))).items()
        }
    if isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        return {
            key: errors
            for index, inner in enumerate(detail)
            if inner
            for key, errors in flat(inner, _joined(name, str(index))).items()
        }
    details = detail if isinstance(detail, list) else [detail]
    errors = [{"code": error.code or "invalid", "message": str(error)} for error in details]
    return {name or "_": errors}


def _joined(name: str, part: str) -> str:
    if part == api_settings.NON_FIELD_ERRORS_KEY:
        return name
    return f"{name}.{part}" if name else part


def plain(request: HttpRequest, status: int, message: str = "") -> JsonResponse:
    """The envelope for what never reaches a view of the API: unknown paths, bad hosts, bugs."""
    return JsonResponse(body(request, status, message=message), status=status)


def log_unavailable(exc: Exception) -> None:
    """Database or disk are away, locked or full: clients may try again in a moment, operators should know."""
    what = "disk full" if isinstance(exc, OSError) else "database unavailable"
    logger.warning("%s: %s", what, type(exc).__name__, exc_info=exc)
