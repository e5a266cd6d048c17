"""What leaves the tables of rooms for good."""

from collections.abc import Iterator
from datetime import datetime

from accounts.models import User
from chatrooms.models import Room, RoomMessage
from chatrooms.services import raise_purged_revisions
from common.purging import Doomed


def doomed(before: datetime) -> Iterator[Doomed]:
    """Rooms deleted before then, direct rooms whose two people are gone, and messages of other rooms."""
    yield Doomed(Room.objects.deleted_before(before))
    forsaken = Room.objects.forsaken_but_by(User.objects.deleted_before(before))
    yield Doomed(Room.objects.forsaken_but_by(User.objects.none()), expected=forsaken)
    yield Doomed(
        RoomMessage.objects.deleted_before(before),
        first=lambda rows: raise_purged_revisions(messages=rows),
    )
