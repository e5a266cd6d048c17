"""Every read of accounts."""

import hashlib
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.contrib.auth.base_user import BaseUserManager
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from common.functions import code_point_order
from common.querysets import SearchQuerySet, SoftDeleteQuerySet

# How exactly the database knows when a log-in or token was last in use.
SEEN_WITHIN = timedelta(minutes=5)


class UserQuerySet(SoftDeleteQuerySet):
    """People."""

    def present(self) -> Self:
        """People who can log in: neither deleted nor deactivated."""
        return self.alive().filter(is_active=True)

    def called(self, login: str) -> Self:
        """The account that somebody logs in to, by e-mail or by username."""
        return self.filter(Q(email=login.lower()) | Q(username__iexact=login))

    def visible_to(self, user: Any) -> Self:
        """The directory: whoever is logged in sees everyone who is present."""
        return self.present()

    def overseen_by(self, user: Any) -> Self:
        """Everyone, deleted people included, for staff alone."""
        return self.all() if user.is_staff else self.none()

    def among(self, keys: list[UUID]) -> Self:
        """The people with these keys."""
        return self.filter(pk__in=keys)

    def of_email(self, email: str | None) -> Self:
        """The one person with this address; everyone where none is given."""
        return self if email is None else self.filter(email=email.lower())

    def with_proof(self) -> Self:
        """With `email_verified`, whether the e-mail is proved."""
        EmailAddress = apps.get_model("account", "EmailAddress")
        proved = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
        return self.annotate(email_verified=Exists(proved))

    def with_account(self) -> Self:
        """With what `/me/` shows: whether the e-mail is proved, the profile, the organizations."""
        memberships = apps.get_model("accounts", "OrganizationMember").objects.in_live_organizations()
        return (
            self.with_proof()
            .select_related("profile")
            .prefetch_related(
                Prefetch("memberships", memberships.select_related("organization").by_organization())
            )
        )


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes people; an e-mail is stored in lower case."""

    def create_user(self, email: str, password: str | None = None, **columns: Any) -> Any:
        user = self.model(email=email.lower(), **columns)
        user.set_password(password)
        with transaction.atomic(using=self._db):
            user.save(using=self._db)
            # Without this row the address would be no address to allauth. Nobody has proved it yet.
            addresses = apps.get_model("account", "EmailAddress").objects
            addresses.create(user=user, email=user.email, primary=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **columns: Any) -> Any:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **columns)


def token_digest(token: str) -> str:
    """What the database keeps of a token: SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


class OwnQuerySet(QuerySet):
    """Rows of which each person has their own."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(user=user)


class SessionQuerySet(SearchQuerySet):
    """Log-ins and API tokens."""

    def visible_to(self, user: Any) -> Self:
        """One's own that have not expired."""
        return self.filter(user=user).unexpired()

    def log_ins(self) -> Self:
        return self.filter(kind="login")

    def api_tokens(self) -> Self:
        return self.filter(kind="api")

    def unexpired(self) -> Self:
        return self.filter(expires_at__gt=Now())

    def unseen_lately(self) -> Self:
        """Those whose last use is not known to be recent."""
        return self.filter(_unseen_lately())

    def with_lapse(self) -> Self:
        """With `is_unseen_lately`, so that only one request in a while has to write."""
        return self.annotate(is_unseen_lately=_unseen_lately())

    def with_current(self, session: Any) -> Self:
        """With `current`, whether a row is the session of this very request."""
        return self.annotate(current=Q(pk=session.pk))

    def of_token(self, token: str) -> Self:
        """The session that a token opens, if any."""
        return self.filter(token_digest=token_digest(token))

    def of_present_user(self) -> Self:
        """Sessions of people who may be here, with the person."""
        return self.filter(user__is_active=True, user__deleted_at=None).select_related("user")


class AttemptQuerySet(QuerySet):
    """Counters of what was tried."""

    def expired(self) -> Self:
        """Those whose last attempt no longer counts."""
        return self.filter(expires_at__lte=Now())

    def with_clock(self) -> Self:
        """With `now`, the time of the database: the one clock of all hosts."""
        return self.annotate(now=Now())


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


def _unseen_lately() -> Q:
    return Q(last_seen_at__lt=Now() - SEEN_WITHIN)


def _memberships() -> MemberQuerySet:
    # By name: the models import this module.
    return apps.get_model("accounts", "OrganizationMember").objects.all()
