"""People, and what they and staff write of them."""

from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import (
    Profile,
    User,
    UserSettings,
)
from common.constraints import key_of, refusing
from common.errors import DomainError, Forbidden, IdConflict, NotVisible


class EmailTaken(DomainError):
    """An account with this e-mail address exists already."""

    code = "email_taken"


class UsernameTaken(DomainError):
    """This username is taken."""

    code = "username_taken"


class PersonDeleted(DomainError):
    """This person is deleted; restore them first."""

    code = "deleted"


PERSON_CONFLICTS: dict[str, type[DomainError]] = {
    "email_once": EmailTaken,
    "username_once": UsernameTaken,
}


def insert_person(*, person: User) -> None:
    """Write a new person and their address, which is not proved yet."""
    person.save(force_insert=True)
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=False)


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
    try:
        return _put_person(person_id, by, email, name)
    except IdConflict:
        # Somebody else has just made this person, so now they are there.
        return _put_person(person_id, by, email, name)


@refusing({**PERSON_CONFLICTS, key_of(User): IdConflict})
@transaction.atomic
def _put_person(person_id: UUID, by: User, email: str, name: str) -> bool:
    person = hold_for_staff(people=User.objects.overseen_by(by).filter(pk=person_id), by=by)
    if person is not None and person.deleted_at is not None:
        raise PersonDeleted
    if EmailAddress.objects.filter(email=email, verified=True).exclude(user=person_id).exists():
        raise EmailTaken
    if person is None:
        person = User(pk=person_id, email=email, name=name)
        person.set_unusable_password()
        insert_person(person=person)
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


def hold_for_staff(*, people: Any, by: User) -> User | None:
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
