"""Log-ins and API tokens."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.people import User
from accounts.querysets import (
    SessionQuerySet,
)
from common.constraints import (
    Check,
    is_one_of,
    length_between,
)
from common.models import BaseModel


class SessionKind(models.TextChoices):
    """What a token was made for."""

    LOGIN = "login"
    API = "api"


class Session(BaseModel):
    """A log-in or an API token; the token itself is never stored, only its digest."""

    kind = models.CharField(
        max_length=10, choices=SessionKind, default=SessionKind.LOGIN, db_default=SessionKind.LOGIN
    )
    # SHA-256 of the token, 64 hexadecimal digits. A token has 160 bits of chance, so no salt is needed.
    token_digest = models.CharField(max_length=64, editable=False)
    session_data = models.TextField(blank=True, default="", db_default="", editable=False)
    user = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.DB_CASCADE,
        related_name="sessions",
        db_index=False,
    )
    name = models.CharField(max_length=100, blank=True, default="", db_default="")
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=512, blank=True, default="", db_default="")
    expires_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["token_digest"], name="session_token_once"),
            is_one_of("kind", SessionKind.values, name="session_kind"),
            length_between("token_digest", 64, 64, name="session_token_digest_length"),
            length_between("name", 0, 100, name="session_name_length"),
            length_between("user_agent", 0, 512, name="session_user_agent_length"),
            Check(
                condition=Q(kind=SessionKind.LOGIN) | (Q(user__isnull=False) & ~Q(name="")),
                name="api_session_has_user_and_name",
                message="A token belongs to a person and has a name.",
            ),
        ]
        indexes = [
            # One's own log-ins and tokens; the cascade when a person is purged.
            models.Index(fields=["user", "kind", "created_at", "id"], name="session_by_user"),
            # The removal of what has expired.
            models.Index(fields=["expires_at"], name="session_by_expiry"),
            # The studio's list of sessions.
            models.Index(fields=["created_at", "id"], name="session_by_creation"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.created_at:%Y-%m-%d %H:%M}"
