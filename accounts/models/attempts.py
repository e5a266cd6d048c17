"""Counters of what was lately tried."""

from django.db import models

from accounts.querysets import (
    AttemptQuerySet,
)
from common.constraints import (
    is_json,
    is_one_of,
    length_between,
)
from common.models import BaseModel


class AttemptKind(models.TextChoices):
    """What can be tried only so often."""

    LOGIN = "login"
    FAILURE = "failure"
    SIGN_UP = "sign_up"
    MAIL = "mail"


class AttemptCounter(BaseModel):
    """When something was lately tried by one client, so that it cannot be tried without end."""

    kind = models.CharField(max_length=10, choices=AttemptKind)
    # A keyed digest of kind, address and account: the table tells nobody who tried what from where.
    key_digest = models.CharField(max_length=64, editable=False)
    # Seconds since 1970, as many as the limit allows; negative while a log-in is under way.
    attempts = models.JSONField(default=list, blank=True, db_default=models.Value([], models.JSONField()))
    expires_at = models.DateTimeField()

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["key_digest"], name="attempt_counter_once"),
            is_one_of("kind", AttemptKind.values, name="attempt_counter_kind"),
            length_between("key_digest", 64, 64, name="attempt_counter_digest_length"),
            is_json("attempts", "array", name="attempt_counter_list"),
        ]
        indexes = [
            # The removal of what no longer counts.
            models.Index(fields=["expires_at"], name="attempt_counter_by_expiry"),
            # The studio's list of counters.
            models.Index(fields=["created_at", "id"], name="attempt_counter_by_creation"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.id}"
