"""Groups and the list of one's rooms, as a chat app uses them."""

import pytest
from uuid_utils.compat import uuid7

from accounts.models import User
from chatrooms import services
from chatrooms.models import Room, RoomRole
from tests.factories import (
    DirectRoomFactory,
    RoomFactory,
    RoomMessageFactory,
    UserFactory,
)
from tests.racing import arriving_before_commit

URL = "/api/v1/rooms/"


def one(room, tail=""):
    return f"{URL}{room.pk}/{tail}"


def names(answer):
    return [room["name"] for room in answer.json()["items"]]


def refusal(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_new_group_has_its_maker_as_admin_and_is_empty(as_user, alice, bob):
    answer = as_user(alice).post(URL, {"name": "  Chemistry "})

    assert answer.status_code == 201
    room = answer.json()
    assert room == {
        "id": room["id"],
        "name": "Chemistry",
        "type": "group",
        "role": "admin",
        "unread_count": 0,
        "member_count": 1,
        "last_message": None,
        "last_seq": 0,
        "last_revision": 0,
        "other": None,
        "created_at": room["created_at"],
        "updated_at": room["created_at"],
    }
    assert as_user(alice).get(f"{URL}{room['id']}/").json() == room
    assert as_user(bob).get(f"{URL}{room['id']}/").status_code == 404
    assert as_user(bob).get(URL).json()["items"] == []


def test_a_new_group_takes_its_first_members_once_each(as_user, alice, bob, carol):
    members = [str(carol.pk), str(bob.pk), str(bob.pk), str(alice.pk)]

    room = as_user(alice).post(URL, {"name": "Chemistry", "members": members}).json()

    assert room["member_count"] == 3
    listed = as_user(bob).get(f"{URL}{room['id']}/members/").json()["items"]
    assert {row["user"]["name"]: row["role"] for row in listed} == {
        "Alice": "admin",
        "Bob": "member",
        "Carol": "member",
    }
    assert {row["joined_at"] for row in listed} == {room["created_at"]}


def test_members_whom_the_maker_cannot_see_are_named_by_their_place(as_user, alice, bob):
    gone = UserFactory(is_active=False)
    deleted = UserFactory()
    User.objects.filter(pk=deleted.pk).soft_delete()
    members = [str(key) for key in (bob.pk, gone.pk, deleted.pk, uuid7())]

    answer = as_user(alice).post(URL, {"name": "Chemistry", "members": members})

    assert answer.status_code == 400
    fields = answer.json()["error"]["fields"]
    assert {name: errors[0]["code"] for name, errors in fields.items()} == {
        "members.1": "does_not_exist",
        "members.2": "does_not_exist",
        "members.3": "does_not_exist",
    }
    assert Room.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "name", "required"),
        ({"name": None}, "name", "null"),
        ({"name": 5}, "name", "invalid"),
        ({"name": " \u200e"}, "name", "blank"),
        ({"name": "x" * 101}, "name", "max_length"),
        ({"name": "a\u202eb"}, "name", "characters"),
        ({"name": "x", "type": "direct"}, "type", "unknown_field"),
        ({"name": "x", "last_seq": 5}, "last_seq", "unknown_field"),
        ({"name": "x", "direct_key": "a"}, "direct_key", "unknown_field"),
        ({"name": "x", "members": None}, "members", "null"),
        ({"name": "x", "members": "all"}, "members", "not_a_list"),
        ({"name": "x", "members": ["bob"]}, "members.0", "invalid"),
        ({"name": "x", "members": [str(uuid7())] * 101}, "members", "max_length"),
        ({"name": "x", "id": "nonsense"}, "id", "invalid"),
    ],
)
def test_a_group_of_the_wrong_shape_is_refused(as_user, alice, body, field, code):
    answer = as_user(alice).post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code


def test_a_hundred_members_and_a_name_of_a_hundred_letters_fit(as_user, alice):
    people = UserFactory.create_batch(100)

    answer = as_user(alice).post(URL, {"name": "é" * 100, "members": [str(user.pk) for user in people]})

    assert (answer.status_code, answer.json()["member_count"]) == (201, 101)


def test_a_list_shows_everything_about_a_room_in_one_statement(as_user, alice, bob, carol, queries):
    quiet = RoomFactory(name="Quiet", members=[alice])
    busy = RoomFactory(name="Busy", admins=[alice], members=[bob, carol])
    direct = DirectRoomFactory(people=[alice, bob])
    RoomMessageFactory(room=busy, user=alice)
    hidden = RoomMessageFactory(room=busy, user=bob)
    RoomMessageFactory(room=busy, user=bob)
    last = RoomMessageFactory(room=busy, user=carol, content="é" * 300)
    assert as_user(bob).delete(one(busy, f"messages/{hidden.pk}/")).status_code == 204

    client = as_user(alice)
    with queries() as sent:
        page = client.get(URL, {"ordering": "created_at"}).json()

    assert len(sent) == 1
    assert (page["total"], page["page"], page["page_size"], page["has_more"]) == (3, 1, 20, False)
    rooms = {room["id"]: room for room in page["items"]}
    shown = rooms[str(busy.pk)]
    assert shown == {
        "id": str(busy.pk),
        "name": "Busy",
        "type": "group",
        "role": "admin",
        "unread_count": 2,
        "member_count": 3,
        "last_message": {
            "id": str(last.pk),
            "seq": 4,
            "type": "text",
            "content": "é" * 200,
            "user": {"id": str(carol.pk), "name": "Carol", "username": "carol", "image": ""},
            "created_at": shown["last_message"]["created_at"],
        },
        "last_seq": 4,
        "last_revision": 5,
        "other": None,
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
    }
    read = as_user(alice).get(one(busy, f"messages/{last.pk}/")).json()
    assert shown["last_message"]["created_at"] == read["created_at"]
    assert (rooms[str(quiet.pk)]["role"], rooms[str(quiet.pk)]["last_message"]) == ("member", None)
    assert rooms[str(direct.pk)]["other"]["name"] == "Bob"
    assert as_user(alice).get(one(busy)).json() == shown


def test_what_nobody_is_left_to_have_said_counts_as_unread(as_user, alice):
    room = RoomFactory(members=[alice], messages=2)
    RoomMessageFactory(room=room, user=alice)

    assert as_user(alice).get(one(room)).json()["unread_count"] == 2


def test_people_who_are_deleted_are_not_counted_and_their_words_carry_no_name(as_user, alice, bob, carol):
    room = RoomFactory(members=[alice, bob, carol])
    RoomMessageFactory(room=room, user=bob)
    User.objects.filter(pk=bob.pk).soft_delete()
    User.objects.filter(pk=carol.pk).update(is_active=False)

    shown = as_user(alice).get(one(room)).json()

    assert (shown["member_count"], shown["unread_count"]) == (2, 1)
    nobody = {"id": None, "name": "Deleted user", "username": None, "image": ""}
    assert shown["last_message"]["user"] == nobody
    User.objects.filter(pk=bob.pk).restore()
    shown = as_user(alice).get(one(room)).json()
    assert (shown["member_count"], shown["last_message"]["user"]["name"]) == (3, "Bob")


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("name", ["Zeta", "alpha", "Émile"]),  # by code point
        ("-name", ["Émile", "alpha", "Zeta"]),
        ("created_at", ["alpha", "Émile", "Zeta"]),
        ("-created_at,name", ["Zeta", "Émile", "alpha"]),
        ("updated_at", ["Émile", "Zeta", "alpha"]),
        ("", ["alpha", "Zeta", "Émile"]),
    ],
)
def test_a_list_is_ordered_as_asked_the_latest_talk_first(as_user, alice, ordering, expected):
    rooms = [as_user(alice).post(URL, {"name": name}).json() for name in ("alpha", "Émile", "Zeta")]
    as_user(alice).post(f"{URL}{rooms[0]['id']}/messages/", {"content": "News"})

    assert names(as_user(alice).get(URL, {"ordering": ordering})) == expected


@pytest.mark.parametrize(("term", "found"), [("émil", 1), ("ÉMIL", 1), ("MIL", 2), ("100%_", 1), ("", 3)])
def test_a_search_looks_inside_names_whatever_the_case(as_user, alice, bob, term, found):
    RoomFactory(members=[alice], name="Émile, or 100%_ education")
    RoomFactory(members=[alice], name="Emile without accent, 1000 of them")
    RoomFactory(name="Émile of others")
    DirectRoomFactory(people=[alice, bob])

    assert as_user(alice).get(URL, {"search": term}).json()["total"] == found


def test_a_list_is_narrowed_to_one_type(as_user, alice, bob):
    RoomFactory(members=[alice], name="Group")
    direct = DirectRoomFactory(people=[alice, bob])

    assert names(as_user(alice).get(URL, {"type": "group"})) == ["Group"]
    found = as_user(alice).get(URL, {"type": "direct"}).json()["items"]
    assert [room["id"] for room in found] == [str(direct.pk)]


def test_a_list_comes_in_pages(as_user, alice):
    for number in range(5):
        RoomFactory(members=[alice], name=f"Room {number}")

    second = as_user(alice).get(URL, {"page": 2, "page_size": 2, "ordering": "name"})
    beyond = as_user(alice).get(URL, {"page": 10**9, "page_size": 100})

    assert names(second) == ["Room 2", "Room 3"]
    assert (second.json()["total"], second.json()["has_more"]) == (5, True)
    assert (beyond.status_code, beyond.json()["items"], beyond.json()["total"]) == (200, [], 5)


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("type=video", "type", "invalid_choice"),
        ("ordering=last_seq", "ordering", "invalid_choice"),
        ("ordering=name,name", "ordering", "invalid_choice"),
        ("search=a&search=b", "search", "repeated"),
        ("deleted=1", "deleted", "invalid"),
        ("limit=5", "limit", "unknown_field"),
        ("page_size=0", "page_size", "min_value"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(as_user, alice, query, field, code):
    answer = as_user(alice).get(f"{URL}?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code


def test_admins_rename_a_group_and_plain_members_do_not(as_user, alice, bob):
    room = as_user(alice).post(URL, {"name": "Draft", "members": [str(bob.pk)]}).json()
    path = f"{URL}{room['id']}/"

    same = as_user(alice).patch(path, {})
    renamed = as_user(alice).patch(path, {"name": "Final"})

    assert same.json() == room
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Final")
    assert renamed.json()["updated_at"] > room["updated_at"]
    assert renamed.json()["created_at"] == room["created_at"]
    for body in ({"name": "Mine"}, {"name": 5}, {}):
        assert refusal(as_user(bob).patch(path, body)) == (403, "permission_denied")
    assert refusal(as_user(bob).patch(f"{path}?x=1", {})) == (403, "permission_denied")
    for fixed in ({"id": str(uuid7())}, {"members": []}, {"type": "direct"}):
        assert as_user(alice).patch(path, fixed).status_code == 400
    assert as_user(bob).get(path).json()["name"] == "Final"


def test_a_deleted_group_waits_in_its_admins_trash(as_user, alice, bob, mallory):
    room = RoomFactory(name="Old", admins=[alice], members=[bob], messages=2)
    before = as_user(alice).get(one(room)).json()

    assert refusal(as_user(bob).delete(one(room))) == (403, "permission_denied")
    assert as_user(alice).delete(one(room)).status_code == 204
    assert as_user(alice).delete(one(room)).status_code == 404
    for tail in ("", "members/", "messages/"):
        assert as_user(bob).get(one(room, tail)).status_code == 404
    assert as_user(bob).post(one(room, "read/"), {"seq": 1}).status_code == 404
    assert as_user(bob).post(one(room, "messages/"), {"content": "Hello?"}).status_code == 404
    assert names(as_user(alice).get(URL)) == []
    assert names(as_user(alice).get(f"{URL}?deleted=true")) == ["Old"]
    for other in (bob, mallory):
        assert names(as_user(other).get(f"{URL}?deleted=true")) == []
    for body in ({}, {"why": "x"}):
        assert refusal(as_user(bob).post(one(room, "restore/"), body)) == (403, "permission_denied")
        assert refusal(as_user(mallory).post(one(room, "restore/"), body)) == (404, "not_found")
    assert as_user(alice).post(one(room, "restore/"), {"why": "x"}).status_code == 400

    restored = as_user(alice).post(one(room, "restore/"))

    assert restored.status_code == 200
    assert restored.json() == {**before, "updated_at": restored.json()["updated_at"]}
    assert restored.json()["updated_at"] > before["updated_at"]
    assert as_user(alice).post(one(room, "restore/")).status_code == 404
    assert as_user(bob).get(one(room)).status_code == 200


def test_deleting_stamps_who_and_when_at_one_instant(as_user, alice):
    room = RoomFactory(admins=[alice])

    as_user(alice).delete(one(room))

    room.refresh_from_db()
    assert (room.deleted_by, room.deleted_at) == (alice, room.updated_at)
    as_user(alice).post(one(room, "restore/"))
    room.refresh_from_db()
    assert (room.deleted_by, room.deleted_at) == (None, None)


def test_a_repeated_create_finds_the_first_ones_room(as_user, alice, bob, carol):
    body = {"id": str(uuid7()), "name": "Once", "members": [str(bob.pk), str(carol.pk)]}
    first = as_user(alice).post(URL, body)
    User.objects.filter(pk=carol.pk).soft_delete()

    turned = as_user(alice).post(URL, {**body, "name": " Once ", "members": body["members"][::-1]})
    with_oneself = as_user(alice).post(URL, {**body, "members": [*body["members"], str(alice.pk)]})
    without = as_user(alice).post(URL, {"id": body["id"], "name": "Once"})

    assert first.status_code == 201
    for answer in (turned, with_oneself, without):
        assert (answer.status_code, answer.json()["id"]) == (200, body["id"])
    for other in ({**body, "name": "Twice"}, {**body, "members": [str(bob.pk)]}, {**body, "members": []}):
        assert refusal(as_user(alice).post(URL, other)) == (409, "id_conflict")
    for person in (bob, UserFactory()):
        foreign = as_user(person).post(URL, {"id": body["id"], "name": "Once"})
        assert refusal(foreign) == (409, "id_conflict")
    as_user(alice).delete(f"{URL}{body['id']}/")
    assert refusal(as_user(alice).post(URL, body)) == (409, "id_conflict")


def test_anothers_room_answers_like_none_whatever_is_wrong_with_the_request(as_user, alice, mallory):
    room = RoomFactory(admins=[alice])
    message = RoomMessageFactory(room=room, user=alice)

    for key, said in ((room.pk, message.pk), (uuid7(), uuid7())):
        path = f"{URL}{key}/"
        client = as_user(mallory)
        for answer in (
            client.get(path),
            client.get(f"{path}?x=1"),
            client.patch(path, {"name": 5}),
            client.put(path, {}),
            client.delete(path),
            client.delete(f"{path}?x=1"),
            client.post(f"{path}restore/", {"x": 1}),
            client.post(f"{path}read/", {"seq": 1}),
            client.post(f"{path}read/", {}),
            client.get(f"{path}members/"),
            client.post(f"{path}members/", {"user": str(mallory.pk)}),
            client.post(f"{path}members/", {"user": 5}),
            client.get(f"{path}members/{alice.pk}/"),
            client.patch(f"{path}members/{alice.pk}/", {"role": "member"}),
            client.patch(f"{path}members/{alice.pk}/", {"role": "king"}),
            client.delete(f"{path}members/{alice.pk}/"),
            client.delete(f"{path}members/{mallory.pk}/"),
            client.get(f"{path}messages/"),
            client.get(f"{path}messages/?before=1&after=1"),
            client.post(f"{path}messages/", {"content": "Hi"}),
            client.post(f"{path}messages/", {}),
            client.post(f"{path}messages/", "{", content_type="application/json"),
            client.post(f"{path}messages/", "content=x", content_type="text/plain"),
            client.post(f"{path}messages/", {"content": "Hi", "reply_to": str(said)}),
            client.get(f"{path}messages/{said}/"),
            client.patch(f"{path}messages/{said}/", {"content": 5}),
            client.delete(f"{path}messages/{said}/"),
        ):
            assert refusal(answer) == (404, "not_found")


def test_without_a_log_in_there_is_nothing(anyone, alice):
    room = RoomFactory(admins=[alice])

    for answer in (anyone.get(URL), anyone.get(one(room)), anyone.post(one(room, "messages/"), {})):
        assert refusal(answer) == (401, "not_authenticated")


def test_a_marker_moves_forward_only(as_user, alice, bob, queries):
    room, client = RoomFactory(members=[alice, bob], messages=3), as_user(alice)
    RoomMessageFactory(room=room, user=alice)
    RoomMessageFactory(room=room, user=bob)

    def read(seq):
        answer = client.post(one(room, "read/"), {"seq": seq})
        assert answer.status_code == 200
        return answer.json()

    with queries() as sent:
        assert read(2) == {"last_read_seq": 2, "unread_count": 2}
    assert len(sent) == 4  # the session, the gate with the numbers, the move, the numbers again
    assert read(1) == {"last_read_seq": 2, "unread_count": 2}
    assert read(0) == {"last_read_seq": 2, "unread_count": 2}
    assert read(5) == {"last_read_seq": 5, "unread_count": 0}
    assert as_user(alice).get(one(room)).json()["unread_count"] == 0
    assert as_user(bob).get(one(room)).json()["unread_count"] == 4
    room.refresh_from_db()
    assert room.last_revision == 5


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"seq": None}, "null"),
        ({"seq": "1"}, "invalid"),
        ({"seq": True}, "invalid"),
        ({"seq": 1.0}, "invalid"),
        ({"seq": -1}, "min_value"),
        ({"seq": 4}, "max_value"),
        ({"seq": 2**31}, "max_value"),
    ],
)
def test_a_marker_that_makes_no_sense_is_refused(as_user, alice, body, code):
    room = RoomFactory(members=[alice], messages=3)

    answer = as_user(alice).post(one(room, "read/"), body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"]["seq"][0]["code"] == code
    assert as_user(alice).get(one(room)).json()["unread_count"] == 3


def test_what_moves_a_rooms_time_and_what_does_not(as_user, alice, bob, carol):
    room = as_user(alice).post(URL, {"name": "Still", "members": [str(bob.pk)]}).json()
    path = f"{URL}{room['id']}/"

    def moved(call):
        before = as_user(alice).get(path).json()["updated_at"]
        assert call().status_code < 300
        return as_user(alice).get(path).json()["updated_at"] > before

    said = as_user(bob).post(f"{path}messages/", {"content": "Hello"}).json()
    message = f"{path}messages/{said['id']}/"
    assert as_user(alice).get(path).json()["updated_at"] == said["created_at"]
    assert not moved(lambda: as_user(bob).patch(message, {"content": "Hello!"}))
    assert not moved(lambda: as_user(alice).post(f"{path}read/", {"seq": 1}))
    assert not moved(lambda: as_user(alice).delete(message))
    assert not moved(lambda: as_user(alice).post(f"{path}members/", {"user": str(carol.pk)}))
    assert not moved(lambda: as_user(alice).patch(f"{path}members/{bob.pk}/", {"role": "admin"}))
    assert not moved(lambda: as_user(carol).delete(f"{path}members/{carol.pk}/"))
    assert moved(lambda: as_user(alice).patch(path, {"name": "Moved"}))
    assert moved(lambda: as_user(alice).post(f"{path}messages/", {"content": "Moved"}))


@pytest.mark.django_db(transaction=True)
def test_nobody_speaks_in_a_room_that_is_just_being_deleted(as_user, alice, bob):
    room = RoomFactory(admins=[alice], members=[bob])
    client = as_user(bob)

    with arriving_before_commit(lambda: client.post(one(room, "messages/"), {"content": "Hi"})) as answers:
        services.delete_room(room_id=room.pk, by=alice)

    assert [answer.status_code for answer in answers] == [404]
    assert not room.messages.exists()


@pytest.mark.django_db(transaction=True)
def test_an_admin_who_is_just_being_removed_deletes_nothing(as_user, alice, bob):
    room = RoomFactory(admins=[alice, bob])
    client = as_user(bob)

    with arriving_before_commit(lambda: client.delete(one(room))) as answers:
        services.remove_member(room_id=room.pk, by=alice, user_id=bob.pk)

    assert [answer.status_code for answer in answers] == [404]
    assert as_user(alice).get(one(room)).json()["member_count"] == 1


@pytest.mark.django_db(transaction=True)
def test_an_admin_who_is_just_being_demoted_renames_nothing(as_user, alice, bob):
    room = RoomFactory(name="Kept", admins=[alice, bob])
    client = as_user(bob)

    with arriving_before_commit(lambda: client.patch(one(room), {"name": "Mine"})) as answers:
        services.change_member(room_id=room.pk, by=alice, user_id=bob.pk, role=RoomRole.MEMBER)

    assert [answer.status_code for answer in answers] == [403]
    assert as_user(alice).get(one(room)).json()["name"] == "Kept"
