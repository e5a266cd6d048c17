"""Organizations and memberships."""

from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, JSONObject

from common.functions import KeyText, code_point_order
from common.querysets import SearchQuerySet, SoftDeleteQuerySet


class OrganizationQuerySet(SoftDeleteQuerySet):
    """Organizations."""

    def visible_to(self, user: Any) -> Self:
        """Live organizations that the person is a member of."""
        return self.alive().filter(pk__in=_memberships().filter(user=user).values("organization"))

    def administered_by(self, user: Any) -> Self:
        """Those that the person may rename and staff: owners and admins."""
        return self.visible_to(user).filter(
            pk__in=_memberships().filter(user=user, role__in=["owner", "admin"]).values("organization")
        )

    def owned_by(self, user: Any) -> Self:
        """Those that the person may delete."""
        return self.visible_to(user).filter(pk__in=_memberships().owned_by(user).values("organization"))

    def in_trash_of(self, user: Any) -> Self:
        """Deleted organizations that the person owns."""
        return self.deleted().filter(pk__in=_memberships().owned_by(user).values("organization"))

    def deleted_of_member(self, user: Any) -> Self:
        """Deleted organizations that the person is a member of, in whatever role."""
        return self.deleted().filter(pk__in=_memberships().filter(user=user).values("organization"))

    def deserted(self) -> Self:
        """Those in which everybody is deleted."""
        return self.filter(~Exists(_memberships().of_live_people().filter(organization=OuterRef("pk"))))

    def ownerless(self) -> Self:
        """Those without an owner who can log in."""
        return self.filter(~Exists(_memberships().acting_owners().filter(organization=OuterRef("pk"))))

    def gone_with(self, person: Any) -> Self:
        """Those that went into the trash in the instant in which this deleted member did."""
        return self.deleted_of_member(person).filter(deleted_at=person.deleted_at)

    def with_role(self, user: Any) -> Self:
        """With `role`, the person's own."""
        mine = _memberships().filter(organization=OuterRef("pk"), user=user)
        return self.annotate(role=Subquery(mine.values("role")))

    def with_member_count(self) -> Self:
        """With `member_count`, the members who are not deleted."""
        members = (
            _memberships()
            .of_live_people()
            .filter(organization=OuterRef("pk"))
            .order_by()
            .values("organization")
            .annotate(count=Count("pk"))
        )
        return self.annotate(member_count=Coalesce(Subquery(members.values("count")), 0))

    def slugs_like(self, base: str) -> set[str]:
        """The slugs in use that begin alike, those of deleted organizations too."""
        return set(self.filter(slug__startswith=base).order_by().values_list("slug", flat=True))


class MemberQuerySet(SearchQuerySet):
    """Memberships in organizations."""

    def visible_to(self, user: Any) -> Self:
        """Members of the person's organizations; a deleted person is not listed."""
        organizations = apps.get_model("accounts", "Organization").objects.visible_to(user)
        return self.of_live_people().filter(organization__in=organizations)

    def in_organization(self, key: UUID) -> Self:
        """The members of one organization, the longest-standing first."""
        return self.filter(organization=key).select_related("user").order_by("created_at", "pk")

    def of_live_people(self) -> Self:
        return self.filter(user__deleted_at=None)

    def owned_by(self, user: Any) -> Self:
        return self.filter(user=user, role="owner")

    def removable_by(self, user: Any) -> Self:
        """Those that the person may end: their own, any as an owner, all but owners' as an admin."""
        organizations = apps.get_model("accounts", "Organization").objects
        owned = Q(organization__in=organizations.owned_by(user))
        administered = Q(organization__in=organizations.administered_by(user)) & ~Q(role="owner")
        return self.filter(Q(user=user) | owned | administered)

    def acting_owners(self) -> Self:
        """Owners who can log in."""
        return self.of_live_people().filter(role="owner", user__is_active=True)

    def in_live_organizations(self) -> Self:
        return self.filter(organization__deleted_at=None)

    def by_organization(self) -> Self:
        return self.order_by(code_point_order("organization__name"), "organization_id")

    def shown(self) -> Any:
        """With `item`, the organization and the role in it as its member lists them."""
        item = JSONObject(
            id=KeyText("organization_id"),
            name="organization__name",
            slug="organization__slug",
            role="role",
        )
        return self.annotate(item=item)


def _memberships() -> MemberQuerySet:
    # By name: the models import this module.
    return apps.get_model("accounts", "OrganizationMember").objects.all()
