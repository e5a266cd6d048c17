"""Organizations and who is in them."""

from django.db import models

from accounts.models.people import User
from accounts.querysets import (
    MemberQuerySet,
    OrganizationQuerySet,
)
from common.constraints import (
    has_only,
    is_one_of,
    length_between,
)
from common.models import BaseModel, SoftDeleteModel, by_deleter


class Organization(SoftDeleteModel):
    """A group of people under one name."""

    name = models.CharField(max_length=100)
    slug = models.CharField(max_length=50)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="slug_once"),
            length_between("name", 1, 100, name="organization_name_length"),
            length_between("slug", 1, 50, name="organization_slug_length"),
            has_only("slug", "a-z0-9-", name="organization_slug_characters"),
        ]
        indexes = [
            # The studio's list of organizations.
            models.Index(fields=["created_at", "id"], name="organization_by_creation"),
            by_deleter("organization_by_deleter"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do in an organization."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class OrganizationMember(BaseModel):
    """A person's place in an organization."""

    organization = models.ForeignKey(
        Organization, on_delete=models.DB_CASCADE, related_name="memberships", db_index=False
    )
    # Its index finds the organizations of a person, also for the cascade when they are purged.
    user = models.ForeignKey(User, on_delete=models.DB_CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER, db_default=Role.MEMBER)

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "id")
        constraints = [
            # Also what finds the members of an organization.
            models.UniqueConstraint(fields=["organization", "user"], name="organization_member_once"),
            is_one_of("role", Role.values, name="organization_member_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"
