"""Subjects and materials in the studio."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import SoftDeleteAdmin, TrashFilter, link_to_rows
from materials.models import Material, Subject


@admin.register(Subject)
class SubjectAdmin(SoftDeleteAdmin):
    """Subjects with the number of their materials."""

    list_display = ("name", "user", "materials", "updated_at", "deleted_at")
    list_filter = (TrashFilter,)
    list_select_related = ("user",)
    search_fields = ("name", "user__email")
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return Subject.objects.with_material_count()

    @admin.display(description="Materials")
    def materials(self, subject: Any) -> str:
        return link_to_rows(Material, subject.material_count, subject=subject)


@admin.register(Material)
class MaterialAdmin(SoftDeleteAdmin):
    """Materials; the text itself is on the material's own page."""

    list_display = ("title", "type", "subject", "user", "created_at", "deleted_at")
    list_filter = (TrashFilter, "type", "created_at")
    list_select_related = ("subject", "user")
    search_fields = ("title", "user__email")
    autocomplete_fields = ("user", "subject")
    readonly_fields = (
        *SoftDeleteAdmin.readonly_fields,
        "type",
        "content_truncated",
        "file",
        "file_name",
        "file_size",
        "file_type",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        # What belongs to a text, a file or an address is decided when a person adds it.
        return False
