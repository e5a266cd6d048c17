"""People, and what each has of their own."""

from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.contrib.auth.base_user import BaseUserManager
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, JSONObject, Upper
from django.db.models.lookups import Exact

from common.functions import JSONItems
from common.querysets import SoftDeleteQuerySet


class UserQuerySet(SoftDeleteQuerySet):
    """People."""

    def present(self) -> Self:
        """People who can log in: neither deleted nor deactivated."""
        return self.alive().filter(is_active=True)

    def called(self, login: str) -> Self:
        """The account that somebody logs in to, by its one e-mail, proved or not, or by username.

        No username is an e-mail. Both are found by their indexes; on SQLite `iexact` would read the table.
        """
        if "@" in login:
            return self.filter(email=login.lower())
        return self.filter(Exact(Upper("username"), login.upper()))

    def have_address(self, email: str, *, beside: Any = None) -> bool:
        """Whether an account, `beside` one, has this address; one that is merely wished for is free."""
        people = self.filter(email=email)
        return (people.exclude(pk=beside.pk) if beside else people).exists()

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
        """With what `/me/` shows: whether the e-mail is proved, `own_profile`, `own_organizations`."""
        memberships: Any = apps.get_model("accounts", "OrganizationMember").objects.in_live_organizations()
        return self.with_proof().annotate(
            own_profile=_profile_or_usual("bio", "headline", "locale", "timezone"),
            own_organizations=JSONItems(
                memberships.filter(user=OuterRef("pk")).by_organization().shown().values("item")
            ),
        )


def _profile_or_usual(*columns: str) -> JSONObject:
    """Columns of the profile, or what a person has who never wrote one."""
    profile: Any = apps.get_model("accounts", "Profile")._meta
    return JSONObject(
        **{
            column: Coalesce(F(f"profile__{column}"), Value(profile.get_field(column).default))
            for column in columns
        }
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


class OwnQuerySet(QuerySet):
    """Rows of which each person has their own."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(user=user)
