"""Reads whose statement is written once: afterwards only the values differ."""

import copy
from typing import Any

from django.db import connection
from django.db.models import Expression, Field, QuerySet


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


class CompiledRows:
    """The rows of a queryset, of which the statement is written at the first call alone."""

    def __init__(self, queryset: QuerySet):
        self.queryset = queryset
        self.compiler: Any = queryset.query.get_compiler(connection=connection)
        self.sql, self.params = self.compiler.as_sql()
        converters = self.compiler.get_converters([column[0] for column in self.compiler.select])
        self.compiler.get_converters = lambda columns: converters

    def __call__(self, **values: Any) -> list[Any]:
        """The rows for these values, as many statements as the queryset has."""
        params = tuple(param.bound(values) if isinstance(param, Given) else param for param in self.params)
        compiler = copy.copy(self.compiler)
        compiler.as_sql = lambda *args, **kwargs: (self.sql, params)
        rows: Any = self.queryset.all()
        rows.query.get_compiler = lambda *args, **kwargs: compiler
        return list(rows)
