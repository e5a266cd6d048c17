"""The studio's forms, which hold what staff write to the rules of the API."""

import re
from typing import Any, cast

from django import forms
from django.core.exceptions import FieldDoesNotExist
from rest_framework.exceptions import ValidationError
from rest_framework.fields import Field

from common.fields import VisibleRelatedField
from common.serializers import StrictModelSerializer, StrictSerializer


class LongText(forms.CharField):
    """A text of many lines, kept as it was written: a browser ends each line in two characters."""

    def __init__(self, **kwargs: Any):
        super().__init__(**{**kwargs, "strip": False})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return re.sub("\r\n?", "\n", text) if text else text

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.to_python(initial), data)


class StudioForm(forms.ModelForm):
    """A row that staff write; what they change goes through the fields that the API has for it.

    `rules` is the serializer that has them. A column that it does not write goes by its type alone.
    """

    rules: type[StrictSerializer] = StrictSerializer
    # Why the database or a service has refused this form a moment ago: a field, or none, and the reason.
    refused: tuple[str, str] | None = None

    def clean(self) -> Any:
        super().clean()
        if self.refused:
            name, reason = self.refused
            self.add_error(name if name in self.fields else None, reason)
        written = self.rules().fields
        for name in self.changed_data:
            if name in self.cleaned_data and (rule := self._rule(name, written.get(name))):
                self._hold_to(rule, name)
        return self.cleaned_data

    def _rule(self, name: str, written: Any) -> Field | None:
        if written is not None and not written.read_only:
            return written
        try:
            column = self._meta.model._meta.get_field(name)
        except FieldDoesNotExist:
            return None
        if column.is_relation:
            return None
        kind, settings = StrictModelSerializer().build_standard_field(name, column)
        return kind(**settings)

    def _hold_to(self, rule: Field, name: str) -> None:
        value = self.cleaned_data[name]
        try:
            if not isinstance(rule, VisibleRelatedField):
                self.cleaned_data[name] = rule.run_validation(value)
            elif value is not None:
                rule.resolve(value.pk, self._owner())
        except ValidationError as invalid:
            if isinstance(rule, VisibleRelatedField):
                self.add_error(name, "This one is somebody else's, deleted or deactivated.")
            else:
                self.add_error(name, [str(reason) for reason in cast(list, invalid.detail)])

    def _owner(self) -> Any:
        """The person whose row this is, and whose rows it may point at."""
        return self.cleaned_data.get("user") or getattr(self.instance, "user", None)


def held_to(rules: type[StrictSerializer]) -> type[StudioForm]:
    """A form that is held to the fields of a serializer."""
    return type("HeldForm", (StudioForm,), {"rules": rules})
