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
from django.http import HttpRequest
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import IsAuthenticated

from common.fields import KeyField
from common.queries import NoQuery, NumberParameter, OrderingParameter, TrueParameter, read_query
from common.shapes import Shape
from common.statements import VIEWER, Given, OfReader, bound, prepared_cursor
from common.versions import CONDITIONS, version_of, versioned

# What stands in each row before its own columns: who the reader is, and what shows whether the session is in
# order. In one, because it is in every row.
FACTS = OfReader("facts", TextField())


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
        rows = queryset.values_list(FACTS, *self.extras, *shape.columns)
        sql, params = rows.query.sql_with_params()
        session, given = view.authentication_classes[0].open_sessions().query.sql_with_params()
        self.sql = f"WITH reader (viewer, facts) AS MATERIALIZED ({session}) {sql}"
        self.params = (*given, *params)
        if pages:
            self.sql += " LIMIT %s OFFSET %s"
        self.build = shape.builder(skipped=1 + len(self.extras))

    @staticmethod
    def _refuse_without_viewer(view: Any, scope: QuerySet) -> None:
        # What the rows are narrowed by: that the viewer stands in a column beside them is no scope.
        where, _ = scope.query.get_compiler(connection=connection).compile(scope.query.where)
        if VIEWER.as_sql(None, None)[0] not in where:
            raise ImproperlyConfigured(f"{type(view).__name__}.{view.action} does not ask who reads.")

    def rows(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows, each with the facts of the session before its own columns."""
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
            extras = rows[0][1 : 1 + len(self.extras)]
            shown = self.pages.enveloped(shown, values, extras)
        else:
            (shown,) = shown
        return orjson.dumps(shown, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)


class Reader(NamedTuple):
    """Who has read, for what comes after the answer."""

    pk: Any
    is_authenticated: bool = True


class Answer(NamedTuple):
    """What is answered to whom, with the headers that belong to it alone."""

    status: int
    headers: dict[str, str]
    body: bytes
    reader: Reader


class Hole(NamedTuple):
    """That a parameter is given, and what it is in the statement."""

    kind: type[Field]


HOLES = {KeyField: UUIDField, NumberParameter: BigIntegerField}
Chosen = tuple[tuple[str, Any], ...]
# What clients send; whoever wants anything else is answered by the plain path.
ACCEPTED = {"*/*", "application/json", "application/json, text/plain, */*"}
LONGEST = 500  # characters of a query that is remembered


class Read:
    """One read that is compiled: of a viewset, with its actions by method and the keys in its address."""

    def __init__(self, view: Any, actions: dict[str, str], keys: tuple[str, ...]):
        self.view, self.action, self.keys = view, actions["get"], keys
        (self.authentication,) = view.authentication_classes
        methods = actions.keys() | {"head"}
        allowed = [name.upper() for name in view.http_method_names if name in methods]
        self.headers = {"Content-Type": "application/json", "Allow": ", ".join(allowed)}
        self.chosen = lru_cache(maxsize=500)(self._chosen)
        self.plan = lru_cache(maxsize=200)(self._plan)

    def answer(self, environ: dict[str, Any], keys: list[str]) -> Answer | None:
        """What is answered; None where it is for the plain path to say what is the matter."""
        text = environ.get("QUERY_STRING", "")
        if (
            environ.get("HTTP_ACCEPT", "*/*") not in ACCEPTED
            or environ.get("CONTENT_LENGTH")
            or len(text) > LONGEST
        ):
            return None
        token, is_cookie = self.authentication.presented(environ)
        if not token:
            return None
        try:
            chosen, query = self.chosen(text)
        except ValidationError:
            return None
        plan = self.plan(chosen)
        values = query | dict(zip(self.keys, keys, strict=True)) | self.authentication.given(token)
        rows = plan.rows(values)
        if not rows:
            return None
        viewer, *session = orjson.loads(rows[0][0])
        if not self.authentication.admits(*session, is_cookie=is_cookie):
            return None
        reader = Reader(UUID(viewer))
        if any(throttle.count(reader.pk) for throttle in self.view.throttle_classes):
            return None
        try:
            body = plan.answer(rows, values)
        except APIException:
            return None
        if plan.pages or not self.view.versioned:
            return Answer(200, self.headers, body, reader)
        if CONDITIONS & environ.keys():
            return self._conditional(environ, body, reader)
        return Answer(200, self.headers | {"ETag": version_of(body)}, body, reader)

    def _conditional(self, environ: dict[str, Any], body: bytes, reader: Reader) -> Answer | None:
        request = HttpRequest()
        request.META, request.method = environ, "GET"
        said = versioned(request, body)
        headers = dict(said.items()) | {"Allow": self.headers["Allow"]}
        return Answer(said.status_code, headers, said.content, reader) if said.status_code < 400 else None

    def _chosen(self, text: str) -> tuple[Chosen, dict[str, Any]]:
        """Which parameters a query has, and their values."""
        declared = self.view.queries.get(self.action, NoQuery)
        values = read_query(text, declared)
        fields = declared().fields
        chosen = []
        for name, value in values.items():
            if isinstance(fields[name], OrderingParameter | TrueParameter):
                chosen.append((name, tuple(value) if isinstance(value, list) else value))
            elif name not in self.view.pagination_class.spanned_by:
                is_given = value not in (None, "")
                kind = HOLES.get(type(fields[name]), TextField)
                chosen.append((name, Hole(kind) if is_given else value))
        return tuple(chosen), values

    def _plan(self, chosen: Chosen) -> Plan:
        """The plan with these parameters."""
        view = self.view()
        view.action, view.action_map, view.format_kwarg = self.action, {"get": self.action}, None
        view.request = SimpleNamespace(user=VIEWER)
        view.kwargs = {name: Given(name, UUIDField()) for name in self.keys}
        view.query = {
            name: Given(name, value.kind()) if isinstance(value, Hole) else value for name, value in chosen
        }
        return Plan(view)
