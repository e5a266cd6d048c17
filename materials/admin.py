"""Subjects and materials in the studio."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html

from common.admin import SoftDeleteAdmin, TrashFilter, link_to_rows
from common.forms import held_to
from materials.downloads import download
from materials.models import Material, Subject
from materials.serializers import MaterialSerializer, SubjectSerializer
from materials.store import FileMissing


@admin.register(Subject)
class SubjectAdmin(SoftDeleteAdmin):
    """Subjects with the number of their materials."""

    form = held_to(SubjectSerializer)
    list_display = ("name", "user", "materials", "updated_at", "deleted_at")
    list_filter = (TrashFilter,)
    list_select_related = ("user",)
    search_fields = ("name", "user__email")
    # The materials in it are its owner's.
    autocomplete_fields = fixed_fields = ("user",)

    def listed(self, rows: Any) -> Any:
        return rows.with_material_count()

    @admin.display(description="Materials")
    def materials(self, subject: Any) -> str:
        return link_to_rows(Material, subject.material_count, trash="none", subject=subject)


@admin.register(Material)
class MaterialAdmin(SoftDeleteAdmin):
    """Materials; the text itself is on the material's own page."""

    form = held_to(MaterialSerializer)
    list_display = ("title", "type", "subject", "user", "created_at", "deleted_at")
    list_filter = (TrashFilter, "type", "created_at")
    list_select_related = ("subject", "user")
    search_fields = ("title", "user__email")
    autocomplete_fields = ("subject",)
    readonly_fields = (
        *SoftDeleteAdmin.readonly_fields,
        # The subject that it is in is its owner's.
        "user",
        "type",
        "content_truncated",
        "kept_file",
        "file_name",
        "file_size",
        "file_type",
    )

    def listed(self, rows: Any) -> Any:
        return rows.without_content()

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.download)
        return [path("<uuid:key>/file/", view, name="materials_material_file"), *super().get_urls()]

    def download(self, request: HttpRequest, key: UUID) -> HttpResponseBase:
        """The file, for staff who may see materials, also of one in the trash."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        material = get_object_or_404(Material, pk=key)
        if not material.file:
            raise Http404
        try:
            return download(request, material)
        except FileMissing:
            raise Http404 from None

    @admin.display(description="File")
    def kept_file(self, material: Material) -> str:
        if not material.file:
            return self.get_empty_value_display()
        address = reverse("admin:materials_material_file", args=[material.pk])
        return format_html('<a href="{}">Download</a>', address)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # What belongs to a text, a file or an address is decided when a person adds it.
        return False
