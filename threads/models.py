"""Threads and their messages."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.constraints import Check, is_json, is_one_of, length_between
from common.functions import CodePointOrder
from common.models import SoftDeleteModel, by_deleter
from materials.models import Material
from threads.querysets import MessageQuerySet, ThreadQuerySet


class Thread(SoftDeleteModel):
    """A conversation with an assistant, about a material or about anything."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_CASCADE,
        related_name="threads",
        db_index=False,
    )
    title = models.CharField(max_length=300)
    material = models.ForeignKey(
        Material,
        null=True,
        blank=True,
        default=None,
        on_delete=models.DB_SET_NULL,
        related_name="threads",
        db_index=False,
    )
    last_seq = models.PositiveBigIntegerField(
        default=0, db_default=0, editable=False, help_text="The number of the latest message."
    )

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ("-updated_at", "-id")
        constraints = [length_between("title", 1, 300, name="thread_title_length")]
        indexes = [
            # One's threads and their trash, latest first; the cascade when a person is purged.
            models.Index(fields=["user", "updated_at", "id"], name="thread_by_update"),
            # ?ordering=created_at
            models.Index(
                fields=["user", "created_at", "id"],
                name="thread_by_creation",
                condition=Q(deleted_at=None),
            ),
            # ?ordering=title
            models.Index(
                "user",
                CodePointOrder("title"),
                "id",
                name="thread_by_title",
                condition=Q(deleted_at=None),
            ),
            # ?material=, latest first; SET NULL when a material is purged.
            models.Index(fields=["material", "updated_at", "id"], name="thread_by_material"),
            # The studio's list of threads.
            models.Index(fields=["updated_at", "id"], name="thread_all_by_update"),
            by_deleter("thread_by_deleter"),
        ]

    def __str__(self) -> str:
        return self.title


class MessageRole(models.TextChoices):
    """Who speaks in a thread."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Message(SoftDeleteModel):
    """One turn of a conversation, numbered within its thread."""

    thread = models.ForeignKey(Thread, on_delete=models.DB_CASCADE, related_name="messages", db_index=False)
    seq = models.PositiveBigIntegerField(editable=False)
    role = models.CharField(max_length=10, choices=MessageRole)
    content = models.TextField(max_length=200_000)
    parts = models.JSONField(
        null=True, blank=True, default=None, help_text="The turn in pieces, as AI libraries write it."
    )
    attachments = models.JSONField(default=list, blank=True, db_default=models.Value([], models.JSONField()))
    metadata = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()))

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ("thread", "seq")
        constraints = [
            # Also the cascade when a thread is purged.
            models.UniqueConstraint(fields=["thread", "seq"], name="message_seq_once_per_thread"),
            Check(condition=Q(seq__gte=1), name="message_seq_positive", message="Numbers begin with 1."),
            is_one_of("role", MessageRole.values, name="message_role"),
            length_between("content", 1, 200_000, name="message_content_length"),
            is_json("parts", "array", name="message_parts_list"),
            is_json("attachments", "array", name="message_attachments_list"),
            is_json("metadata", "object", name="message_metadata_object"),
        ]
        indexes = [
            # The history of a thread, its count and its last message.
            models.Index(
                fields=["thread", "seq"], name="message_live_by_thread", condition=Q(deleted_at=None)
            ),
            by_deleter("message_by_deleter"),
            # The studio's trash: few rows among very many, the latest key first.
            models.Index(fields=["id"], name="message_in_trash", condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.seq}"
