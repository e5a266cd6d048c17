"""Every read of threads."""

from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject, Left

from common.functions import ISOTime
from common.querysets import SoftDeleteQuerySet

PREVIEW_LENGTH = 200


class ThreadQuerySet(SoftDeleteQuerySet):
    """Threads."""

    def visible_to(self, user: Any) -> Self:
        """One's own live threads."""
        return self.alive().filter(user=user)

    def in_trash_of(self, user: Any) -> Self:
        """One's own deleted threads."""
        return self.deleted().filter(user=user)

    def with_live_material(self) -> Self:
        """With `live_material_id`: the material while it and its subject are not deleted, else null."""
        live = _live_materials().filter(pk=OuterRef("material_id"))
        return self.annotate(live_material_id=Subquery(live.values("pk")))

    def about(self, material: UUID | None) -> Self:
        """The threads about a live material; all where none is named."""
        if material is None:
            return self
        return self.filter(material__in=_live_materials().filter(pk=material))

    def with_message_count(self) -> Self:
        """With `message_count`, the live messages of each."""
        counted = _live_messages().order_by().values("thread").annotate(count=Count("pk"))
        return self.annotate(message_count=Coalesce(Subquery(counted.values("count")), 0))

    def with_last_message(self) -> Self:
        """With `last_message`: number, speaker, beginning and time of the latest live one, or null."""
        preview = JSONObject(
            seq="seq",
            role="role",
            content=Left("content", PREVIEW_LENGTH),
            created_at=ISOTime("created_at"),
        )
        last = _live_messages().order_by("-seq").annotate(preview=preview).values("preview")[:1]
        return self.annotate(last_message=Subquery(last))


class MessageQuerySet(SoftDeleteQuerySet):
    """Messages of threads."""

    def visible_to(self, user: Any) -> Self:
        """Live messages of one's own live threads."""
        return self.alive().filter(thread__user=user, thread__deleted_at=None)

    def in_thread(self, key: UUID) -> Self:
        return self.filter(thread=key)

    def beyond(self, seq: int) -> Self:
        """The tail after a number."""
        return self.filter(seq__gt=seq)


def _live_messages() -> QuerySet:
    # By name: the models import this module.
    return apps.get_model("threads", "Message").objects.alive().filter(thread=OuterRef("pk"))


def _live_materials() -> QuerySet:
    return apps.get_model("materials", "Material").objects.alive().in_live_subjects()
