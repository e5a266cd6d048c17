"""Statements that are written once: with holes where the values stand, which each call fills."""

import copy
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import (
    Expression,
    F,
    Field,
    GenericIPAddressField,
    JSONField,
    Model,
    QuerySet,
    UUIDField,
)
from django.db.models.sql import UpdateQuery


class Given(Expression):
    """A value that a compiled statement gets anew at each call, by its name."""

    def __init__(self, name: str, output_field: Field):
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def bound(self, values: dict[str, Any], database: Any) -> Any:
        value = values[self.name]
        if value is None:
            # In SQL nothing equals null: the read would find nothing, and nobody would know why.
            raise ValueError(f"{self.name} is not given")
        return self.output_field.get_db_prep_value(value, database)


def bound(params: Any, values: dict[str, Any]) -> list[Any]:
    database = connections[DEFAULT_DB_ALIAS]
    return [param.bound(values, database) if isinstance(param, Given) else param for param in params]


class CompiledRows:
    """The rows of a queryset, of which the statement is written at the first call alone."""

    def __init__(self, queryset: QuerySet):
        self.queryset = queryset
        self.compiler: Any = queryset.query.get_compiler(connection=connection)
        self.sql, self.params = self.compiler.as_sql()
        _refuse_of_other_type(column.output_field for column, *_ in self.compiler.select)
        converters = self.compiler.get_converters([column[0] for column in self.compiler.select])
        self.compiler.get_converters = lambda columns: converters

    def __call__(self, **values: Any) -> list[Any]:
        """The rows for these values, by as many statements as the queryset has."""
        compiler = copy.copy(self.compiler)
        with prepared_cursor() as cursor:
            cursor.execute(self.sql, bound(self.params, values))
            found = cursor.fetchall()
        compiler.execute_sql = lambda *args, **kwargs: [found]
        rows: Any = self.queryset.all()
        rows.query.get_compiler = lambda *args, **kwargs: compiler
        return list(rows)


def _refuse_of_other_type(fields: Iterable[Field]) -> None:
    """Refuse columns that Django reads as text, and that a prepared cursor makes something else of."""
    for field in fields:
        if isinstance(field, GenericIPAddressField | JSONField):
            raise ImproperlyConfigured(f"{field} cannot be read by a compiled statement.")


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
    # Looked up once: `connection` looks for this thread's at each mention.
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        return database.cursor()
    from common.postgresql import PreparedCursor  # whoever is on SQLite does without the driver

    database.ensure_connection()
    # With all that Django does around a cursor of its own.
    return database._prepare_cursor(PreparedCursor(database.connection))


_kept: list[Any] = []


def compiled_once[CompiledT](function: Callable[[], CompiledT]) -> Callable[[], CompiledT]:
    """Keep what a function compiles, until `forget_compiled`."""
    kept = cache(function)
    _kept.append(kept)
    return kept


def forget_compiled() -> None:
    """Compile everything anew at its next call; for those who change what it was made of."""
    for kept in _kept:
        kept.cache_clear()


class Returning:
    """A statement that writes rows and tells some of their columns."""

    def __init__(self, model: type[Model], sql: str, params: Any, returned: list[Field]):
        _refuse_of_other_type(returned)
        returning, _ = connection.ops.returning_columns(returned)
        self.sql, self.params = f"{sql} {returning}", params
        self.compiler: Any = model._base_manager.all().query.get_compiler(connection=connection)
        self.converters = self.compiler.get_converters(
            [field.get_col(model._meta.db_table) for field in returned]
        )

    def rows(self, values: dict[str, Any]) -> list[Any]:
        with prepared_cursor() as cursor:
            cursor.execute(self.sql, bound(self.params, values))
            rows = cursor.fetchall()
        return list(self.compiler.apply_converters(rows, self.converters))


class CompiledUpdate(Returning):
    """A change to the rows of a queryset, compiled once; called, it tells the named columns of each.

    Where the queryset narrows by columns of the rows themselves alone, these are asked once the row is held.
    """

    def __init__(self, rows: QuerySet, *, returning: tuple[str, ...], **values: Any):
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(values)
        sql, params = query.get_compiler(connection=connection).as_sql()
        super().__init__(rows.model, sql, params, [rows.model._meta.get_field(name) for name in returning])

    def __call__(self, **given: Any) -> list[Any]:
        return self.rows(given)


class Written(Given):
    """A value as the column that it is for keeps it, null among others."""

    def bound(self, values: dict[str, Any], database: Any) -> Any:
        return self.output_field.get_db_prep_save(values[self.name], database)


class CompiledInsert(Returning):
    """A new row that takes some of its columns from a row of a queryset, compiled once.

    `taken` names them: the column of the new row and that of the other. What remains comes from an instance,
    with its defaults and prepared by its fields, as `save()` has it. Where the queryset gives no row, none is
    made: the condition and the insert are one statement.
    """

    def __init__(self, model: type[Model], source: QuerySet, **taken: str):
        fields: list[Any] = [field for field in model._meta.concrete_fields if not field.generated]
        self.own = [field for field in fields if field.name not in taken]
        self.taken = [field for field in fields if field.name in taken]
        columns = [
            F(taken[field.name]) if field.name in taken else Written(field.attname, field) for field in fields
        ]
        select, params = source.order_by().values_list(*columns).query.sql_with_params()
        quoted = connection.ops.quote_name
        names = ", ".join(quoted(field.column) for field in fields)
        sql = f"INSERT INTO {quoted(model._meta.db_table)} ({names}) {select}"
        super().__init__(model, sql, params, self.taken)

    def __call__(self, row: Model, **given: Any) -> bool:
        """Whether the row was made; if so, it has what was taken."""
        own = {field.attname: field.pre_save(row, add=True) for field in self.own}
        made = self.rows(own | given)
        if made:
            for field, value in zip(self.taken, made[0], strict=True):
                setattr(row, field.attname, value)
            row._state.adding, row._state.db = False, connection.alias
        return bool(made)
