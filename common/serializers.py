"""Serializers that take what they declare and refuse the rest."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, ClassVar, cast

from django.db import models
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.utils.serializer_helpers import BindingDict

from common.fields import (
    KeyField,
    LongTextField,
    NameField,
    StrictBooleanField,
    StrictChoiceField,
    StrictIntegerField,
    VisibleRelatedField,
    VisibleRelatedListField,
    WebAddressField,
)
from common.replay import is_replay

MAX_NAMED_FIELD = 50
# Of one object; a body of nothing else would have an answer ten times its size.
MAX_NAMED_FIELDS = 50


class BuiltOnce(serializers.Serializer):
    """Works its fields out once for each class, which takes long; every instance has copies of its own."""

    _built: ClassVar[dict[str, Any]]

    @cached_property
    def fields(self) -> BindingDict:
        kind = type(self)
        if "_built" not in vars(kind):
            # Copies as well, because the first instance is of one request.
            kind._built = _copies(super().fields, parent=None)
        fields = BindingDict(self)
        fields.fields = _copies(self._built, parent=self)
        return fields


def _copies(fields: Mapping[str, Any], parent: Any) -> dict[str, Any]:
    return {name: _copied(field, parent) for name, field in fields.items()}


def _copied(field: Any, parent: Any) -> Any:
    """A field of the same settings, bound to another parent."""
    # What `copy` does takes ten times as long.
    twin = object.__new__(type(field))
    twin.__dict__.update(field.__dict__)
    twin.parent = parent
    if isinstance(field, serializers.Serializer):
        twin.fields = BindingDict(twin)
        twin.fields.fields = _copies(field.fields, parent=twin)
    if hasattr(field, "child"):
        twin.child = _copied(field.child, twin)
    return twin


class StrictSerializer(BuiltOnce):
    """Refuses fields that it does not write, and resolves the keys it was sent.

    `fixed_fields` are written when a row is made and never again.
    """

    fixed_fields: ClassVar[tuple[str, ...]] = ()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise ValidationError({"_": [ErrorDetail("Not a JSON object.", "invalid")]})
        writable = {field.field_name for field in self._writable_fields}
        if self.instance is not None:
            writable.difference_update(self.fixed_fields)
        errors: dict[str, Any] = {
            name[:MAX_NAMED_FIELD]: [ErrorDetail("There is no such field to write.", "unknown_field")]
            for name in islice((name for name in data if name not in writable), MAX_NAMED_FIELDS)
        }
        try:
            values = super().to_internal_value(data)
        except ValidationError as invalid:
            errors = {**cast(dict, invalid.detail), **errors}
        if errors:
            raise ValidationError(errors)
        return values

    def resolve_references(self) -> None:
        """Replace each key by its row, as the sender may see it; a 400 names those that are not there."""
        viewer = self.context["request"].user
        errors: dict[str, Any] = {}
        for field in self._writable_fields:
            if not isinstance(field, VisibleRelatedField | VisibleRelatedListField):
                continue
            if self.validated_data.get(field.source):
                try:
                    row = field.resolve(self.validated_data[field.source], viewer)
                    self.validated_data[field.source] = row
                except ValidationError as invalid:
                    errors[str(field.field_name)] = invalid.detail
        if errors:
            raise ValidationError(errors)


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer):
    """A table's shape: limits come from the model, uniqueness is left to the database."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: NameField,
        models.TextField: LongTextField,
        models.URLField: WebAddressField,
        models.UUIDField: KeyField,
        models.BooleanField: StrictBooleanField,
        models.IntegerField: StrictIntegerField,
        models.PositiveIntegerField: StrictIntegerField,
        models.PositiveSmallIntegerField: StrictIntegerField,
        models.PositiveBigIntegerField: StrictIntegerField,
    }
    serializer_choice_field = StrictChoiceField

    def build_standard_field(self, field_name, model_field):
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        # A taken value is a conflict that the database decides, not a mistake in the form.
        kwargs.pop("validators", None)
        return field_class, kwargs

    def get_validators(self) -> list:
        return []


class EitherSerializer(serializers.Serializer):
    """A row in one of two shapes: `without` where the column `told_apart_by` is null, else `with_it`."""

    told_apart_by: ClassVar[str]
    without: ClassVar[type[serializers.Serializer]]
    with_it: ClassVar[type[serializers.Serializer]]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.shapes = self.without(), self.with_it()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return self.shapes[getattr(instance, self.told_apart_by) is not None].to_representation(instance)


def refuse_repeated_ids(items: list[dict[str, Any]]) -> None:
    """An id stands in a list of new rows once; those without one are told apart by nothing."""
    keys = [item.get("id") for item in items]
    again = {
        str(index): {"id": [ErrorDetail("This id stands in the list already.", "duplicate")]}
        for index, key in enumerate(keys)
        if key and key in keys[:index]
    }
    if again:
        raise ValidationError(again)


class ReplayableSerializer(StrictModelSerializer):
    """A row whose creator may choose its key, so that a repeated create is recognised."""

    id = KeyField(required=False)
    fixed_fields: ClassVar[tuple[str, ...]] = ("id",)

    def is_replayed_by(self, row: models.Model) -> bool:
        """Whether the row is what this body would make."""
        return is_replay(row, self.validated_data)
