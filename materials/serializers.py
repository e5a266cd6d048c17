"""The shapes of materials."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.fields import KeyField, StrictChoiceField, VisibleRelatedField
from common.queries import OrderingParameter, SearchParameter, TrashQuery
from common.serializers import ReplayableSerializer
from materials.models import Material, MaterialType, Subject


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
        if type == MaterialType.FILE and self.instance is None:
            errors["file"] = [ErrorDetail("Send the file as multipart/form-data.", "required")]
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
