"""Ending and restoring an account, across the apps.

Each app holds its own rows, in the order in which the apps are called here: the person, organizations, rooms.
"""

from uuid import UUID

from django.db import transaction

import accounts.services
import chatrooms.services
from accounts.models import User


@transaction.atomic
def end_account(*, person_id: UUID, by: User) -> None:
    """Delete a person, by themselves or by staff: nobody sees them any more, and nothing of theirs is lost.

    Every log-in and API token ends, and an organization or group without anybody else goes along. Refused to
    the last owner of an organization that has other members.
    """
    person = accounts.services.delete_person(person_id=person_id, by=by)
    chatrooms.services.withdraw(person=person, by=by)


@transaction.atomic
def restore_account(*, person_id: UUID, by: User) -> None:
    """Bring a person back, by staff, with what went along; what was deleted separately stays in the trash."""
    person = accounts.services.restore_person(person_id=person_id, by=by)
    chatrooms.services.bring_groups_back(person=person)
