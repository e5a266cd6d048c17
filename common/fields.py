"""Serializer fields that take a value of their own type and no other, and say plainly what is wrong."""

import json
import re
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError as InvalidValue
from django.core.validators import URLValidator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from common.constraints import MAX_INTEGER
from common.text import NAME, TEXT, has_separators, is_visible, normalised, suits_a_name, suits_a_text


class StrictCharField(serializers.CharField):
    """A JSON string, in NFC; a number or a boolean is not one.

    `keywords` say in JSON Schema what the OpenAPI document should know of a field beside its limits.
    """

    keywords: Any = {}

    default_error_messages = {
        "invalid": "Not a text.",
        "characters": "This text holds characters that are not allowed here.",
    }

    def run_validation(self, data=serializers.empty):
        # The base class would turn "  " into "" before the type is known.
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        if self.trim_whitespace and isinstance(data, str) and has_separators(data):
            self.fail("characters")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        value = normalised(super().to_internal_value(data))
        # Ahead of all that looks at each character.
        if self.max_length is not None and len(value) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return value


class NameField(StrictCharField):
    """A name or title: trimmed, something to see, nothing hidden in it."""

    @property
    def keywords(self) -> dict[str, Any]:
        return {"pattern": NAME.any if self.allow_blank else NAME.filled}

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not suits_a_name(value):
            self.fail("characters")
        if value and not is_visible(value):
            self.fail("blank")
        return value


class LongTextField(StrictCharField):
    """A text of many lines, kept as it was written."""

    def __init__(self, **kwargs):
        super().__init__(trim_whitespace=False, **kwargs)

    @property
    def keywords(self) -> dict[str, Any]:
        return {"pattern": TEXT.any if self.allow_blank else TEXT.filled}

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not suits_a_text(value):
            self.fail("characters")
        if not self.allow_blank and not is_visible(value):
            self.fail("blank")
        return value


class WebAddressField(StrictCharField):
    """An http or https address of at most 2,000 characters, without a log-in inside."""

    default_error_messages = {"invalid_url": "Not an http or https address."}
    _valid = URLValidator(schemes=["http", "https"])

    def __init__(self, **kwargs):
        kwargs.setdefault("max_length", 2000)
        super().__init__(trim_whitespace=False, **kwargs)

    @property
    def keywords(self) -> dict[str, Any]:
        return {
            "pattern": r"^([hH][tT][tT][pP][sS]?://.+)?$"
            if self.allow_blank
            else r"^[hH][tT][tT][pP][sS]?://.+$"
        }

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value and not self._is_web_address(value):
            self.fail("invalid_url")
        return value

    def _is_web_address(self, value: str) -> bool:
        try:
            self._valid(value)
            parts = urlsplit(value)
            plain = "@" not in parts.netloc and parts.port != 0 and suits_a_name(value)
            labels = (parts.hostname or "").encode("idna").decode("ascii").split(".")
        except (InvalidValue, ValueError):
            return False
        return plain and all(map(_stands_for_a_name, labels))


def _stands_for_a_name(label: str) -> bool:
    """Whether a part of a host, if it is in punycode, is the punycode of something."""
    if not label.startswith("xn--"):
        return True
    try:
        name = label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    return suits_a_name(name) and not name.isascii()


_HYPHENATED = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

_NO_KEYS = [str(UUID(int=0)), str(UUID(int=2**128 - 1))]


class KeyField(serializers.UUIDField):
    """A key as a hyphenated UUID; never the nil or the max one."""

    keywords: ClassVar[dict[str, Any]] = {"pattern": _HYPHENATED, "not": {"enum": _NO_KEYS}}

    default_error_messages = {"invalid": "Not a valid UUID."}

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not re.fullmatch(_HYPHENATED, data):
            self.fail("invalid")
        key = UUID(data)
        if str(key) in _NO_KEYS:
            self.fail("invalid")
        return key


class StrictIntegerField(serializers.IntegerField):
    """A JSON number without a fraction; bounded, so that both databases keep it."""

    def __init__(self, **kwargs):
        # What a model field brings along is its database's own limit, which is another on each.
        kwargs["max_value"] = min(kwargs.get("max_value", MAX_INTEGER), MAX_INTEGER)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class StrictBooleanField(serializers.BooleanField):
    """true or false."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class StrictChoiceField(serializers.ChoiceField):
    """One word of a closed list."""

    default_error_messages = {"invalid_choice": "Not one of the choices."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice")
        return data


class JSONValueField(serializers.Field):
    """A JSON value of one kind, at most `max_bytes` of UTF-8 JSON or `max_items` entries."""

    kind: Any
    default_error_messages = {
        "too_large": "At most {max_bytes} bytes of JSON.",
        "max_length": "At most {max_items} entries.",
    }

    def __init__(self, *, max_bytes: int | None = None, max_items: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.max_bytes, self.max_items = max_bytes, max_items
        self.keywords = {} if max_items is None else {"maxItems": max_items}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, self.kind):
            self.fail("invalid")
        if self.max_items is not None and len(data) > self.max_items:
            self.fail("max_length", max_items=self.max_items)
        if self.max_bytes is not None:
            size = len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
            if size > self.max_bytes:
                self.fail("too_large", max_bytes=self.max_bytes)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.OBJECT)
class JSONObjectField(JSONValueField):
    """A JSON object."""

    kind = dict
    default_error_messages = {"invalid": "Not a JSON object."}


@extend_schema_field({"type": "array", "items": {}})
class JSONListField(JSONValueField):
    """A JSON list."""

    kind = list
    default_error_messages = {"invalid": "Not a JSON list."}


class VisibleRelatedField(KeyField):
    """The key of a row that its sender can see.

    `read_from` names the column that is read, where it is not the foreign key's own. The shape is checked
    with the other fields. That the row is there and visible is checked by
    `StrictSerializer.resolve_references`, after a repeated create has been recognised.
    """

    default_error_messages = {"does_not_exist": "No such row."}

    def __init__(self, *, queryset: Any, read_from: str = "", **kwargs):
        super().__init__(**kwargs)
        self.queryset, self.read_from = queryset, read_from

    def get_attribute(self, instance: Any) -> Any:
        # The key alone: the row behind it is never fetched for an answer.
        return getattr(instance, self.read_from or f"{self.source}_id")

    def resolve(self, key: UUID, viewer: Any) -> Any:
        """The row behind the key; fails as `does_not_exist` for one that the viewer cannot see."""
        row = self.queryset.visible_to(viewer).filter(pk=key).first()
        if row is None:
            self.fail("does_not_exist")
        return row


class VisibleRelatedListField(serializers.ListField):
    """The keys of rows that their sender can see; a repeated one counts once."""

    child = KeyField()
    default_error_messages = VisibleRelatedField.default_error_messages

    def __init__(self, *, queryset: Any, **kwargs):
        super().__init__(**kwargs)
        self.queryset = queryset

    def resolve(self, keys: list[UUID], viewer: Any) -> list[Any]:
        """The rows behind the keys; fails as `does_not_exist` at each that the viewer cannot see."""
        rows = self.queryset.visible_to(viewer).in_bulk(keys)
        missing = ErrorDetail(str(self.error_messages["does_not_exist"]), "does_not_exist")
        errors = {str(place): [missing] for place, key in enumerate(keys) if key not in rows}
        if errors:
            raise serializers.ValidationError(errors)
        return list(rows.values())
