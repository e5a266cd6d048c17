"""The shapes of materials."""

from dataclasses import replace
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.fields import KeyField, NameField, StrictChoiceField, VisibleRelatedField
from common.queries import OrderingParameter, SearchParameter, TrashQuery
from common.replay import is_replay
from common.serializers import ReplayableSerializer
from common.uploads import Upload
from materials.files import look_into
from materials.models import Material, MaterialType, Subject
from materials.store import has_bytes_of


class SubjectSerializer(ReplayableSerializer):
    """A subject with the number of its materials."""

    material_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Subject
        fields = ("id", "name", "description", "material_count", "created_at", "updated_at")


class MaterialSerializer(ReplayableSerializer):
    """A material, whole."""

    fixed_fields = ("id", "type")

    subject = VisibleRelatedField(queryset=Subject.objects.all())

    class Meta:
        model = Material
        fields: tuple[str, ...] = (
            "id",
            "subject",
            "title",
            "type",
            "content",
            "content_truncated",
            "url",
            "file_name",
            "file_size",
            "file_type",
            "created_at",
            "updated_at",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        type = attrs["type"] if self.instance is None else self.instance.type
        errors = {}
        if type == MaterialType.FILE:
            if self.instance is None and "file" not in attrs:
                errors["file"] = [ErrorDetail("Send the file as multipart/form-data.", "required")]
            if attrs.get("content") and (self.instance is None or "file" in attrs):
                errors["content"] = [ErrorDetail("The text of a file comes from the file.", "not_allowed")]
        elif "file" in attrs:
            errors["file"] = [ErrorDetail("Only a material of type file has one.", "not_allowed")]
        if type == MaterialType.URL:
            if not attrs.get("url", "") and (self.instance is None or "url" in attrs):
                errors["url"] = [ErrorDetail("This field is required.", "required")]
            if attrs.get("content"):
                errors["content"] = [ErrorDetail("A web address has no content.", "not_allowed")]
        elif attrs.get("url"):
            errors["url"] = [ErrorDetail("Only a material of type url has one.", "not_allowed")]
        if errors:
            raise ValidationError(errors)
        return attrs


class FileField(serializers.FileField):
    """A file of a kind that is kept, under a name without the folders that it had; looked into."""

    default_error_messages = {"invalid": "Not a file.", "blank": "This file has no name."}
    _name = NameField(max_length=Material._meta.get_field("file_name").max_length)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Upload):
            self.fail("invalid")
        name = data.sent_name.replace("\\", "/").rpartition("/")[2].strip()
        if not name:
            self.fail("blank")
        # The kind first: what is none of them is refused as such, whatever it is called.
        seen = look_into(data, name)
        return replace(seen, name=self._name.run_validation(name))


class MaterialUploadSerializer(MaterialSerializer):
    """A material as a form sends it, with a file."""

    file = FileField(write_only=True, required=False)

    class Meta(MaterialSerializer.Meta):
        fields = (*MaterialSerializer.Meta.fields, "file")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if "file" in attrs:
            # Forms send empty fields along; these say nothing of a file.
            attrs = {name: value for name, value in attrs.items() if name not in {"content", "url"}}
        return attrs

    def is_replayed_by(self, row: Any) -> bool:
        sent = dict(self.validated_data)
        file = sent.pop("file", None)
        return is_replay(row, sent) and (file is None or has_bytes_of(row, file.upload))


class MaterialListSerializer(MaterialSerializer):
    """A material in a list, without its text."""

    class Meta(MaterialSerializer.Meta):
        fields = tuple(name for name in MaterialSerializer.Meta.fields if name != "content")


class SubjectQuery(TrashQuery):
    """A page of one's subjects."""

    ordering = OrderingParameter("name", "created_at", "updated_at", default="-updated_at")


class MaterialQuery(TrashQuery):
    """A page of one's materials."""

    subject = KeyField(required=False)
    type = StrictChoiceField(choices=MaterialType.choices, required=False)
    search = SearchParameter()
    ordering = OrderingParameter("title", "created_at", "updated_at", default="-created_at")
