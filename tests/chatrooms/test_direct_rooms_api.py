"""The one room of two people."""

from collections import Counter

import pytest
from uuid_utils.compat import uuid7

from accounts.models import User
from chatrooms.models import Room
from tests.factories import DirectRoomFactory, UserFactory
from tests.racing import at_once

URL = "/api/v1/rooms/direct/"


def one(room, tail=""):
    return f"/api/v1/rooms/{room.pk}/{tail}"


def open_with(client, person):
    return client.post(URL, {"user": str(person.pk)})


def refusal(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_two_people_have_one_room_from_either_side(as_user, alice, bob, mallory):
    first = open_with(as_user(alice), bob)
    again = open_with(as_user(alice), bob)
    opposite = open_with(as_user(bob), alice)

    assert (first.status_code, again.status_code, opposite.status_code) == (201, 200, 200)
    room = first.json()
    assert room == {
        "id": room["id"],
        "name": "",
        "type": "direct",
        "role": "member",
        "unread_count": 0,
        "member_count": 2,
        "last_message": None,
        "last_seq": 0,
        "last_revision": 0,
        "other": {"id": str(bob.pk), "name": "Bob", "username": "bob", "image": ""},
        "created_at": room["created_at"],
        "updated_at": room["created_at"],
    }
    assert again.json() == room
    assert opposite.json()["other"] == {
        "id": str(alice.pk),
        "name": "Alice",
        "username": "alice",
        "image": "",
    }
    assert {**opposite.json(), "other": room["other"]} == room
    assert as_user(mallory).get(f"/api/v1/rooms/{room['id']}/").status_code == 404
    members = as_user(bob).get(f"/api/v1/rooms/{room['id']}/members/").json()["items"]
    assert Counter(row["role"] for row in members) == {"member": 2}


def test_each_pair_has_a_room_of_its_own(as_user, alice, bob, carol):
    rooms = {
        open_with(as_user(one), other).json()["id"]
        for one, other in ((alice, bob), (alice, carol), (bob, carol))
    }

    assert len(rooms) == 3
    assert as_user(alice).get("/api/v1/rooms/").json()["total"] == 2


def test_nobody_talks_to_themselves(as_user, alice):
    answer = open_with(as_user(alice), alice)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"]["user"][0]["code"] == "oneself"
    assert not Room.objects.exists()


def test_a_person_who_is_not_there_cannot_be_talked_to(as_user, alice, bob):
    inactive, deleted = UserFactory(is_active=False), bob
    open_with(as_user(alice), deleted)
    User.objects.filter(pk=deleted.pk).soft_delete()

    for key in (inactive.pk, deleted.pk, uuid7()):
        answer = as_user(alice).post(URL, {"user": str(key)})
        assert answer.status_code == 400
        assert answer.json()["error"]["fields"]["user"][0]["code"] == "does_not_exist"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "user", "required"),
        ({"user": None}, "user", "null"),
        ({"user": "bob"}, "user", "invalid"),
        ({"user": str(uuid7()), "id": str(uuid7())}, "id", "unknown_field"),
        ({"user": str(uuid7()), "name": "Us"}, "name", "unknown_field"),
    ],
)
def test_a_request_of_the_wrong_shape_is_refused(as_user, alice, body, field, code):
    answer = as_user(alice).post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code


def test_either_person_deletes_the_room_and_brings_it_back(as_user, alice, bob, carol):
    room = DirectRoomFactory(people=[alice, bob])
    as_user(alice).post(one(room, "messages/"), {"content": "Hi"})

    assert as_user(carol).delete(one(room)).status_code == 404
    assert as_user(bob).delete(one(room)).status_code == 204
    assert as_user(alice).get(one(room)).status_code == 404
    for person in (alice, bob):
        trash = as_user(person).get("/api/v1/rooms/?deleted=true").json()["items"]
        assert [row["id"] for row in trash] == [str(room.pk)]
    assert as_user(carol).post(one(room, "restore/")).status_code == 404
    restored = as_user(alice).post(one(room, "restore/"))
    assert (restored.status_code, restored.json()["last_message"]["content"]) == (200, "Hi")
    assert as_user(bob).get(one(room)).status_code == 200


def test_opening_a_deleted_room_brings_it_back_with_what_was_said(as_user, alice, bob):
    room = DirectRoomFactory(people=[alice, bob])
    said = as_user(alice).post(one(room, "messages/"), {"content": "Hi"}).json()
    as_user(bob).delete(one(room))

    opened = open_with(as_user(bob), alice)

    assert (opened.status_code, opened.json()["id"]) == (200, str(room.pk))
    assert opened.json()["last_message"]["id"] == said["id"]
    assert opened.json()["unread_count"] == 1
    assert opened.json()["updated_at"] > said["created_at"]
    room.refresh_from_db()
    assert (room.deleted_at, room.deleted_by) == (None, None)


def test_its_people_and_its_missing_name_are_fixed(as_user, alice, bob, carol, mallory):
    room = DirectRoomFactory(people=[alice, bob])

    for method, tail, body in (
        ("patch", "", {"name": "Us"}),
        ("post", "members/", {"user": str(carol.pk)}),
        ("patch", f"members/{bob.pk}/", {"role": "admin"}),
        ("patch", f"members/{alice.pk}/", {"role": "admin"}),
        ("delete", f"members/{bob.pk}/", None),
        ("delete", f"members/{alice.pk}/", None),
    ):
        answer = getattr(as_user(alice), method)(one(room, tail), body)
        assert refusal(answer) == (409, "direct_room_fixed")
        assert refusal(getattr(as_user(mallory), method)(one(room, tail), body)) == (404, "not_found")
    assert as_user(alice).patch(one(room), {}).status_code == 200
    shown = as_user(alice).get(one(room)).json()
    assert (shown["member_count"], shown["name"], shown["role"]) == (2, "", "member")


def test_the_other_keeps_a_name_while_deactivated_and_loses_it_when_deleted_or_purged(as_user, alice, bob):
    room = DirectRoomFactory(people=[alice, bob])
    nobody = {"id": None, "name": "Deleted user", "username": None, "image": ""}

    def other():
        return as_user(alice).get(one(room)).json()["other"]

    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert other()["name"] == "Bob"
    User.objects.filter(pk=bob.pk).soft_delete()
    assert other() == nobody
    User.objects.filter(pk=bob.pk).restore()
    assert other()["id"] == str(bob.pk)
    bob.delete()
    assert other() == nobody
    assert as_user(alice).get("/api/v1/rooms/").json()["items"][0]["other"] == nobody


def test_only_authors_delete_in_a_direct_room(as_user, alice, bob):
    room = DirectRoomFactory(people=[alice, bob])
    said = as_user(alice).post(one(room, "messages/"), {"content": "Hi"}).json()

    assert as_user(bob).delete(one(room, f"messages/{said['id']}/")).status_code == 403
    assert as_user(alice).delete(one(room, f"messages/{said['id']}/")).status_code == 204


def test_the_address_takes_posts_only(as_user, alice):
    answer = as_user(alice).get(URL)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.django_db(transaction=True)
def test_two_who_write_to_each_other_at_once_get_one_room(as_user, alice, bob):
    sides = [(as_user(alice), bob), (as_user(bob), alice)] * 4

    answers = at_once(*[lambda side=side: open_with(*side) for side in sides])

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 7}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert {answer.json()["member_count"] for answer in answers} == {2}
    assert Room.objects.count() == 1
