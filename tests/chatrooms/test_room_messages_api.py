"""What is said in a room: numbered, revised, repeatable."""

from collections import Counter

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from accounts.models import User
from chatrooms import services
from chatrooms.models import Room, RoomMessage
from tests.factories import RoomFactory, RoomMessageFactory
from tests.racing import arriving_before_commit, at_once

NOBODY = {"id": None, "name": "Deleted user", "username": None, "image": ""}
PICTURE = "https://example.com/cat.png"


def url(room, tail=""):
    return f"/api/v1/rooms/{room.pk}/messages/{tail}"


def refusal(answer):
    return answer.status_code, answer.json()["error"]["code"]


def say(client, room, content="Hello", **more):
    answer = client.post(url(room), {"content": content, **more})
    assert answer.status_code == 201
    return answer.json()


@pytest.fixture
def room(alice, bob, carol):
    """alice and bob are members, carol is the admin."""
    return RoomFactory(name="Chemistry", members=[alice, bob], admins=[carol])


def test_messages_are_numbered_and_move_their_room(as_user, alice, bob, room):
    first = say(as_user(alice), room, "Hello\n\tthere ")
    second = say(as_user(bob), room, reply_to=first["id"])

    assert first == {
        "id": first["id"],
        "seq": 1,
        "revision": 1,
        "type": "text",
        "content": "Hello\n\tthere ",
        "user": {"id": str(alice.pk), "name": "Alice", "username": "alice", "image": ""},
        "reply_to": None,
        "edited_at": None,
        "created_at": first["created_at"],
        "updated_at": first["created_at"],
    }
    assert (second["seq"], second["revision"], second["reply_to"]) == (2, 2, first["id"])
    shown = as_user(alice).get(f"/api/v1/rooms/{room.pk}/").json()
    assert (shown["last_seq"], shown["last_revision"]) == (2, 2)
    assert shown["updated_at"] == second["created_at"]
    assert as_user(bob).get(url(room)).json() == {
        "items": [first, second],
        "has_more": False,
        "last_revision": 2,
    }
    assert as_user(bob).get(url(room, f"{first['id']}/")).json() == first


def test_posting_costs_four_statements_beside_the_session(as_user, alice, room, queries):
    client = as_user(alice)

    with queries() as sent:
        say(client, room)

    # session, savepoint of the test's transaction and its release, numbers and lock, insert with the gate
    assert len(sent) == 5


def test_a_history_is_read_in_windows_oldest_first(as_user, alice, bob, room, queries):
    for number in range(7):
        RoomMessageFactory(room=room, user=(alice, bob, None)[number % 3])
    client = as_user(alice)
    assert client.delete(url(room, f"{room.messages.get(seq=4).pk}/")).status_code == 204

    def window(query):
        answer = client.get(url(room, query)).json()
        assert answer["last_revision"] == 8
        return [message["seq"] for message in answer["items"]], answer["has_more"]

    assert window("?limit=2") == ([6, 7], True)
    assert window("?limit=3&before=6") == ([2, 3, 5], True)
    assert window("?before=2") == ([1], False)
    assert window("?before=1") == ([], False)
    assert window("?after=3&limit=2") == ([5, 6], True)
    assert window("?after=6") == ([7], False)
    assert window("?after=7") == ([], False)
    with queries() as sent:
        assert window("") == ([1, 2, 3, 5, 6, 7], False)
    assert len(sent) == 1


@pytest.mark.parametrize("query", ["?before=3&after=1", "?limit=0", "?limit=201", "?after=-1", "?page=1"])
def test_a_window_that_makes_no_sense_is_refused(as_user, alice, room, query):
    assert as_user(alice).get(url(room, query)).status_code == 400


@pytest.mark.parametrize(("term", "found"), [("écol", [1]), ("ÉCOL", [1]), ("COLE", [1, 2]), ("50%_", [3])])
def test_a_search_looks_inside_words_whatever_the_case(as_user, alice, room, term, found):
    for content in ("à l'École", "ecole without accent", "50%_ off", "500 off"):
        RoomMessageFactory(room=room, content=content)

    answer = as_user(alice).get(url(room), {"search": term}).json()

    assert [message["seq"] for message in answer["items"]] == found
    windowed = as_user(alice).get(url(room), {"search": term, "before": 2}).json()
    assert [message["seq"] for message in windowed["items"]] == [seq for seq in found if seq < 2]


class Meanwhile:
    """Runs something once, right before the plain path reads a given table; on the same connection."""

    def __init__(self, table, call):
        self.table, self.call = f'FROM "{table}"', call

    def __call__(self, execute, sql, params, many, context):
        if self.call and not sql.startswith("WITH") and self.table in sql.partition(" WHERE ")[0]:
            call, self.call = self.call, None
            call()
        return execute(sql, params, many, context)


def test_the_revision_of_a_history_is_that_of_its_window(as_user, alice, bob, room):
    client = as_user(alice)
    say(client, room)

    def post():
        services.post_message(room_id=room.pk, author=bob, content="Meanwhile")

    with connection.execute_wrapper(Meanwhile("chatrooms_roommessage", post)):
        # By a header that leaves it to the plain path.
        answer = client.get(url(room), headers={"Accept": "application/json;q=1"}).json()

    assert [message["seq"] for message in answer["items"]] == [1, 2]
    assert answer["last_revision"] == 2


def test_an_empty_history_misses_nothing_that_comes_while_it_is_read(as_user, alice, bob, room):
    client = as_user(alice)

    def post_and_take_back():
        said = services.post_message(room_id=room.pk, author=bob, content="Meanwhile")
        services.delete_message(room_id=room.pk, message_id=said.pk, by=bob)

    with connection.execute_wrapper(Meanwhile("chatrooms_roommessage", post_and_take_back)):
        answer = client.get(url(room)).json()

    assert (answer["items"], answer["last_revision"]) == ([], 0)
    assert client.get(url(room)).json()["last_revision"] == 2


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "content", "required"),
        ({"content": None}, "content", "null"),
        ({"content": 5}, "content", "invalid"),
        ({"content": ""}, "content", "blank"),
        ({"content": "\u200b\u2060"}, "content", "blank"),
        ({"content": "a\x01b"}, "content", "characters"),
        ({"content": "x" * 10_001}, "content", "max_length"),
        ({"content": "x", "type": "video"}, "type", "invalid_choice"),
        ({"content": "x", "type": None}, "type", "null"),
        ({"content": "cat.png", "type": "image"}, "content", "invalid_url"),
        ({"content": "ftp://example.com/a", "type": "file"}, "content", "invalid_url"),
        ({"content": "javascript:alert(1)", "type": "file"}, "content", "invalid_url"),
        ({"content": f"{PICTURE}?{'x' * 2000}", "type": "image"}, "content", "max_length"),
        ({"content": "x", "reply_to": "first"}, "reply_to", "invalid"),
        ({"content": "x", "reply_to": str(uuid7())}, "reply_to", "does_not_exist"),
        ({"content": "x", "id": "nonsense"}, "id", "invalid"),
        ({"content": "x", "seq": 7}, "seq", "unknown_field"),
        ({"content": "x", "user": str(uuid7())}, "user", "unknown_field"),
        ({"content": "x", "revision": 7}, "revision", "unknown_field"),
    ],
)
def test_a_message_of_the_wrong_shape_is_refused_and_takes_no_number(as_user, alice, room, body, field, code):
    answer = as_user(alice).post(url(room), body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code
    said = say(as_user(alice), room)
    assert (said["seq"], said["revision"]) == (1, 1)


def test_everything_that_may_be_said_comes_back_as_sent(as_user, alice, room):
    client = as_user(alice)

    for type, content in (("text", "é" * 10_000), ("image", PICTURE), ("file", "http://example.com/a?b=c#d")):
        said = say(client, room, content, type=type, reply_to=None)
        assert (said["type"], said["content"]) == (type, content)
        assert client.get(url(room, f"{said['id']}/")).json() == said


def test_a_reply_is_to_a_live_message_of_the_same_room(as_user, alice, bob, room):
    elsewhere = RoomFactory(members=[alice])
    other = say(as_user(alice), elsewhere)
    gone = say(as_user(alice), room)
    as_user(alice).delete(url(room, f"{gone['id']}/"))
    unseen = RoomMessageFactory()

    for key in (other["id"], gone["id"], str(unseen.pk)):
        answer = as_user(alice).post(url(room), {"content": "x", "reply_to": key})
        assert answer.status_code == 400
        assert answer.json()["error"]["fields"]["reply_to"][0]["code"] == "does_not_exist"


def test_a_reply_keeps_the_key_of_what_is_deleted(as_user, alice, bob, room):
    first = say(as_user(alice), room)
    reply = say(as_user(bob), room, reply_to=first["id"])
    assert as_user(alice).delete(url(room, f"{first['id']}/")).status_code == 204

    assert as_user(bob).get(url(room)).json()["items"] == [reply]
    assert reply["reply_to"] == first["id"]


def test_the_author_puts_it_in_other_words(as_user, alice, room):
    said, later = say(as_user(alice), room, "Teh sky"), say(as_user(alice), room)
    before = as_user(alice).get(f"/api/v1/rooms/{room.pk}/").json()
    path = url(room, f"{said['id']}/")

    same = as_user(alice).patch(path, {})
    edited = as_user(alice).patch(path, {"content": "The sky"})

    assert same.json() == said
    assert edited.status_code == 200
    now = edited.json()["updated_at"]
    assert edited.json() == {
        **said,
        "content": "The sky",
        "revision": 3,
        "edited_at": now,
        "updated_at": now,
    }
    assert now > said["updated_at"]
    assert [row["seq"] for row in as_user(alice).get(url(room)).json()["items"]] == [1, 2]
    after = as_user(alice).get(f"/api/v1/rooms/{room.pk}/").json()
    assert after == {**before, "last_revision": 3}
    assert later["revision"] == 2


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"content": ""}, "content", "blank"),
        ({"content": "no address"}, "content", "invalid_url"),
        ({"type": "text"}, "type", "unknown_field"),
        ({"reply_to": None}, "reply_to", "unknown_field"),
        ({"id": str(uuid7())}, "id", "unknown_field"),
        ({"edited_at": None}, "edited_at", "unknown_field"),
    ],
)
def test_only_the_content_can_be_edited_within_its_type(as_user, alice, room, body, field, code):
    said = say(as_user(alice), room, PICTURE, type="image")

    answer = as_user(alice).patch(url(room, f"{said['id']}/"), body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code
    assert as_user(alice).get(url(room)).json()["last_revision"] == 1


def test_nobody_edits_the_words_of_others_and_only_admins_delete_them(as_user, alice, bob, carol, room):
    said = say(as_user(alice), room)
    path = url(room, f"{said['id']}/")

    for person in (bob, carol):
        for body in ({"content": "Forged"}, {"content": 5}, {}):
            assert refusal(as_user(person).patch(path, body)) == (403, "permission_denied")
    assert refusal(as_user(bob).delete(path)) == (403, "permission_denied")
    assert refusal(as_user(bob).delete(f"{path}?x=1")) == (403, "permission_denied")
    assert as_user(bob).get(url(room)).json() == {"items": [said], "has_more": False, "last_revision": 1}
    assert as_user(carol).delete(path).status_code == 204
    assert as_user(alice).get(path).status_code == 404


def test_a_deleted_message_is_gone_and_its_number_stays_taken(as_user, alice, room):
    client = as_user(alice)
    first, last = say(client, room), say(client, room)
    path = url(room, f"{last['id']}/")

    assert client.delete(path).status_code == 204

    for answer in (client.get(path), client.patch(path, {"content": "x"}), client.delete(path)):
        assert refusal(answer) == (404, "not_found")
    row = RoomMessage.objects.get(pk=last["id"])
    assert (row.revision, row.deleted_by, row.deleted_at) == (3, alice, row.updated_at)
    shown = client.get(f"/api/v1/rooms/{room.pk}/").json()
    assert (shown["last_message"]["id"], shown["last_seq"], shown["last_revision"]) == (first["id"], 2, 3)
    said = say(client, room)
    assert (said["seq"], said["revision"]) == (3, 4)


def test_a_message_is_reached_through_its_own_room_only(as_user, alice, room):
    said, other = say(as_user(alice), room), RoomFactory(members=[alice])
    path = url(other, f"{said['id']}/")

    for answer in (
        as_user(alice).get(path),
        as_user(alice).patch(path, {"content": "x"}),
        as_user(alice).delete(path),
    ):
        assert refusal(answer) == (404, "not_found")
    other.refresh_from_db()
    assert other.last_revision == 0


def test_what_deleted_and_purged_people_have_said_stays_without_their_name(as_user, alice, bob, room):
    say(as_user(bob), room)

    def author():
        return as_user(alice).get(url(room)).json()["items"][0]["user"]

    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert author()["name"] == "Bob"
    User.objects.filter(pk=bob.pk).soft_delete()
    assert author() == NOBODY
    User.objects.filter(pk=bob.pk).restore()
    assert author()["id"] == str(bob.pk)
    bob.delete()
    assert author() == NOBODY


def test_a_repeated_post_finds_the_first_ones_message(as_user, alice, bob, room):
    client, other = as_user(alice), RoomFactory(members=[alice])
    first = say(client, room)
    body = {"id": str(uuid7()), "content": "Once", "reply_to": first["id"]}
    assert client.post(url(room), body).status_code == 201
    client.delete(url(room, f"{first['id']}/"))

    again = client.post(url(room), body)
    less = client.post(url(room), {"id": body["id"], "content": "Once", "type": "text"})

    for answer in (again, less):
        assert (answer.status_code, answer.json()["seq"]) == (200, 2)
        assert answer.json()["user"]["name"] == "Alice"
    for changed in ({**body, "content": "Twice"}, {**body, "reply_to": None}, {**body, "type": "file"}):
        changed["content"] = PICTURE if changed.get("type") else changed["content"]
        assert refusal(client.post(url(room), changed)) == (409, "id_conflict")
    assert refusal(client.post(url(other), body)) == (409, "id_conflict")
    assert refusal(as_user(bob).post(url(room), body)) == (409, "id_conflict")
    client.patch(url(room, f"{body['id']}/"), {"content": "Edited"})
    assert refusal(client.post(url(room), body)) == (409, "id_conflict")
    client.delete(url(room, f"{body['id']}/"))
    assert refusal(client.post(url(room), body)) == (409, "id_conflict")
    assert say(client, room)["seq"] == 3


@pytest.mark.django_db(transaction=True)
def test_messages_posted_at_once_get_one_number_each(as_user, alice, bob):
    room = RoomFactory(members=[alice, bob])
    same = {"id": str(uuid7()), "content": "The same"}
    clients = [as_user(alice), as_user(bob)] * 2

    def post(client):
        statuses = [client.post(url(room), {"content": "Mine"}).status_code for _ in range(5)]
        return [*statuses, clients[0].post(url(room), same).status_code]

    answers = at_once(*[lambda client=client: post(client) for client in clients])

    assert Counter(status for statuses in answers for status in statuses) == {201: 21, 200: 3}
    history = clients[0].get(url(room, "?limit=200")).json()
    assert [message["seq"] for message in history["items"]] == list(range(1, 22))
    assert [message["revision"] for message in history["items"]] == list(range(1, 22))
    times = [message["created_at"] for message in history["items"]]
    assert times == sorted(times)


@pytest.mark.django_db(transaction=True)
def test_posts_edits_and_deletions_at_once_take_one_revision_each(as_user, alice, bob):
    room = RoomFactory(members=[alice, bob])
    client, other = as_user(alice), as_user(bob)
    said = [say(client, room) for _ in range(10)]

    def edit():
        return [client.patch(url(room, f"{row['id']}/"), {"content": "x"}).status_code for row in said[:5]]

    def delete():
        return [client.delete(url(room, f"{row['id']}/")).status_code for row in said[5:]]

    def post():
        return [other.post(url(room), {"content": "y"}).status_code for _ in range(5)]

    answers = at_once(edit, delete, post)

    assert answers == [[200] * 5, [204] * 5, [201] * 5]
    revisions = RoomMessage.objects.filter(room=room).values_list("revision", flat=True)
    assert sorted(revisions) == list(range(11, 26))
    assert Room.objects.get(pk=room.pk).last_revision == 25


@pytest.mark.django_db(transaction=True)
def test_who_is_just_being_removed_does_not_get_a_word_in(as_user, alice, bob):
    room = RoomFactory(admins=[alice], members=[bob])
    client = as_user(bob)

    with arriving_before_commit(lambda: client.post(url(room), {"content": "Wait!"})) as answers:
        services.remove_member(room_id=room.pk, by=alice, user_id=bob.pk)

    assert [answer.status_code for answer in answers] == [404]
    assert not room.messages.exists()
    assert say(as_user(alice), room)["seq"] == 1


@pytest.mark.django_db(transaction=True)
def test_who_is_removed_while_talking_falls_silent_at_that_moment(as_user, alice, bob):
    room = RoomFactory(admins=[alice], members=[bob])
    client, admin = as_user(bob), as_user(alice)

    def talk():
        statuses = [201]
        while statuses[-1] == 201 and len(statuses) < 500:
            statuses.append(client.post(url(room), {"content": "And another thing"}).status_code)
        return statuses

    def remove():
        assert admin.delete(f"/api/v1/rooms/{room.pk}/members/{bob.pk}/").status_code == 204
        return admin.get(f"/api/v1/rooms/{room.pk}/").json()["last_seq"]

    first, second, last_seq = at_once(talk, talk, remove)

    assert {first[-1], second[-1]} == {404}
    assert admin.get(f"/api/v1/rooms/{room.pk}/").json()["last_seq"] == last_seq


@pytest.mark.django_db(transaction=True)
def test_an_admin_who_is_just_being_demoted_deletes_no_words_of_others(as_user, alice, bob):
    room = RoomFactory(admins=[alice, bob])
    said, client = say(as_user(alice), room), as_user(bob)

    with arriving_before_commit(lambda: client.delete(url(room, f"{said['id']}/"))) as answers:
        services.change_member(room_id=room.pk, by=alice, user_id=bob.pk, role="member")

    assert [answer.status_code for answer in answers] == [403]
    assert as_user(alice).get(url(room)).json()["last_revision"] == 1
