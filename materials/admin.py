"""Subjects and materials in the studio."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import SoftDeleteAdmin, TrashFilter, link_to_rows
from common.forms import held_to
from materials.models import Material, Subject
from materials.serializers import MaterialSerializer, SubjectSerializer


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
        "file",
        "file_name",
        "file_size",
        "file_type",
    )

    def listed(self, rows: Any) -> Any:
        return rows.without_content()

    def has_add_permission(self, request: HttpRequest) -> bool:
        # What belongs to a text, a file or an address is decided when a person adds it.
        return False
