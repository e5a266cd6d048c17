"""How the rows of a statement become the objects of an answer: a serializer, compiled."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from rest_framework import serializers

from common.fields import JSONValueField, VisibleRelatedField
from common.functions import JSONText
from common.serializers import EitherSerializer


class Shape:
    """A serializer as the columns that it shows and the Python that makes its objects of them."""

    def __init__(self, serializer: Any):
        self.columns: list[Any] = []
        self.names: dict[str, Any] = {
            "loads": orjson.loads,
            "hyphenated": hyphenated,
            "full_second": full_second,
        }
        self.code = self._object(serializer)

    def builder(self, *, skipped: int) -> Callable[[list[Any]], list[Any]]:
        """What makes objects of rows that have `skipped` other columns before these."""
        row = ", ".join(["_"] * skipped + [f"c{place}" for place in range(len(self.columns))])
        return eval(f"lambda rows: [{self.code} for {row}, in rows]", self.names)  # noqa: S307

    def _object(self, serializer: Any) -> str:
        if isinstance(serializer, EitherSerializer):
            column = f"c{len(self.columns)}"
            self.columns.append(serializer.told_apart_by)
            without, with_it = map(self._object, serializer.shapes)
            return f"({without} if {column} is None else {with_it})"
        entries = (f"{field.field_name!r}: {self._value(field)}" for field in serializer._readable_fields)
        return f"{{{', '.join(entries)}}}"

    def _value(self, field: Any) -> str:
        if isinstance(field, serializers.BaseSerializer) and field.source == "*":
            return self._object(field)
        column = f"c{len(self.columns)}"
        source = "__".join(field.source_attrs)
        if isinstance(field, VisibleRelatedField):
            source = field.read_from or f"{source}_id"
        if isinstance(field, JSON_KINDS):
            self.columns.append(JSONText(source))
            shown = in_order(field, "it")
            shown = f"loads({column})" if shown == "it" else f"(lambda it: {shown})(loads({column}))"
            return f"(None if {column} is None else {shown})"
        self.columns.append(source)
        for kind, code in CODE[connection.vendor].items():
            if isinstance(field, kind):
                return self._or_default(field, column, code.format(column))
        raise ImproperlyConfigured(f"{type(field).__name__} {field.field_name} cannot be compiled.")

    def _or_default(self, field: Any, column: str, code: str) -> str:
        """What is shown of another row's column where there is no such row: REST framework's default."""
        if len(field.source_attrs) == 1 or field.default is serializers.empty:
            return code
        return f"({field.default!r} if {column} is None else {code})"


def in_order(field: Any, value: str) -> str:
    """The code of JSON that the database has built, in the order in which a serializer shows it."""
    if isinstance(field, serializers.ListSerializer):
        return f"[{in_order(field.child, 'it')} for it in {value}]"
    if not isinstance(field, serializers.Serializer):
        return value
    entries = (
        f"{inner.field_name!r}: {in_order(inner, f'{value}[{inner.source!r}]')}"
        for inner in field._readable_fields
    )
    return f"({value} and {{{', '.join(entries)}}})"


def hyphenated(digits: str) -> str:
    """A key as the API writes it, of its 32 digits."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def full_second(time: datetime) -> str:
    """A time without a fraction as the API writes it; both drivers give times in UTC."""
    return time.isoformat()[:19] + ".000000Z"


JSON_KINDS = (serializers.BaseSerializer, serializers.ListField, serializers.JSONField, JSONValueField)
# How a column becomes a value of the answer, by the kind of the serializer's field. orjson writes keys and
# times itself, but drops the fraction of a full second.
_ALIKE: dict[type, str] = {
    serializers.CharField: "{0}",
    serializers.ChoiceField: "{0}",
    serializers.IntegerField: "{0}",
    serializers.DateTimeField: "({0} if {0} is None or {0}.microsecond else full_second({0}))",
}
CODE: dict[str, dict[type, str]] = {
    "postgresql": {serializers.UUIDField: "{0}", serializers.BooleanField: "{0}", **_ALIKE},
    "sqlite": {
        serializers.UUIDField: "({0} and hyphenated({0}))",
        serializers.BooleanField: "({0} if {0} is None else bool({0}))",
        **_ALIKE,
    },
}
