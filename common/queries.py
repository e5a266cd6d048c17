"""The query parameters of an address: declared like a body, and as strict."""

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.constraints import MAX_INTEGER
from common.fields import StrictCharField
from common.serializers import MAX_NAMED_FIELD, StrictSerializer

_DIGITS = re.compile(r"-?[0-9]{1,20}", re.ASCII)


def read_query(text: str, declared: type[serializers.Serializer]) -> dict[str, Any]:
    """The parameters of a query string as declared; unknown, repeated or unreadable ones are a 400.

    `text` is as the server hands it over: each byte of the wire is one character of Latin 1.
    """
    try:
        raw = unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raw = "\0"
    if "\0" in raw:
        raise ValidationError({"_": [ErrorDetail("The query is not valid UTF-8 text.", "invalid")]})
    sent = QueryDict(text.encode("latin-1"))
    repeated = {
        name[:MAX_NAMED_FIELD]: [ErrorDetail("Give this parameter once.", "repeated")]
        for name, values in sent.lists()
        if len(values) > 1
    }
    if repeated:
        raise ValidationError(repeated)
    query = declared(data=sent.dict())
    query.is_valid(raise_exception=True)
    return query.validated_data


class NumberParameter(serializers.IntegerField):
    """A whole number in ASCII digits, without blanks."""

    def to_internal_value(self, data: Any) -> int:
        if not _DIGITS.fullmatch(data):
            self.fail("invalid")
        return int(data)


class SearchParameter(StrictCharField):
    """Words to look for; empty is as if absent."""

    def __init__(self):
        super().__init__(required=False, allow_blank=True, default="", max_length=200)
        self.keywords = {"pattern": "^[^\\u0000]*$"}


class TrueParameter(serializers.Field):
    """`true` or `false`."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if data not in {"true", "false"}:
            self.fail("invalid")
        return data == "true"

    def to_representation(self, value: bool) -> bool:
        return value


extend_schema_field(OpenApiTypes.BOOL)(TrueParameter)


@extend_schema_field(OpenApiTypes.STR)
class OrderingParameter(serializers.Field):
    """Column names separated by commas, `-` reversing; empty is as if absent."""

    default_error_messages = {"invalid_choice": "The list cannot be ordered by that."}

    def __init__(self, *names: str, default: str):
        super().__init__(
            required=False,
            default=default,
            help_text=f"Comma-separated: {', '.join(names)}; `-` reverses. Default `{default}`.",
        )
        self.names, self.usual = names, default
        key = f"-?({'|'.join(names)})"
        self.keywords = {"pattern": f"^({key}(,{key})*)?$"}

    def get_default(self) -> list[str]:
        return self.usual.split(",")

    def to_internal_value(self, data: str) -> list[str]:
        keys = data.split(",") if data else self.get_default()
        names = [key.removeprefix("-") for key in keys]
        if len(set(names)) != len(names) or not set(names) <= set(self.names):
            self.fail("invalid_choice")
        return keys

    def to_representation(self, value: list[str]) -> str:
        # The default reaches the document as it is declared.
        return value if isinstance(value, str) else ",".join(value)


class NoQuery(StrictSerializer):
    """An address without query parameters."""


class PageQuery(StrictSerializer):
    """A page of a library."""

    page = NumberParameter(min_value=1, max_value=10**9, default=1)
    page_size = NumberParameter(min_value=1, max_value=100, default=20)


class TrashQuery(PageQuery):
    """A page of a library or, with `deleted=true`, of its trash."""

    deleted = TrueParameter(default=False)


class HistoryQuery(StrictSerializer):
    """A window of a numbered history."""

    before = NumberParameter(min_value=0, max_value=MAX_INTEGER, required=False)
    after = NumberParameter(min_value=0, max_value=MAX_INTEGER, required=False)
    limit = NumberParameter(min_value=1, max_value=200, default=50)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "before" in attrs and "after" in attrs:
            raise serializers.ValidationError("Use before or after, not both.", code="invalid")
        return attrs


class TailQuery(StrictSerializer):
    """The tail of a history, to be dropped."""

    after = NumberParameter(min_value=0, max_value=MAX_INTEGER)
