"""What the database itself guarantees of rooms, whoever writes."""

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from uuid_utils.compat import uuid7

from chatrooms.models import Room, RoomMember, RoomMessage, pair_key
from common.constraints import broken_constraint
from tests.factories import (
    DirectRoomFactory,
    RoomFactory,
    RoomMemberFactory,
    RoomMessageFactory,
    UserFactory,
)

LOW, HIGH = sorted(str(uuid7()) for _ in range(2))


def refused(write):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    return broken_constraint(caught.value)


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"name": ""}, "room_name_belongs_to_group"),
        ({"type": "direct", "direct_key": f"{LOW}:{HIGH}"}, "room_name_belongs_to_group"),
        ({"direct_key": f"{LOW}:{HIGH}"}, "room_pair_belongs_to_direct"),
        ({"type": "direct", "name": ""}, "room_pair_belongs_to_direct"),
        ({"type": "direct", "name": "", "direct_key": f"{HIGH}:{LOW}"}, "room_pair_smaller_key_first"),
        ({"type": "direct", "name": "", "direct_key": f"{LOW}:{LOW}"}, "room_pair_smaller_key_first"),
        ({"type": "direct", "name": "", "direct_key": f"{LOW}:{HIGH[:-1]}z"}, "room_pair_characters"),
        ({"type": "direct", "name": "", "direct_key": f"{LOW}:{HIGH[:-1]}"}, "room_pair_length"),
        ({"last_seq": 1}, "room_revision_covers_posts"),
        ({"purged_revision": 1}, "room_purged_revision_happened"),
    ],
)
def test_a_room_that_makes_no_sense_is_refused(db, columns, name):
    sound = RoomFactory(name="é" * 100)

    assert refused(lambda: Room.objects.filter(pk=sound.pk).update(**columns)) == name


@pytest.mark.parametrize("columns", [{"type": "video"}, {"name": "x" * 101}])
def test_an_unknown_type_and_a_long_name_are_refused_too(db, columns):
    # By more than one rule, or by the column's own type.
    sound = RoomFactory()

    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        Room.objects.filter(pk=sound.pk).update(**columns)


def test_a_pair_has_one_room(alice, bob):
    DirectRoomFactory(people=[alice, bob])

    again = {"type": "direct", "direct_key": pair_key(bob.pk, alice.pk)}
    assert refused(lambda: Room.objects.create(**again)) == "direct_room_once_per_pair"


def test_a_person_is_in_a_room_once_in_a_known_role(alice):
    room = RoomFactory(members=[alice])

    assert refused(lambda: RoomMemberFactory(room=room, user=alice)) == "room_member_once"
    assert refused(lambda: room.members.update(role="owner")) == "room_member_role"


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"type": "video", "content": "https://example.com/v"}, "room_message_type"),
        ({"content": ""}, "room_message_content_length"),
        ({"content": "x" * 10_001}, "room_message_content_length"),
        ({"type": "image"}, "room_message_address_unless_text"),
        ({"type": "file", "content": "javascript:alert(1)"}, "room_message_address_unless_text"),
        ({"type": "file", "content": "https://" + "x" * 1993}, "room_message_address_unless_text"),
        ({"seq": 0}, "room_message_seq_positive"),
        ({"revision": 1}, "room_message_revision_covers_seq"),
        ({"seq": 1, "revision": 5}, "room_message_seq_once"),
        ({"seq": 1, "revision": 2}, "room_message_seq_once"),
    ],
)
def test_a_message_that_makes_no_sense_is_refused(db, columns, name):
    room = RoomFactory()
    RoomMessageFactory(room=room)
    said = RoomMessageFactory(room=room, content="é" * 10_000)

    assert refused(lambda: RoomMessage.objects.filter(pk=said.pk).update(**columns)) == name


def test_a_revision_is_given_once(db):
    room = RoomFactory(messages=2)

    assert refused(lambda: room.messages.filter(seq=1).update(revision=2)) == "room_message_revision_once"


def test_what_a_purged_person_has_made_stays_without_them(alice, bob):
    room = RoomFactory(created_by=alice, members=[alice, bob], deleted_by=alice)
    said = RoomMessageFactory(room=room, user=alice, deleted_by=alice)

    alice.delete()

    room.refresh_from_db()
    said.refresh_from_db()
    assert (room.created_by, room.deleted_by, said.user, said.deleted_by) == (None, None, None, None)
    assert [member.user for member in room.members.all()] == [bob]


def test_a_purged_room_takes_its_people_and_messages_along(alice):
    room = RoomFactory(members=[alice], messages=1)
    elsewhere = RoomFactory(members=[alice], messages=1)

    Room.objects.filter(pk=room.pk).delete()

    assert [member.room for member in RoomMember.objects.all()] == [elsewhere]
    assert [said.room for said in RoomMessage.objects.all()] == [elsewhere]


def test_a_reply_outlives_the_purged_message(db):
    room = RoomFactory()
    first = RoomMessageFactory(room=room)
    reply = RoomMessageFactory(room=room, reply_to=first)

    RoomMessage.objects.filter(pk=first.pk).delete()

    reply.refresh_from_db()
    assert reply.reply_to is None


def test_rows_can_be_inserted_by_hand_with_nothing_but_what_they_say(db):
    def key(row):
        return row.pk.hex if connection.vendor == "sqlite" else row.pk

    person = UserFactory()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO chatrooms_room (name, type) VALUES ('By hand', 'group')")
        room = Room.objects.get()
        cursor.execute(
            "INSERT INTO chatrooms_roommember (room_id, user_id) VALUES (%s, %s)", [key(room), key(person)]
        )
        cursor.execute(
            "INSERT INTO chatrooms_roommessage (room_id, seq, revision, content) VALUES (%s, 1, 1, 'Hi')",
            [key(room)],
        )

    member, said = RoomMember.objects.get(), RoomMessage.objects.get()
    assert (room.last_seq, room.last_revision, room.purged_revision) == (0, 0, 0)
    assert room.created_at is not None
    assert room.deleted_at is None
    assert (member.role, member.last_read_seq, member.joined_at is None) == ("member", 0, False)
    assert (said.type, said.user, said.reply_to, said.edited_at) == ("text", None, None, None)
