"""The addresses of materials."""

from typing import Any

from django.shortcuts import get_object_or_404

from common.views import LibraryViewSet
from materials import services
from materials.models import Material, Subject
from materials.serializers import (
    MaterialListSerializer,
    MaterialQuery,
    MaterialSerializer,
    SubjectQuery,
    SubjectSerializer,
)


class SubjectViewSet(LibraryViewSet):
    """One's subjects."""

    queryset = Subject.objects.all()
    serializer_class = SubjectSerializer
    queries = {"list": SubjectQuery}

    def get_queryset(self):
        return self.scope(Subject.objects).with_material_count()

    def listed(self, queryset):
        return queryset.sorted_by(*self.query["ordering"])

    def perform_create(self, serializer: Any) -> None:
        subject = services.create_subject(owner=self.viewer, **serializer.validated_data)
        serializer.instance = get_object_or_404(self.get_queryset(), pk=subject.pk)

    def perform_update(self, serializer: Any) -> None:
        services.change_subject(
            subject_id=serializer.instance.pk, by=self.viewer, **serializer.validated_data
        )

    def perform_destroy(self, instance: Subject) -> None:
        services.delete_subject(subject_id=instance.pk, by=self.viewer)

    def perform_restore(self, key) -> None:
        services.restore_subject(subject_id=key, by=self.viewer)


class MaterialViewSet(LibraryViewSet):
    """One's materials."""

    queryset = Material.objects.all()
    serializer_class = MaterialSerializer
    queries = {"list": MaterialQuery}
    max_body_bytes = 10 * 2**20

    def get_queryset(self):
        return self.scope(Material.objects)

    def get_serializer_class(self):
        return MaterialListSerializer if self.action == "list" else MaterialSerializer

    def listed(self, queryset):
        query = self.query
        return (
            queryset.in_subject(query.get("subject"))
            .of_type(query.get("type"))
            .matching(query["search"], "title", "content")
            .sorted_by(*query["ordering"])
            .without_content()
        )

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = services.create_material(owner=self.viewer, **serializer.validated_data)

    def perform_update(self, serializer: Any) -> None:
        services.change_material(
            material_id=serializer.instance.pk, by=self.viewer, **serializer.validated_data
        )

    def perform_destroy(self, instance: Material) -> None:
        services.delete_material(material_id=instance.pk, by=self.viewer)

    def perform_restore(self, key) -> None:
        services.restore_material(material_id=key, by=self.viewer)
