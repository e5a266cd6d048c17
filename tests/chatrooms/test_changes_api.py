"""What has happened in a room since a reader last looked."""

import pytest
from uuid_utils.compat import uuid7

from chatrooms.models import Room
from tests.factories import RoomFactory, RoomMessageFactory
from tests.racing import at_once


def url(room, tail="changes/"):
    return f"/api/v1/rooms/{room.pk}/{tail}"


def changes(client, room, after=None):
    answer = client.get(url(room), {} if after is None else {"after": after})
    assert answer.status_code == 200, answer.content
    return answer.json()


def say(client, room, content="Hello"):
    answer = client.post(url(room, "messages/"), {"content": content})
    assert answer.status_code == 201
    return answer.json()


@pytest.fixture
def room(alice, bob, carol):
    return RoomFactory(name="Chemistry", members=[alice, bob], admins=[carol])


def test_posts_edits_and_deletions_come_in_their_order_each_message_once(
    as_user, alice, bob, carol, room, queries
):
    first, second, third = (say(as_user(alice), room, word) for word in ("One", "Two", "Three"))
    assert changes(as_user(bob), room) == {
        "items": [
            {"revision": message["revision"], "message": message} for message in (first, second, third)
        ],
        "last_revision": 3,
        "has_more": False,
    }

    edited = as_user(alice).patch(url(room, f"messages/{first['id']}/"), {"content": "Won"}).json()
    as_user(carol).delete(url(room, f"messages/{second['id']}/"))

    with queries() as sent:
        told = changes(as_user(bob), room, 3)
    assert told == {
        "items": [
            {"revision": 4, "message": edited},
            {"revision": 5, "deleted": second["id"], "seq": 2},
        ],
        "last_revision": 5,
        "has_more": False,
    }
    assert len(sent) == 1
    assert [item["revision"] for item in changes(as_user(bob), room)["items"]] == [3, 4, 5]


@pytest.mark.parametrize("after", [3, 4, 2**31 - 1])
def test_at_the_end_and_beyond_it_nothing_has_happened(as_user, alice, room, after, queries):
    client = as_user(alice)
    for _ in range(3):
        RoomMessageFactory(room=room)

    with queries() as sent:
        told = changes(client, room, after)

    assert told == {"items": [], "last_revision": 3, "has_more": False}
    # The compiled read, which finds nothing; session, changes, room.
    assert len(sent) == 4


def test_a_long_absence_is_read_in_parts_without_a_gap(as_user, alice, room):
    for _ in range(401):
        RoomMessageFactory(room=room)

    parts, after = [], 0
    while not parts or parts[-1]["has_more"]:
        parts.append(changes(as_user(alice), room, after))
        after = parts[-1]["last_revision"]

    assert [len(part["items"]) for part in parts] == [200, 200, 1]
    assert [item["revision"] for part in parts for item in part["items"]] == list(range(1, 402))
    assert after == 401


def test_who_was_read_with_the_history_goes_on_from_there(as_user, alice, bob, room):
    say(as_user(alice), room)
    history = as_user(bob).get(url(room, "messages/")).json()
    latest = say(as_user(alice), room, "And another thing")

    told = changes(as_user(bob), room, history["last_revision"])

    assert [item["message"] for item in told["items"]] == [latest]


@pytest.mark.parametrize(("after", "status"), [(0, 410), (2, 410), (3, 200), (4, 200)])
def test_who_has_missed_what_was_purged_is_told_to_read_again(as_user, alice, room, after, status):
    for _ in range(4):
        RoomMessageFactory(room=room)
    Room.objects.filter(pk=room.pk).update(purged_revision=3)

    answer = as_user(alice).get(url(room), {"after": after})

    assert answer.status_code == status
    if status == 410:
        assert answer.json()["error"]["code"] == "history_gone"


def test_also_where_nothing_is_left_of_it(as_user, alice, room):
    Room.objects.filter(pk=room.pk).update(last_seq=5, last_revision=5, purged_revision=5)

    assert as_user(alice).get(url(room), {"after": 4}).status_code == 410
    assert changes(as_user(alice), room, 5) == {"items": [], "last_revision": 5, "has_more": False}


def test_the_words_of_a_deleted_message_are_told_to_nobody(as_user, alice, bob, room):
    secret = say(as_user(alice), room, "My password is swordfish")
    as_user(alice).delete(url(room, f"messages/{secret['id']}/"))

    assert "swordfish" not in as_user(bob).get(url(room)).content.decode()


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=", "after=1&after=2", "before=3", "limit=5"])
def test_what_is_no_number_is_refused(as_user, alice, mallory, room, query):
    assert as_user(alice).get(f"{url(room)}?{query}").status_code == 400
    assert as_user(mallory).get(f"{url(room)}?{query}").status_code == 404


def test_of_no_room_and_of_others_rooms_nothing_is_told(as_user, mallory, room):
    say_nothing = [as_user(mallory).get(url(one)) for one in (room, Room(pk=uuid7()))]

    assert {answer.status_code for answer in say_nothing} == {404}
    assert len({str(answer.json()["error"] | {"request_id": ""}) for answer in say_nothing}) == 1


@pytest.mark.django_db(transaction=True)
def test_who_follows_while_many_write_misses_and_repeats_nothing(as_user, alice, bob, carol, room):
    clients = [as_user(person) for person in (alice, bob, carol)]
    seen = []

    def write(client):
        for number in range(10):
            message = say(client, room, str(number))
            if number % 3 == 0:
                client.patch(url(room, f"messages/{message['id']}/"), {"content": "Better"})
            if number % 3 == 1:
                client.delete(url(room, f"messages/{message['id']}/"))
        return True

    def follow():
        after = 0
        while after < 3 * (10 + 4 + 3):
            told = changes(clients[0], room, after)
            seen.extend(told["items"])
            after = told["last_revision"]
        return True

    assert at_once(*(lambda client=client: write(client) for client in clients), follow) == [True] * 4
    revisions = [item["revision"] for item in seen]
    assert revisions == sorted(set(revisions))
    latest = {item.get("deleted") or item["message"]["id"]: item for item in seen}
    assert len(latest) == 30
    assert sorted(latest.values(), key=lambda item: item["revision"]) == changes(clients[1], room)["items"]
