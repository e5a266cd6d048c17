"""Every write of accounts.

What must not happen beside one another holds rows until commit, always in this order: a person, then their
organizations by key, then (in chatrooms) their rooms by key. So nobody waits for somebody who waits for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from secrets import token_urlsafe
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
    Session,
    SessionKind,
    User,
    UserSettings,
)
from accounts.querysets import SessionQuerySet, token_digest
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


class PersonDeleted(DomainError):
    """This person is deleted; restore them first."""

    code = "deleted"


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


def put_person(*, person_id: UUID, by: User, email: str, name: str) -> bool:
    """Give a person this e-mail and name, by staff, and make the person where there is none; whether so.

    A new person has no password: they choose one by the mail of a password reset.
    """
    while True:
        try:
            with refusing({**PERSON_CONFLICTS, key_of(User): IdConflict}), transaction.atomic():
                return _put_person(person_id, by, email, name)
        except IdConflict:
            continue  # somebody else has just made this person


def _put_person(person_id: UUID, by: User, email: str, name: str) -> bool:
    person = _held_by_staff(User.objects.overseen_by(by).filter(pk=person_id), by)
    if person is not None and person.deleted_at is not None:
        raise PersonDeleted
    if EmailAddress.objects.filter(email=email, verified=True).exclude(user=person_id).exists():
        raise EmailTaken
    if person is None:
        person = User(pk=person_id, email=email, name=name)
        person.set_unusable_password()
        _settle(person, None)
        return True
    User.objects.filter(pk=person_id).update(email=email, name=name, updated_at=Now())
    if person.email != email:
        # The address that staff give is the only one: whatever else was there or under way no longer counts.
        EmailAddress.objects.filter(user=person).exclude(email=email).delete()
        EmailAddress.objects.bulk_create(
            [EmailAddress(user=person, email=email, primary=True)],
            update_conflicts=True,
            unique_fields=["user", "email"],
            update_fields=["primary"],
        )
    return False


def _held_by_staff(people: Any, by: User) -> User | None:
    """The person, held until commit; only superusers lay hands on a superuser."""
    person = people.select_for_update(no_key=True).first()
    if person is not None and person.is_superuser and not by.is_superuser:
        raise Forbidden
    return person


def hold_person(*, person: User) -> User:
    """The row of a person who is present, held until commit, so that the account does not end meanwhile."""
    held = User.objects.present().select_for_update(no_key=True).filter(pk=person.pk).first()
    if held is None:
        raise NotVisible
    return held


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
    person = _held_by_staff(User.objects.deleted().filter(pk=person_id), by)
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


def end_sessions(*, person: User) -> None:
    """End every log-in and API token of a person."""
    Session.objects.filter(user=person).delete()


def end_api_tokens(*, person: User) -> None:
    """End every API token of a person."""
    Session.objects.filter(user=person).api_tokens().delete()


def end_other_log_ins(*, person: User, current: Session) -> None:
    """End every log-in of a person but the one they are speaking by; API tokens stay."""
    Session.objects.filter(user=person).log_ins().exclude(pk=current.pk).delete()


def end_log_in(*, person: User, session_id: UUID) -> None:
    """End one of one's log-ins."""
    _end(Session.objects.visible_to(person).log_ins(), session_id)


def end_api_token(*, person: User, token_id: UUID) -> None:
    """End one of one's API tokens."""
    _end(Session.objects.visible_to(person).api_tokens(), token_id)


def _end(sessions: SessionQuerySet, key: UUID) -> None:
    ended, _ = sessions.filter(pk=key).delete()
    if not ended:
        raise NotVisible


@transaction.atomic
def create_api_token(*, person: User, name: str, expires_in_days: int) -> tuple[Session, str]:
    """A new API token of a person, as its row and the token, which is never to be seen again."""
    # A new password ends all tokens; one that was asked for under the old password must not come after that.
    if hold_person(person=person).password != person.password:
        raise NotVisible
    token = f"lyc_{token_urlsafe(32)}"
    session = Session.objects.create(
        kind=SessionKind.API,
        user=person,
        name=name,
        token_digest=token_digest(token),
        expires_at=Now() + timedelta(days=expires_in_days),
    )
    return session, token


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
        _hold(organization_id, by)
        rows = Organization.objects.administered_by(by).filter(pk=organization_id)
        if not rows.update(updated_at=Now(), **changes):
            raise Forbidden


@transaction.atomic
def delete_organization(*, organization_id: UUID, by: User) -> None:
    """Put an organization in its owners' trash."""
    _hold(organization_id, by)
    if not Organization.objects.owned_by(by).filter(pk=organization_id).soft_delete(by=by):
        raise Forbidden


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


def _only(organizations: Any, organization_id: UUID) -> None:
    """Refuse who has not the role that these organizations are seen by."""
    if not organizations.filter(pk=organization_id).exists():
        raise Forbidden


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
        hold_person(person=user)
        _hold(organization_id, by)
        organizations = Organization.objects
        _only(
            organizations.owned_by(by) if role == Role.OWNER else organizations.administered_by(by),
            organization_id,
        )
        return OrganizationMember.objects.create(organization_id=organization_id, user=user, role=role)


def add_member_by_staff(*, organization_id: UUID, user: User, role: str) -> OrganizationMember:
    """Take a person in, by staff."""
    with refusing({"organization_member_once": AlreadyMember}), transaction.atomic():
        hold_person(person=user)
        return OrganizationMember.objects.create(organization_id=organization_id, user=user, role=role)


@transaction.atomic
def change_member(*, organization_id: UUID, by: User, user_id: UUID, role: str) -> None:
    """Give a member another role, by an owner."""
    _hold(organization_id, by)
    member = _member(organization_id, user_id)
    _only(Organization.objects.owned_by(by), organization_id)
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


def count_failure(*, address: str) -> float:
    """Count a failure of an address ahead of the try; the time it is counted under.

    Counted only afterwards, many tries at once would all be let in.
    """
    return count_attempt(kind=AttemptKind.FAILURE, key=address, rate=settings.THROTTLE_LOGIN_FAILURES)


def take_back_failure(*, address: str, counted: float) -> None:
    """The try that was counted ahead has succeeded."""
    if settings.THROTTLE_LOGIN_FAILURES is None:
        return
    with transaction.atomic():
        counter = _hold_counter(AttemptKind.FAILURE, address, settings.THROTTLE_LOGIN_FAILURES[1])
        counter.attempts = [time for time in counter.attempts if time != counted]
        counter.save(update_fields=["attempts"])
