"""How accounts are opened, ended and brought back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import (
    Organization,
    User,
)
from accounts.services.organizations import LastOwner, create_organization
from accounts.services.people import (
    PERSON_CONFLICTS,
    EmailTaken,
    UsernameTaken,
    hold_for_staff,
    insert_person,
)
from accounts.services.sessions import end_sessions
from accounts.sessions import log_in
from common.constraints import refusing
from common.errors import Forbidden, NotVisible


def sign_up(
    *,
    email: str,
    password: str,
    name: str,
    username: str | None = None,
    organization: dict[str, Any] | None = None,
    id: UUID | None = None,
) -> tuple[User, Organization | None]:
    """A new person, with an organization of their own if they name one: all of it or nothing."""
    person = _newcomer(email=email, password=password, name=name, username=username, id=id)
    with _unless_taken(person.email), transaction.atomic():
        founded = _settle(person, organization)
    return person, founded


def sign_up_and_log_in(
    *,
    email: str,
    password: str,
    name: str,
    username: str | None = None,
    organization: dict[str, Any] | None = None,
    ip_address: str | None,
    user_agent: str,
) -> tuple[User, Organization | None, str]:
    """As `sign_up`, with the token of a first log-in; that too is made with all the rest or not at all."""
    person = _newcomer(email=email, password=password, name=name, username=username)
    with _unless_taken(person.email), transaction.atomic():
        founded = _settle(person, organization)
        session = log_in(person, ip_address=ip_address, user_agent=user_agent)
    return person, founded, str(session.session_key)


@contextmanager
def _unless_taken(email: str) -> Iterator[None]:
    """Refuses what an account has already; of an address and a username the address is the one named."""
    try:
        with refusing(PERSON_CONFLICTS):
            yield
    except UsernameTaken:
        # Where two constraints break, each database tells of another.
        if User.objects.filter(email=email).exists():
            raise EmailTaken from None
        raise


def _newcomer(*, email: str, password: str, id: UUID | None = None, **columns: Any) -> User:
    """A person who is not in the database yet.

    A password is hashed slowly on purpose, so that comes before the transaction: other writers wait for it.
    """
    keys = {"id": id} if id else {}
    person = User(email=email.lower(), **columns, **keys)
    person.set_password(password)
    return person


def _settle(person: User, organization: dict[str, Any] | None) -> Organization | None:
    insert_person(person=person)
    return create_organization(owner=person, **organization) if organization else None


def delete_person(*, person_id: UUID, by: User) -> User:
    """Put a person in the trash, by themselves or by staff, within a transaction; who is held until commit.

    Their log-ins and API tokens end, and so do organizations without anybody else. Their memberships stay.
    """
    if not User.objects.filter(pk=person_id).soft_delete():
        raise NotVisible
    person = User.objects.get(pk=person_id)
    if person.is_superuser and not by.is_superuser:
        raise Forbidden
    organizations = Organization.objects.visible_to(person)
    _hold_all(organizations)
    # In the same instant, by which a restore recognises them.
    instant = {"deleted_at": person.deleted_at, "updated_at": person.deleted_at}
    organizations.deserted().soft_delete(by=by, **instant)
    if Organization.objects.owned_by(person).ownerless().exists():
        raise LastOwner
    end_sessions(person=person)
    return person


def restore_person(*, person_id: UUID, by: User) -> User:
    """Bring a deleted person back, by staff, with the organizations that went along; as they were deleted."""
    person = hold_for_staff(people=User.objects.deleted().filter(pk=person_id), by=by)
    if person is None:
        raise NotVisible
    User.objects.filter(pk=person_id).restore()
    organizations = Organization.objects.gone_with(person)
    _hold_all(organizations)
    organizations.restore()
    # A log-in that was under way when the account ended does not come back to life.
    end_sessions(person=person)
    return person


def _hold_all(organizations: Any) -> None:
    list(organizations.select_for_update().order_by("pk").values_list("pk"))
