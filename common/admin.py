"""How the studio shows and writes tables: relations to follow, a trash, and refusals in plain words."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import IntegrityError, models, transaction
from django.db.models import F, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now
from django.db.models.lookups import Contains
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode

from common.constraints import Worded, broken_constraint
from common.errors import DomainError
from common.forms import LongText, StudioForm
from common.functions import CountOf, Fold

# Nobody may guess at these, be it by filters in an address.
SECRET_COLUMNS = {"password", "token_digest", "session_data", "data", "extra_data", "token", "token_secret"}
# Beyond this many, the rows that point at one are only said to be more.
MANY = 1_000
MANY_INLINE = 100
_KEY = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def link_to_rows(model: type[Model], count: int | str, trash: str = "", **owner: Any) -> str:
    """A number that leads to the rows it counts: `link_to_rows(Message, 3, thread=thread)`.

    With `trash="none"` to the live ones alone.
    """
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    query = {f"{name}__id__exact": row.pk for name, row in owner.items()}
    if trash:
        query[TrashFilter.parameter_name] = trash
    return format_html('<a href="{}?{}">{}</a>', page, urlencode(query), count)


class CountUpToPaginator(Paginator):
    """Counts a table only as far as people page through it, so that a million rows cost no full scan."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        # The keys alone: what a list shows beside them, such as counts of other rows, is not worked out.
        return rows.order_by().values("pk")[: self.LIMIT].count()


class RowList(ChangeList):
    """A list with the columns that it shows, and none of the long ones that it does not."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet:
        return cast(TableAdmin, self.model_admin).listed(super().get_queryset(*args, **kwargs))


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


class RowWriting:
    """How a row is added, changed and removed; a table whose rows have rules among them says it otherwise."""

    def add_row(self, request: HttpRequest, row: Any) -> None:
        row.save()

    def change_row(self, request: HttpRequest, row: Any, columns: set[str]) -> None:
        # Only what the form has changed: the other columns may have moved since the page was opened.
        row.updated_at = Now()
        row.save(update_fields=[*columns, "updated_at"])

    def remove_row(self, request: HttpRequest, row: Any) -> None:
        row.delete()


class FirstRows(BaseInlineFormSet):
    """The first rows that belong to a row; all of them are a link away."""

    def get_queryset(self) -> Any:
        if not hasattr(self, "_first"):
            self._first = super().get_queryset()[:MANY_INLINE]
        return self._first


class FormRules:
    """Forms are held to the rules of the API."""

    form: Any = StudioForm
    formfield_overrides: Any = {models.TextField: {"form_class": LongText}}


class InlineAdmin(FormRules):
    """Rows on the page of the row that they belong to."""

    formset: Any = FirstRows


class TableAdmin(RowWriting, FormRules, admin.ModelAdmin):
    """A table that may be long."""

    paginator = CountUpToPaginator
    show_full_result_count = False
    # A count beside each choice of a filter would go through the whole table for each.
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    readonly_fields: ClassVar[tuple[str, ...]] = ("id", "created_at", "updated_at")
    # Given when a row is added, and never again.
    fixed_fields: ClassVar[tuple[str, ...]] = ()
    # Where a key that is pasted into the search is looked for.
    search_keys: ClassVar[tuple[str, ...]] = ("pk",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, *self.fixed_fields) if obj else fields

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RowList

    def listed(self, rows: Any) -> QuerySet:
        """The rows of a list, with what it shows beside their columns and without what it does not."""
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        term = search_term.strip()
        if re.fullmatch(_KEY, term):
            found = Q()
            for name in self.search_keys:
                found |= Q(**{name: term.lower()})
            return queryset.filter(found), False
        for word in term.split():
            queryset = queryset.filter(self._holds(word))
        return queryset, False

    def _holds(self, word: str) -> Q:
        """The word in one of the columns, inside words too, with the case of every letter folded."""
        found = Q(pk__in=[])
        for name in self.search_fields:
            if name not in self.search_keys:
                found |= Q(Contains(Fold(F(name)), Fold(Value(word))))
        return found

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        if not {*lookup.split("__")}.isdisjoint(SECRET_COLUMNS):
            return False
        return super().lookup_allowed(lookup, value, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Rows leave for good by `purge` alone, which takes what hangs on them along.
        return False

    # --- Relations, the way back: forms lead to what a row points at, these links to what points at it.

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        context["rows_here"] = self._rows_that_point_at(row, request) if row else []
        return super().render_change_form(request, context, *args, **kwargs)

    def _rows_that_point_at(self, row: Model, request: HttpRequest) -> list[tuple[str, str]]:
        """Each table with a key of this row, and a counted link to its rows; counted in one statement."""
        relations = list(self._relations(request))
        if not relations:
            return []
        counts = (
            CountOf(
                relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
                .order_by()
                .values("pk")[: MANY + 1]
            )
            for relation in relations
        )
        found = self.model._base_manager.filter(pk=row.pk).values_list(*counts).first() or ()
        links = []
        for relation, count in zip(relations, found, strict=False):
            owner: dict[str, Any] = {relation.field.name: row}
            shown = count if count <= MANY else f"more than {MANY:,}"
            links.append((_name_of(relation), link_to_rows(relation.related_model, shown, **owner)))
        return links

    def _relations(self, request: HttpRequest) -> Iterable[Any]:
        """The keys and sets of other tables that point here, where this person may see those tables.

        Read off the models, so that an app to the right needs no word of it here; `deleted_by` has no name
        for its way back and stays out.
        """
        for relation in self.model._meta.get_fields():
            related: Any = relation.auto_created and not relation.concrete and relation.related_model
            tables = self.admin_site._registry
            is_many = relation.one_to_many or relation.many_to_many
            if is_many and related in tables and tables[related].has_view_permission(request):
                yield relation

    # --- Writing: what the database or a service refuses is said on the form, as it was sent.

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.refused = getattr(request, "refused", None)
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (DomainError, IntegrityError) as refusal:
            cast(Any, request).refused = self._reason(refusal)
        return super().changeform_view(request, *args, **kwargs)

    def _reason(self, refusal: DomainError | IntegrityError) -> tuple[str, str]:
        """The field that a refusal is about, if it is about one, and the reason in plain words."""
        if isinstance(refusal, DomainError):
            return "", refusal.message
        name = broken_constraint(refusal)
        for rule in self.model._meta.constraints:
            if rule.name == name and isinstance(rule, Worded):
                return rule.field, rule.message
        return "", "Not saved: a rule of the table forbids these values, or another row has them already."

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changelist_view(request, *args, **kwargs)
        except DomainError as refusal:
            return self._back(request, refusal, request.get_full_path())

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().delete_view(request, object_id, *args, **kwargs)
        except DomainError as refusal:
            return self._back(request, refusal, request.get_full_path())

    def _back(self, request: HttpRequest, refusal: DomainError, page: str) -> HttpResponse:
        self.message_user(request, refusal.message, messages.ERROR)
        return HttpResponseRedirect(page)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            self.add_row(request, obj)
        elif columns := _columns(obj, form.changed_data):
            self.change_row(request, obj, columns)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        rows = RowWriting()
        for row in formset.deleted_objects:
            rows.remove_row(request, row)
        for row, changed in formset.changed_objects:
            rows.change_row(request, row, _columns(row, changed))
        for row in formset.new_objects:
            rows.add_row(request, row)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove_row(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        # In one order, so that two of these never wait for each other.
        for row in queryset.order_by("pk"):
            self.remove_row(request, row)


def _columns(row: Model, names: Iterable[str]) -> set[str]:
    return {field.name for field in row._meta.concrete_fields}.intersection(names)


def _name_of(relation: Any) -> str:
    """What the rows behind a relation are to the row that they point at."""
    name = relation.related_name or str(relation.related_model._meta.verbose_name_plural)
    return str(name).replace("_", " ").capitalize()


class SoftDeleteAdmin(TableAdmin):
    """A table with a trash: deleted rows are listed, hidden and brought back."""

    readonly_fields = (*TableAdmin.readonly_fields, "deleted_at", "deleted_by")
    actions = ("hide", "bring_back")

    @admin.action(description="Hide: put in the trash", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: Any) -> None:
        count = self.hide_rows(request, queryset)
        self.message_user(request, f"{count} put in the trash.")

    @admin.action(description="Bring back from the trash", permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: Any) -> None:
        try:
            with transaction.atomic():
                count = self.bring_rows_back(queryset)
        except IntegrityError:
            message = "Nothing brought back: a live row stands in the place of one of them."
            self.message_user(request, message, messages.ERROR)
        else:
            self.message_user(request, f"{count} brought back.")

    def hide_rows(self, request: HttpRequest, rows: Any) -> int:
        """Put rows in the trash, with what goes along; how many there were."""
        return rows.soft_delete(by=request.user)

    def bring_rows_back(self, rows: Any) -> int:
        """Bring rows back from the trash, with what comes along; how many there were."""
        return rows.restore()
