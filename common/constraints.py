"""CHECKs that hold on both databases, and the name of the constraint that a write has broken."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.apps import apps
from django.db import IntegrityError
from django.db.models import BooleanField, CheckConstraint, F, Field, Func, Model, Q, Value
from django.db.models.constraints import UniqueConstraint
from django.db.models.functions import Lower
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual

from common.errors import DomainError
from common.functions import CharacterCount, JSONKind

MAX_INTEGER = 2**31 - 1


def length_between(field: str, low: int, high: int, *, name: str) -> CheckConstraint:
    """A text has from `low` to `high` code points."""
    count = CharacterCount(F(field))
    condition = Q(LessThanOrEqual(count, high))
    if low:
        condition = Q(GreaterThanOrEqual(count, low)) & condition
    return CheckConstraint(condition=condition, name=name)


class HasWebScheme(Func):
    """Whether a text begins as an address that a browser may open, in whatever case.

    Written out: Django's own prefix look-up brings an ESCAPE clause, over which its inspection of SQLite
    stumbles.
    """

    output_field = BooleanField()
    arity = 1
    template = "(LOWER(%(expressions)s) LIKE 'http://%%%%' OR LOWER(%(expressions)s) LIKE 'https://%%%%')"

    def as_sqlite(self, compiler, connection, **extra_context):
        sql, params = self.as_sql(compiler, connection, **extra_context)
        return sql, (*params, *params)

    as_postgresql = as_sqlite


def is_web_address(field: str, *, limit: int = 2000) -> Q:
    """Whether a text is an address that a browser may open."""
    return Q(HasWebScheme(F(field))) & Q(LessThanOrEqual(CharacterCount(F(field)), limit))


def web_address_or_empty(field: str, *, name: str, limit: int = 2000) -> CheckConstraint:
    """An address that a browser may open, or nothing at all."""
    return CheckConstraint(condition=Q(**{field: ""}) | is_web_address(field, limit=limit), name=name)


def is_one_of(field: str, values: list[str], *, name: str) -> CheckConstraint:
    """A text from a closed list."""
    return CheckConstraint(condition=Q(**{f"{field}__in": values}), name=name)


def is_between(field: str, low: int, high: int, *, name: str) -> CheckConstraint:
    """A number within its bounds."""
    return CheckConstraint(condition=Q(**{f"{field}__gte": low, f"{field}__lte": high}), name=name)


def is_lower_case(field: str, *, name: str) -> CheckConstraint:
    """An ASCII text without capital letters."""
    return CheckConstraint(condition=Q(Exact(F(field), Lower(field))), name=name)


def is_json(field: str, kind: str, *, name: str) -> CheckConstraint:
    """A JSON value of one kind, `object` or `array`; a NULL passes."""
    # Said although NULL would pass by itself: in forms Django tries None as the JSON value null.
    right = Q(Exact(JSONKind(F(field)), Value(kind)))
    return CheckConstraint(condition=Q(**{f"{field}__isnull": True}) | right, name=name)


class OnlyCharacters(Func):
    """Whether a text consists of the given ASCII characters, written as inside a regex's brackets."""

    output_field = BooleanField()
    arity = 1

    def __init__(self, expression: F, characters: str | None = None, **extra):
        super().__init__(expression, characters=characters, **extra)

    def as_sqlite(self, compiler, connection, **extra_context):
        template = "%(expressions)s NOT GLOB '*[^%(characters)s]*'"
        return self.as_sql(compiler, connection, template=template, **extra_context)

    def as_postgresql(self, compiler, connection, **extra_context):
        template = "%(expressions)s !~ '[^%(characters)s]'"
        return self.as_sql(compiler, connection, template=template, **extra_context)


def has_only(field: str, characters: str, *, name: str) -> CheckConstraint:
    """A text of the given ASCII characters only."""
    return CheckConstraint(condition=Q(OnlyCharacters(F(field), characters=characters)), name=name)


class IsColor(Func):
    """Whether a text is a color as `#rrggbb`."""

    output_field = BooleanField()
    arity = 1

    def as_sqlite(self, compiler, connection, **extra_context):
        template = f"%(expressions)s GLOB '#{6 * '[0-9a-fA-F]'}'"
        return self.as_sql(compiler, connection, template=template, **extra_context)

    def as_postgresql(self, compiler, connection, **extra_context):
        template = "%(expressions)s ~ '^#[0-9a-fA-F]{6}$'"
        return self.as_sql(compiler, connection, template=template, **extra_context)


def color_or_empty(field: str, *, name: str) -> CheckConstraint:
    """A color as `#rrggbb`, or nothing at all."""
    return CheckConstraint(condition=Q(**{field: ""}) | Q(IsColor(F(field))), name=name)


def broken_constraint(error: IntegrityError) -> str:
    """The name of the constraint that a write ran into, alike on both databases.

    A taken primary key is `<table>_pkey`, as PostgreSQL calls it. Empty where the database does not say
    (a foreign key on SQLite).
    """
    cause = error.__cause__
    diagnosis = getattr(cause, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name or ""
    message = str(error)
    if found := re.match(r"CHECK constraint failed: (\w+)", message):
        return found[1]
    if found := re.match(r"UNIQUE constraint failed: index '(\w+)'", message):
        return found[1]
    # SQLite names the columns of a plain unique constraint, not the constraint.
    if found := re.match(r"UNIQUE constraint failed: (.+)", message):
        table, _, _ = found[1].partition(".")
        columns = {part.strip().partition(".")[2] for part in found[1].split(",")}
        return _unique_name(table, columns)
    return ""


def _column(model: type[Model], field: str) -> str | None:
    return cast(Field, model._meta.get_field(field)).column


def _unique_name(table: str, columns: set[str]) -> str:
    model: Any = next(model for model in apps.get_models() if model._meta.db_table == table)
    if columns == {model._meta.pk.column}:
        return f"{table}_pkey"
    for constraint in model._meta.constraints:
        if not isinstance(constraint, UniqueConstraint) or not constraint.fields:
            continue
        if {_column(model, field) for field in constraint.fields} == columns:
            return str(constraint.name)
    return ""


@contextmanager
def refusing(conflicts: dict[str, type[DomainError]]) -> Iterator[None]:
    """Turn a broken constraint into the refusal that it means; anything else stays an error.

    Goes around `atomic()`, because a deferred constraint breaks at COMMIT.
    """
    try:
        yield
    except IntegrityError as error:
        refusal = conflicts.get(broken_constraint(error))
        if refusal is None:
            raise
        raise refusal from error


def key_of(model: type[Model]) -> str:
    """The name of a table's primary key constraint, for `refusing`."""
    return f"{model._meta.db_table}_pkey"
