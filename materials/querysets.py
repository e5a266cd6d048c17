"""Every read of materials."""

from collections.abc import Iterable
from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce

from common.querysets import SoftDeleteQuerySet


class SubjectQuerySet(SoftDeleteQuerySet):
    """Subjects."""

    def visible_to(self, user: Any) -> Self:
        """One's own live subjects."""
        return self.alive().filter(user=user)

    def in_trash_of(self, user: Any) -> Self:
        """One's own deleted subjects."""
        return self.deleted().filter(user=user)

    def with_material_count(self) -> Self:
        """With `material_count`, the live materials of each."""
        Material = apps.get_model("materials", "Material")
        live = (
            Material.objects.alive()
            .filter(subject=OuterRef("pk"))
            .order_by()
            .values("subject")
            .annotate(count=Count("pk"))
        )
        return self.annotate(material_count=Coalesce(Subquery(live.values("count")), 0))


class MaterialQuerySet(SoftDeleteQuerySet):
    """Materials."""

    def visible_to(self, user: Any) -> Self:
        """One's own live materials in live subjects."""
        return self.alive().in_live_subjects().filter(user=user)

    def in_trash_of(self, user: Any) -> Self:
        """One's own deleted materials; those of a deleted subject come back with the subject only."""
        return self.deleted().in_live_subjects().filter(user=user)

    def in_live_subjects(self) -> Self:
        # No join: an UPDATE over one finds its rows first and does not ask them again under the lock.
        subjects = apps.get_model("materials", "Subject").objects.alive()
        return self.filter(Exists(subjects.filter(pk=OuterRef("subject"))))

    def in_subject(self, key: UUID | None) -> Self:
        return self.filter(subject=key) if key else self

    def of_type(self, type: str | None) -> Self:
        return self.filter(type=type) if type else self

    def holding(self, key: UUID) -> Any:
        """The row of that key, held until the transaction ends; None where there is none."""
        return self.select_for_update().filter(pk=key).without_content().first()

    def files_among(self, names: Iterable[str]) -> set[str]:
        """Those of the names that are some material's file."""
        # Said although the names are never empty: the index holds only materials with a file.
        found = self.exclude(file="").filter(file__in=names)
        return set(found.order_by().values_list("file", flat=True))

    def without_content(self) -> Self:
        """For lists: the text itself, up to half a million characters, stays in the database."""
        return self.defer("content")
