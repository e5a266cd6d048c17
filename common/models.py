"""What every table of Lyceum has: a key, its times and, where people delete, a trash."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from common.functions import RandomUUID


class KeyField(models.UUIDField):
    """A key as 32 hexadecimal digits on SQLite, which would take any text; PostgreSQL has a type for it."""

    def db_check(self, connection: Any) -> str | None:
        if connection.vendor != "sqlite":
            return super().db_check(connection)
        column = connection.ops.quote_name(self.column)
        return f"LENGTH({column}) = 32 AND {column} NOT GLOB '*[^0-9a-f]*'"


class BaseModel(models.Model):
    """A row with a time-ordered key and the database's own clock."""

    id = KeyField(primary_key=True, default=uuid7, db_default=RandomUUID(), editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class SoftDeleteModel(BaseModel):
    """A row that people delete into the trash; `purge` is what removes it."""

    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DB_SET_NULL,
        related_name="+",
        editable=False,
        db_index=False,  # each table has `by_deleter`
    )

    class Meta:
        abstract = True


def by_deleter(name: str) -> models.Index:
    """The index by which a purged person is taken out of `deleted_by`; it holds deleted rows alone."""
    return models.Index(fields=["deleted_by"], name=name, condition=models.Q(deleted_by__isnull=False))
