"""How the studio shows tables that have a trash."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode

# Nobody may guess at these, be it by filters in an address.
SECRET_COLUMNS = {"password", "token_digest", "session_data"}


def link_to_rows(model: type[Model], count: int, **owner: Model) -> str:
    """A number that leads to the rows it counts: `link_to_rows(Message, 3, thread=thread)`."""
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    query = urlencode({f"{name}__id__exact": row.pk for name, row in owner.items()})
    return format_html('<a href="{}?{}">{}</a>', page, query, count)


class CountUpToPaginator(Paginator):
    """Counts a table only as far as people page through it, so that a million rows cost no full scan."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: self.LIMIT].count()


class TrashFilter(admin.SimpleListFilter):
    """Live rows, the trash, or both."""

    title = "trash"
    parameter_name = "trash"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("only", "In the trash"), ("none", "Not in the trash")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == "only":
            return queryset.deleted()
        if self.value() == "none":
            return queryset.alive()
        return queryset


class TableAdmin(admin.ModelAdmin):
    """A table that may be long."""

    paginator = CountUpToPaginator
    show_full_result_count = False
    list_per_page = 50
    readonly_fields: ClassVar[tuple[str, ...]] = ("id", "created_at", "updated_at")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        if not {*lookup.split("__")}.isdisjoint(SECRET_COLUMNS):
            return False
        return super().lookup_allowed(lookup, value, request)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            message = "Not saved: a rule of the table forbids this value beside the others of the row."
            self.message_user(request, message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Rows leave for good by `purge` alone, which takes what hangs on them along.
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.save()
            return
        # Only what the form has changed: the other columns may have moved since the page was opened.
        columns = {field.name for field in obj._meta.concrete_fields}.intersection(form.changed_data)
        if columns:
            obj.updated_at = Now()
            obj.save(update_fields=[*columns, "updated_at"])


class SoftDeleteAdmin(TableAdmin):
    """A table with a trash: deleted rows are listed, hidden and brought back."""

    readonly_fields = (*TableAdmin.readonly_fields, "deleted_at", "deleted_by")
    actions = ("hide", "bring_back")

    @admin.action(description="Hide: put in the trash", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: Any) -> None:
        count = queryset.soft_delete(by=request.user)
        self.message_user(request, f"{count} put in the trash.")

    @admin.action(description="Bring back from the trash", permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: Any) -> None:
        try:
            with transaction.atomic():
                count = queryset.restore()
        except IntegrityError:
            message = "Nothing brought back: a live row stands in the place of one of them."
            self.message_user(request, message, messages.ERROR)
        else:
            self.message_user(request, f"{count} brought back.")
