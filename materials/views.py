"""The addresses of materials."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request, is_form_media_type

from common.downloads import AnyType, documented_download
from common.errors import IdConflict
from common.parsers import StrictJSONParser, StrictMultipartParser
from common.views import LibraryViewSet
from materials import services
from materials.downloads import download
from materials.models import MEDIA_TYPES, UNKNOWN_TYPE, Material, MaterialType, Subject
from materials.serializers import (
    MaterialListSerializer,
    MaterialQuery,
    MaterialSerializer,
    MaterialUploadSerializer,
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


BODIES = {"application/json": MaterialSerializer, "multipart/form-data": MaterialUploadSerializer}


@extend_schema_view(
    create=extend_schema(request=BODIES),
    partial_update=extend_schema(request=BODIES),
)
class MaterialViewSet(LibraryViewSet):
    """One's materials."""

    queryset = Material.objects.all()
    serializer_class = MaterialSerializer
    compiled = {"list", "retrieve"}
    queries = {"list": MaterialQuery}
    conflicts = {"create": (IdConflict,)}
    parser_classes = (StrictJSONParser, StrictMultipartParser)
    max_body_bytes = 10 * 2**20

    def get_queryset(self):
        rows = self.scope(Material.objects)
        return rows.of_type(MaterialType.FILE) if "file" in self.action_map.values() else rows

    def get_serializer_class(self):
        if self.action == "list":
            return MaterialListSerializer
        is_form = self.action != "retrieve" and is_form_media_type(self.request.content_type)
        return MaterialUploadSerializer if is_form else MaterialSerializer

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
        values = serializer.validated_data
        if values["type"] == MaterialType.FILE:
            sent = {name: value for name, value in values.items() if name != "type"}
            serializer.instance = services.add_file(owner=self.viewer, **sent)
        else:
            serializer.instance = services.create_material(owner=self.viewer, **values)

    def perform_update(self, serializer: Any) -> None:
        values = serializer.validated_data
        change = services.replace_file if "file" in values else services.change_material
        change(material_id=serializer.instance.pk, by=self.viewer, **values)

    def perform_destroy(self, instance: Material) -> None:
        services.delete_material(material_id=instance.pk, by=self.viewer)

    def perform_restore(self, key) -> None:
        services.restore_material(material_id=key, by=self.viewer)

    @extend_schema(**documented_download([*MEDIA_TYPES.values(), UNKNOWN_TYPE]))
    @action(detail=True, content_negotiation_class=AnyType)
    def file(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Download the file of a material, whole or in part."""
        return download(request._request, self.get_object())
