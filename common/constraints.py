"""CHECKs that hold on both databases, and the name of the constraint that a write has broken."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import BooleanField, CheckConstraint, F, Field, Func, Model, Q, Value
from django.db.models.constraints import UniqueConstraint
from django.db.models.functions import Lower
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual

from common.errors import DomainError
from common.functions import CharacterCount, JSONKind

MAX_INTEGER = 2**31 - 1


class Worded:
    """A rule of a table that says in plain words what it asks for, and at which column people should look.

    The words are no part of the schema: migrations neither hold them nor notice when they change.
    """

    def __init__(self, *args: Any, message: str, field: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.message, self.field = message, field

    def deconstruct(self) -> Any:
        _, args, kwargs = super().deconstruct()  # type: ignore[misc]
        kind = next(base for base in type(self).__bases__ if base is not Worded)
        return f"django.db.models.{kind.__name__}", args, kwargs

    def clone(self) -> Any:
        _, args, kwargs = self.deconstruct()
        return type(self)(*args, message=self.message, field=self.field, **kwargs)

    def get_violation_error_message(self) -> str:
        return self.message

    def validate(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().validate(*args, **kwargs)  # type: ignore[misc]
        except ValidationError as broken:
            # In a form Django leaves out every rule with a column that the form does not have.
            raise ValidationError({self.field: self.message} if self.field else self.message) from broken


class Check(Worded, CheckConstraint):
    """A CHECK in plain words."""


class Unique(Worded, UniqueConstraint):
    """A uniqueness in plain words, for one that is more than a list of columns."""


def _characters(low: int, high: int) -> str:
    if low == high:
        return f"Exactly {high:,} characters."
    return f"From {low:,} to {high:,} characters." if low else f"At most {high:,} characters."


def length_between(field: str, low: int, high: int, *, name: str) -> CheckConstraint:
    """A text has from `low` to `high` code points."""
    count = CharacterCount(F(field))
    condition = Q(LessThanOrEqual(count, high))
    if low:
        condition = Q(GreaterThanOrEqual(count, low)) & condition
    return Check(condition=condition, name=name, field=field, message=_characters(low, high))


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


def web_address(field: str, *, name: str) -> CheckConstraint:
    """An address that a browser may open."""
    return Check(
        condition=is_web_address(field), name=name, field=field, message="Not an http or https address."
    )


def web_address_or_empty(field: str, *, name: str, limit: int = 2000) -> CheckConstraint:
    """An address that a browser may open, or nothing at all."""
    condition = Q(**{field: ""}) | is_web_address(field, limit=limit)
    return Check(condition=condition, name=name, field=field, message="Not an http or https address.")


def is_one_of(field: str, values: list[str], *, name: str) -> CheckConstraint:
    """A text from a closed list."""
    condition = Q(**{f"{field}__in": values})
    return Check(condition=condition, name=name, field=field, message="Not one of the choices.")


def is_between(field: str, low: int, high: int, *, name: str) -> CheckConstraint:
    """A number within its bounds."""
    condition = Q(**{f"{field}__gte": low, f"{field}__lte": high})
    return Check(condition=condition, name=name, field=field, message=f"From {low:,} to {high:,}.")


def is_lower_case(field: str, *, name: str) -> CheckConstraint:
    """An ASCII text without capital letters."""
    condition = Q(Exact(F(field), Lower(field)))
    return Check(condition=condition, name=name, field=field, message="Small letters only.")


def is_json(field: str, kind: str, *, name: str) -> CheckConstraint:
    """A JSON value of one kind, `object` or `array`; a NULL passes."""
    # Said although NULL would pass by itself: in forms Django tries None as the JSON value null.
    right = Q(Exact(JSONKind(F(field)), Value(kind)))
    condition = Q(**{f"{field}__isnull": True}) | right
    words = "Not a JSON object." if kind == "object" else "Not a JSON list."
    return Check(condition=condition, name=name, field=field, message=words)


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
    condition = Q(OnlyCharacters(F(field), characters=characters))
    return Check(condition=condition, name=name, field=field, message=f"Only the characters {characters}")


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
    condition = Q(**{field: ""}) | Q(IsColor(F(field)))
    return Check(condition=condition, name=name, field=field, message="A color as #rrggbb, or nothing.")


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
