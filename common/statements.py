"""Statements that are written once: with holes where the values stand, which each call fills."""

import copy
from typing import Any

from django.db import connection
from django.db.models import Expression, Field, QuerySet, UUIDField


class Given(Expression):
    """A value that a compiled read gets anew at each call, by its name."""

    def __init__(self, name: str, output_field: Field):
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def bound(self, values: dict[str, Any]) -> Any:
        value = values[self.name]
        if value is None:
            # In SQL nothing equals null: the read would find nothing, and nobody would know why.
            raise ValueError(f"{self.name} is not given")
        return self.output_field.get_db_prep_value(value, connection)


def bound(params: Any, values: dict[str, Any]) -> list[Any]:
    return [param.bound(values) if isinstance(param, Given) else param for param in params]


class CompiledRows:
    """The rows of a queryset, of which the statement is written at the first call alone."""

    def __init__(self, queryset: QuerySet):
        self.queryset = queryset
        self.compiler: Any = queryset.query.get_compiler(connection=connection)
        self.sql, self.params = self.compiler.as_sql()
        converters = self.compiler.get_converters([column[0] for column in self.compiler.select])
        self.compiler.get_converters = lambda columns: converters

    def __call__(self, **values: Any) -> list[Any]:
        """The rows for these values, by as many statements as the queryset has."""
        compiler = copy.copy(self.compiler)
        compiler.as_sql = lambda *args, **kwargs: (self.sql, bound(self.params, values))
        rows: Any = self.queryset.all()
        rows.query.get_compiler = lambda *args, **kwargs: compiler
        return list(rows)


class OfReader(Expression):
    """A column of the session that the statement itself opens.

    The person's key stands for the person, so it has itself as `pk`.
    """

    def __init__(self, column: str, output_field: Field):
        super().__init__(output_field=output_field)
        self.column = column

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return f"(SELECT {self.column} FROM reader)", ()  # noqa: S608

    @property
    def pk(self) -> "OfReader":
        return self


VIEWER = OfReader("viewer", UUIDField())


def prepared_cursor() -> Any:
    """A cursor for statements that come again and again."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    from common.postgresql import PreparedCursor  # whoever is on SQLite does without the driver

    connection.ensure_connection()
    # With all that Django does around a cursor of its own.
    wrapped: Any = connection
    return wrapped._prepare_cursor(PreparedCursor(wrapped.connection))
