"""Compiled reads: the statement of a read is written once, afterwards only its values differ.

What a viewset declares stays the one declaration: its queryset with `visible_to`, its serializer, its
filters and its pages. At the first call they are asked with holes in the place of values, and what they
answer becomes a `Plan`: one statement, which opens the session, asks the gate and reads the rows, and one
function that makes the answer of them. A plan answers where everything is in order. Wherever it is not, the
plain path of REST framework says why: it refuses, and says that nothing is there. It is what plans are tested
against.

A viewset has its reads compiled by naming them: `compiled = {"list", "retrieve"}`.
"""

from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import BigIntegerField, Exists, Field, QuerySet, TextField, UUIDField
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import IsAuthenticated

from common.fields import KeyField
from common.queries import NoQuery, NumberParameter, OrderingParameter, TrueParameter, read_query
from common.shapes import Shape
from common.statements import VIEWER, Given, OfReader, bound, prepared_cursor
from common.versions import versioned

# What a plan reads beside the rows: who the reader is, and what shows whether the session is in order.
SESSION = ("viewer", "kind", "session_data", "password", "is_unseen_lately")


class Plan:
    """One read of one viewset with one choice of filters: its statement, and what makes its answer."""

    def __init__(self, view: Any):
        if list(view.permission_classes) != [IsAuthenticated]:
            raise ImproperlyConfigured(f"{type(view).__name__} asks more than who reads; no plan does.")
        pages = view.paginator if view.action == "list" else None
        queryset = view.get_queryset()
        self._refuse_without_viewer(view, queryset)
        if pages:
            queryset = pages.narrowed(view.listed(queryset), view.query)
        elif "pk" in view.kwargs:
            queryset = queryset.filter(pk=view.kwargs["pk"])
        if view.parent is not None:
            gate = view.parent.visible_to(VIEWER).filter(pk=view.kwargs[view.parent_kwarg])
            queryset = queryset.filter(Exists(gate))
        self.pages = pages
        self.extras = pages.extras if pages else ()
        shape = Shape(view.get_serializer())
        rows = queryset.values_list(
            *(OfReader(column, TextField()) for column in SESSION), *self.extras, *shape.columns
        )
        sql, params = rows.query.sql_with_params()
        session, given = view.authentication_classes[0].open_sessions().query.sql_with_params()
        columns = ", ".join(SESSION)
        self.sql = f"WITH reader ({columns}) AS MATERIALIZED ({session}) {sql}"
        self.params = (*given, *params)
        if pages:
            self.sql += " LIMIT %s OFFSET %s"
        self.build = shape.builder(skipped=len(SESSION) + len(self.extras))

    @staticmethod
    def _refuse_without_viewer(view: Any, scope: QuerySet) -> None:
        # What the rows are narrowed by: that the viewer stands in a column beside them is no scope.
        where, _ = scope.query.get_compiler(connection=connection).compile(scope.query.where)
        if VIEWER.as_sql(None, None)[0] not in where:
            raise ImproperlyConfigured(f"{type(view).__name__}.{view.action} does not ask who reads.")

    def rows(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows, each with the session's columns before its own."""
        params = bound(self.params, values)
        if self.pages:
            params += self.pages.span(values)
        with prepared_cursor() as cursor:
            cursor.execute(self.sql, params)
            return cursor.fetchall()

    def answer(self, rows: list[tuple[Any, ...]], values: dict[str, Any]) -> bytes:
        """The JSON of at least one row."""
        shown: Any = self.build(rows)
        if self.pages:
            first = rows[0][len(SESSION) : len(SESSION) + len(self.extras)]
            shown = self.pages.enveloped(shown, values, first)
        else:
            (shown,) = shown
        return orjson.dumps(shown, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)


class Reader(NamedTuple):
    """Who has read, for what comes after the answer."""

    pk: Any
    is_authenticated: bool = True


class Hole(NamedTuple):
    """That a parameter is given, and what it is in the statement."""

    kind: type[Field]


HOLES = {KeyField: UUIDField, NumberParameter: BigIntegerField}
Chosen = tuple[tuple[str, Any], ...]
# What clients send; whoever wants anything else is answered by the plain path.
ACCEPTED = {"*/*", "application/json", "application/json, text/plain, */*"}
LONGEST = 500  # characters of a query that is remembered


@lru_cache(maxsize=1_000)
def plan(view_class: Any, action: str, kwargs: tuple[str, ...], chosen: Chosen) -> Plan:
    """The plan of an action with these keys in its address and these parameters."""
    view = view_class()
    view.action, view.action_map, view.format_kwarg = action, {"get": action}, None
    view.request = SimpleNamespace(user=VIEWER)
    view.kwargs = {name: Given(name, UUIDField()) for name in kwargs}
    view.query = {
        name: Given(name, value.kind()) if isinstance(value, Hole) else value for name, value in chosen
    }
    return Plan(view)


@lru_cache(maxsize=2_000)
def chosen_by(view_class: Any, action: str, text: str) -> tuple[Chosen, dict[str, Any]]:
    """Which parameters a query has, and their values."""
    declared = view_class.queries.get(action, NoQuery)
    values = read_query(text, declared)
    chosen = []
    for name, value in values.items():
        field = declared().fields[name]
        if isinstance(field, OrderingParameter | TrueParameter):
            chosen.append((name, tuple(value) if isinstance(value, list) else value))
        elif name not in view_class.pagination_class.spanned_by:
            is_given = value not in (None, "")
            chosen.append((name, Hole(HOLES.get(type(field), TextField)) if is_given else value))
    return tuple(chosen), values


def answer(view: Any, request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse | None:
    """The answer of a compiled read; None where it is for the plain path to say what is the matter."""
    view_class: Any = type(view)
    action = view.action_map["get"]
    meta = request.META
    if meta.get("CONTENT_LENGTH") or meta.get("HTTP_ACCEPT", "*/*") not in ACCEPTED:
        return None
    (authentication,) = view.authentication_classes
    token, is_cookie = authentication.presented(request)
    text = meta.get("QUERY_STRING", "")
    if not token or len(text) > LONGEST:
        return None
    try:
        chosen, query = chosen_by(view_class, action, text)
    except ValidationError:
        return None
    read = plan(view_class, action, tuple(kwargs), chosen)
    values = {**query, **kwargs, **authentication.given(token)}
    rows = read.rows(values)
    if not rows:
        return None
    viewer, *session = rows[0][: len(SESSION)]
    if not authentication.admits(*session, is_cookie=is_cookie):
        return None
    viewer = viewer if isinstance(viewer, UUID) else UUID(viewer)
    request.user = Reader(viewer)  # type: ignore[assignment]
    if any(throttle.count(viewer) for throttle in view.throttle_classes):
        return None
    try:
        body = read.answer(rows, values)
    except APIException:
        return None
    headers = view.default_response_headers
    if view.versioned and not read.pages:
        return versioned(request, body, headers)
    return HttpResponse(body, content_type="application/json", headers=headers)
