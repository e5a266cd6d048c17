"""Every write of accounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.text import slugify

from accounts.models import (
    AttemptCounter,
    AttemptKind,
    Organization,
    OrganizationMember,
    Profile,
    Role,
    User,
    UserSettings,
)
from accounts.sessions import log_in
from common.constraints import key_of, refusing
from common.errors import DomainError, Forbidden, IdConflict, NotVisible

MAX_SLUG = 50


class EmailTaken(DomainError):
    """An account with this e-mail address exists already."""

    code = "email_taken"


class UsernameTaken(DomainError):
    """This username is taken."""

    code = "username_taken"


class SlugTaken(DomainError):
    """This slug is taken."""

    code = "slug_taken"


class AlreadyMember(DomainError):
    """This person is a member already."""

    code = "already_member"


class LastOwner(DomainError):
    """An organization keeps at least one owner."""

    code = "last_owner"


class TooManyAttempts(DomainError):
    """Too many attempts; try again later."""

    code, status = "throttled", 429

    def __init__(self, retry_after: int):
        super().__init__()
        self.retry_after = retry_after


PERSON_CONFLICTS: dict[str, type[DomainError]] = {
    "email_once": EmailTaken,
    "username_once": UsernameTaken,
}


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
    person.save(force_insert=True)
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=False)
    return create_organization(owner=person, **organization) if organization else None


def appoint_staff(*, person: User) -> None:
    """Give a person the studio and the operators' calls."""
    User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True, updated_at=Now())


def change_person(*, person: User, **changes: Any) -> None:
    """Another name, username or image."""
    with refusing(PERSON_CONFLICTS), transaction.atomic():
        User.objects.filter(pk=person.pk).update(updated_at=Now(), **changes)


def change_profile(*, person: User, **changes: Any) -> None:
    """What a person says of themselves; which makes the row if there is none yet."""
    _change_own(Profile, person, changes)


def change_settings(*, person: User, **changes: Any) -> None:
    """How the assistant should work; which makes the row if there is none yet."""
    _change_own(UserSettings, person, changes)


def _change_own(model: type[Profile | UserSettings], person: User, changes: dict[str, Any]) -> None:
    own = model.objects.visible_to(person)
    if own.update(updated_at=Now(), **changes):
        return
    _, is_born = model.objects.get_or_create(user=person, defaults=changes)
    if not is_born:  # another request was faster
        own.update(updated_at=Now(), **changes)


def create_organization(
    *, owner: User, name: str, slug: str | None = None, id: UUID | None = None
) -> Organization:
    """A new organization with its first owner; a slug that is not given is made from the name."""
    if slug:
        return _insert_organization(owner=owner, name=name, slug=slug, id=id)
    while True:
        try:
            return _insert_organization(owner=owner, name=name, slug=_free_slug(name), id=id)
        except SlugTaken:
            continue  # somebody was faster: count on


def _insert_organization(*, owner: User, name: str, slug: str, id: UUID | None) -> Organization:
    conflicts = {"slug_once": SlugTaken, key_of(Organization): IdConflict}
    with refusing(conflicts), transaction.atomic():
        keys = {"id": id} if id else {}
        organization = Organization.objects.create(name=name, slug=slug, **keys)
        OrganizationMember.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization


def _free_slug(name: str) -> str:
    base = slugify(name).replace("_", "-").strip("-")[:MAX_SLUG].rstrip("-") or "org"
    # The longest suffix that will be tried takes eight characters of the fifty.
    used = Organization.objects.slugs_like(base[: MAX_SLUG - 8])
    slug, number = base, 1
    while slug in used:
        number += 1
        suffix = f"-{number}"
        slug = base[: MAX_SLUG - len(suffix)] + suffix
    return slug


def change_organization(*, organization_id: UUID, by: User, **changes: Any) -> None:
    """Another name or slug, by an owner or admin."""
    with refusing({"slug_once": SlugTaken}), transaction.atomic():
        rows = Organization.objects.administered_by(by).filter(pk=organization_id)
        if not rows.update(updated_at=Now(), **changes):
            raise NotVisible


def delete_organization(*, organization_id: UUID, by: User) -> None:
    """Put an organization in its owners' trash."""
    if not Organization.objects.owned_by(by).filter(pk=organization_id).soft_delete(by=by):
        seen = Organization.objects.visible_to(by)
        raise Forbidden if seen.filter(pk=organization_id).exists() else NotVisible


def restore_organization(*, organization_id: UUID, by: User) -> None:
    """Bring an organization back, by one of its owners."""
    if not Organization.objects.in_trash_of(by).filter(pk=organization_id).restore():
        deleted = Organization.objects.deleted_of_member(by)
        raise Forbidden if deleted.filter(pk=organization_id).exists() else NotVisible


def _hold(organization_id: UUID, by: User) -> None:
    """Hold an organization that the person sees until commit, so that no role in it changes meanwhile."""
    organizations = Organization.objects.select_for_update().visible_to(by)
    if not organizations.filter(pk=organization_id):
        raise NotVisible


def _member(organization_id: UUID, user_id: UUID) -> OrganizationMember:
    members = OrganizationMember.objects.of_live_people().in_organization(organization_id)
    member = members.filter(user=user_id).first()
    if member is None:
        raise NotVisible
    return member


def _held_member(organization_id: UUID, user_id: UUID) -> OrganizationMember:
    """A member of an organization that is held until commit: by staff, who need not be in it themselves."""
    if not Organization.objects.select_for_update().filter(pk=organization_id):
        raise NotVisible
    member = OrganizationMember.objects.in_organization(organization_id).filter(user=user_id).first()
    if member is None:
        raise NotVisible
    return member


def _keep_an_owner(leaving: OrganizationMember) -> None:
    owners = OrganizationMember.objects.acting_owners().in_organization(leaving.organization_id)
    if not owners.exclude(pk=leaving.pk).exists():
        raise LastOwner


def add_member(*, organization_id: UUID, by: User, user: User, role: str = Role.MEMBER) -> OrganizationMember:
    """Take a person in; owners and admins may, and only an owner makes another owner."""
    with refusing({"organization_member_once": AlreadyMember}), transaction.atomic():
        _hold(organization_id, by)
        own = _member(organization_id, by.pk).role
        if own == Role.MEMBER or (role == Role.OWNER and own != Role.OWNER):
            raise Forbidden
        return OrganizationMember.objects.create(organization_id=organization_id, user=user, role=role)


def add_member_by_staff(*, organization_id: UUID, user: User, role: str) -> OrganizationMember:
    """Take a person in, by staff."""
    with refusing({"organization_member_once": AlreadyMember}), transaction.atomic():
        return OrganizationMember.objects.create(organization_id=organization_id, user=user, role=role)


@transaction.atomic
def change_member(*, organization_id: UUID, by: User, user_id: UUID, role: str) -> None:
    """Give a member another role, by an owner."""
    _hold(organization_id, by)
    member = _member(organization_id, user_id)
    if _member(organization_id, by.pk).role != Role.OWNER:
        raise Forbidden
    _give_role(member, role)


@transaction.atomic
def change_member_by_staff(*, organization_id: UUID, user_id: UUID, role: str) -> None:
    """Give a member another role, by staff."""
    _give_role(_held_member(organization_id, user_id), role)


def _give_role(member: OrganizationMember, role: str) -> None:
    if member.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(member)
    OrganizationMember.objects.filter(pk=member.pk).update(role=role, updated_at=Now())


@transaction.atomic
def remove_member(*, organization_id: UUID, by: User, user_id: UUID) -> None:
    """Let a member go: oneself, anyone by an owner, all but owners by an admin."""
    _hold(organization_id, by)
    member = _member(organization_id, user_id)
    if not OrganizationMember.objects.removable_by(by).filter(pk=member.pk).exists():
        raise Forbidden
    _let_go(member)


@transaction.atomic
def remove_member_by_staff(*, organization_id: UUID, user_id: UUID) -> None:
    """Let a member go, by staff."""
    _let_go(_held_member(organization_id, user_id))


def _let_go(member: OrganizationMember) -> None:
    if member.role == Role.OWNER:
        _keep_an_owner(member)
    member.delete()


def count_attempt(*, kind: AttemptKind, key: str, rate: tuple[int, int] | None) -> float:
    """Count one attempt, at most so many in so many seconds; the time it is counted under.

    The lock on the counter's row makes it exact among parallel attempts. One that is refused is not counted.
    """
    if rate is None:
        return 0
    limit, seconds = rate
    with transaction.atomic():
        counter = _hold_counter(kind, key, seconds)
        now = counter.now.timestamp()
        lately = [time for time in counter.attempts if time > now - seconds]
        if len(lately) >= limit:
            raise TooManyAttempts(max(1, ceil(lately[-limit] + seconds - now)))
        counter.attempts = [*lately, now]
        counter.expires_at = counter.now + timedelta(seconds=seconds)
        counter.save(update_fields=["attempts", "expires_at"])
    return now


def _hold_counter(kind: AttemptKind, key: str, seconds: int) -> Any:
    digest = salted_hmac("accounts.attempts", f"{kind} {key}", algorithm="sha256").hexdigest()
    expires_at = timezone.now() + timedelta(seconds=seconds)
    fresh = AttemptCounter(kind=kind, key_digest=digest, expires_at=expires_at)
    # The upsert holds the row, new or not, until commit.
    AttemptCounter.objects.bulk_create(
        [fresh], update_conflicts=True, unique_fields=["key_digest"], update_fields=["expires_at"]
    )
    return AttemptCounter.objects.with_clock().get(key_digest=digest)


@dataclass
class Outcome:
    """Whether what was tried has succeeded."""

    is_success: bool = False


@contextmanager
def failure_counted(*, address: str) -> Iterator[Outcome]:
    """Count a failure of an address ahead of the try, and take it back where the try succeeds.

    Counted only afterwards, many tries at once would all be let in.
    """
    outcome = Outcome()
    rate = settings.THROTTLE_LOGIN_FAILURES
    counted = count_attempt(kind=AttemptKind.FAILURE, key=address, rate=rate)
    yield outcome
    if outcome.is_success and rate:
        with transaction.atomic():
            counter = _hold_counter(AttemptKind.FAILURE, address, rate[1])
            counter.attempts = [time for time in counter.attempts if time != counted]
            counter.save(update_fields=["attempts"])
