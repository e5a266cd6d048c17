"""The rules that services hold by themselves, whoever calls them."""

import pytest

from chatrooms import services
from common.errors import Forbidden, NotVisible
from tests.factories import RoomFactory, RoomMessageFactory


def test_a_service_asks_who_edits_and_who_deletes(alice, bob, carol):
    room = RoomFactory(admins=[carol], members=[alice, bob])
    said = RoomMessageFactory(room=room, user=alice)
    place = {"room_id": room.pk, "message_id": said.pk}

    with pytest.raises(Forbidden):
        services.edit_message(**place, by=carol, content="Forged")
    with pytest.raises(Forbidden):
        services.delete_message(**place, by=bob)

    room.refresh_from_db()
    said.refresh_from_db()
    assert (said.content, said.deleted_at, room.last_revision) == ("Hello, everyone.", None, 1)


def test_a_service_finds_a_message_in_its_own_room_only(alice):
    room, other = RoomFactory(admins=[alice]), RoomFactory(admins=[alice])
    said = RoomMessageFactory(room=room, user=alice)

    with pytest.raises(NotVisible):
        services.edit_message(room_id=other.pk, message_id=said.pk, by=alice, content="x")
    with pytest.raises(NotVisible):
        services.delete_message(room_id=other.pk, message_id=said.pk, by=alice)

    other.refresh_from_db()
    assert other.last_revision == 0


def test_a_marker_beyond_what_was_said_is_not_set(alice):
    room = RoomFactory(members=[alice], messages=2)

    services.mark_read(room_id=room.pk, reader=alice, seq=3)

    assert room.members.get().last_read_seq == 0
