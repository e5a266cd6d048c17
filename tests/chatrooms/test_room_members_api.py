"""Who is in a group, who runs it, and what happens when they go."""

import datetime

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from chatrooms import services
from chatrooms.models import RoomMember
from tests.factories import RoomFactory, RoomMemberFactory, UserFactory
from tests.racing import arriving_before_commit, at_once


def url(room, tail=""):
    return f"/api/v1/rooms/{room.pk}/members/{tail}"


def refusal(answer):
    return answer.status_code, answer.json()["error"]["code"]


def roles(client, room):
    return {row["user"]["name"]: row["role"] for row in client.get(url(room)).json()["items"]}


def test_members_are_listed_the_longest_standing_first(as_user, alice, bob, carol, queries):
    room = RoomFactory()
    now = timezone.now()
    for days, person in ((1, alice), (3, bob), (2, carol)):
        RoomMemberFactory(room=room, user=person, joined_at=now - datetime.timedelta(days=days))
    client = as_user(alice)

    with queries() as sent:
        page = client.get(url(room)).json()

    assert len(sent) == 4  # the session, the gate, the total, the page
    assert (page["total"], page["has_more"]) == (3, False)
    assert [row["user"]["name"] for row in page["items"]] == ["Bob", "Carol", "Alice"]
    assert page["items"][0] == {
        "user": {"id": str(bob.pk), "name": "Bob", "username": "bob", "image": ""},
        "role": "member",
        "joined_at": (now - datetime.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    assert client.get(url(room, f"{bob.pk}/")).json() == page["items"][0]
    second = client.get(url(room, "?page=2&page_size=2")).json()
    assert [row["user"]["name"] for row in second["items"]] == ["Alice"]
    assert client.get(url(room, "?ordering=name")).status_code == 400
    assert client.get(url(room, f"{uuid7()}/")).status_code == 404


def test_deleted_people_are_not_listed_but_keep_their_place(as_user, alice, bob):
    room = RoomFactory(admins=[alice, bob])
    User.objects.filter(pk=bob.pk).soft_delete()

    assert roles(as_user(alice), room) == {"Alice": "admin"}
    assert as_user(alice).get(url(room, f"{bob.pk}/")).status_code == 404
    assert as_user(alice).patch(url(room, f"{bob.pk}/"), {"role": "member"}).status_code == 404
    assert as_user(alice).delete(url(room, f"{bob.pk}/")).status_code == 404
    User.objects.filter(pk=bob.pk).restore()
    assert roles(as_user(alice), room) == {"Alice": "admin", "Bob": "admin"}


def test_admins_take_people_in_and_all_that_was_said_counts_as_read(as_user, alice, bob, carol):
    room = RoomFactory(admins=[alice], messages=3)

    added = as_user(alice).post(url(room), {"user": str(bob.pk)})
    as_admin = as_user(alice).post(url(room), {"user": str(carol.pk), "role": "admin"})

    assert added.status_code == 201
    assert added.json() == {
        "user": {"id": str(bob.pk), "name": "Bob", "username": "bob", "image": ""},
        "role": "member",
        "joined_at": added.json()["joined_at"],
    }
    assert as_admin.json()["role"] == "admin"
    shown = as_user(bob).get(f"/api/v1/rooms/{room.pk}/").json()
    assert (shown["unread_count"], shown["member_count"]) == (0, 3)
    assert len(as_user(bob).get(f"/api/v1/rooms/{room.pk}/messages/").json()["items"]) == 3
    as_user(alice).post(f"/api/v1/rooms/{room.pk}/messages/", {"content": "Welcome"})
    assert as_user(bob).get(f"/api/v1/rooms/{room.pk}/").json()["unread_count"] == 1


def test_nobody_is_taken_in_twice(as_user, alice, bob):
    room = RoomFactory(admins=[alice], members=[bob])

    for person in (alice, bob):
        answer = as_user(alice).post(url(room), {"user": str(person.pk), "role": "admin"})
        assert refusal(answer) == (409, "already_member")
    assert roles(as_user(alice), room) == {"Alice": "admin", "Bob": "member"}


def test_people_who_are_not_there_cannot_be_taken_in(as_user, alice):
    room, deleted = RoomFactory(admins=[alice]), UserFactory()
    User.objects.filter(pk=deleted.pk).soft_delete()

    for key in (UserFactory(is_active=False).pk, deleted.pk, uuid7()):
        answer = as_user(alice).post(url(room), {"user": str(key)})
        assert answer.status_code == 400
        assert answer.json()["error"]["fields"]["user"][0]["code"] == "does_not_exist"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "user", "required"),
        ({"user": None}, "user", "null"),
        ({"user": 1}, "user", "invalid"),
        ({"user": str(uuid7()), "role": "owner"}, "role", "invalid_choice"),
        ({"user": str(uuid7()), "last_read_seq": 0}, "last_read_seq", "unknown_field"),
    ],
)
def test_a_new_member_of_the_wrong_shape_is_refused(as_user, alice, body, field, code):
    answer = as_user(alice).post(url(RoomFactory(admins=[alice])), body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code


def test_plain_members_change_nobody_but_may_go(as_user, alice, bob, carol):
    room = RoomFactory(admins=[alice], members=[bob, carol])

    for method, tail, body in (
        ("post", "", {"user": str(UserFactory().pk)}),
        ("post", "", {"user": 5}),
        ("post", "", {"user": str(uuid7())}),
        ("patch", f"{bob.pk}/", {"role": "admin"}),
        ("patch", f"{bob.pk}/", {"role": "king"}),
        ("patch", f"{alice.pk}/", {}),
        ("delete", f"{alice.pk}/", None),
        ("delete", f"{carol.pk}/", None),
        ("delete", f"{carol.pk}/?x=1", None),
    ):
        answer = getattr(as_user(bob), method)(url(room, tail), body)
        assert refusal(answer) == (403, "permission_denied")
    assert as_user(bob).delete(url(room, f"{bob.pk}/?x=1")).status_code == 400
    assert as_user(bob).delete(url(room, f"{bob.pk}/")).status_code == 204
    assert as_user(bob).get(url(room)).status_code == 404
    assert roles(as_user(alice), room) == {"Alice": "admin", "Carol": "member"}


def test_admins_change_roles_and_remove_each_other(as_user, alice, bob, carol):
    room = RoomFactory(admins=[alice], members=[bob, carol])
    client = as_user(alice)

    promoted = client.patch(url(room, f"{bob.pk}/"), {"role": "admin"})
    same = client.patch(url(room, f"{bob.pk}/"), {})

    assert (promoted.status_code, promoted.json()["role"]) == (200, "admin")
    assert same.json() == promoted.json()
    assert client.patch(url(room, f"{bob.pk}/"), {"joined_at": "2026-01-01"}).status_code == 400
    assert as_user(bob).patch(url(room, f"{alice.pk}/"), {"role": "member"}).json()["role"] == "member"
    assert as_user(bob).delete(url(room, f"{alice.pk}/")).status_code == 204
    assert as_user(bob).delete(url(room, f"{alice.pk}/")).status_code == 404
    assert as_user(alice).get(url(room)).status_code == 404
    assert roles(as_user(bob), room) == {"Bob": "admin", "Carol": "member"}


def test_a_lone_admin_may_not_step_down(as_user, alice, bob):
    room = RoomFactory(admins=[alice], members=[bob])
    demote = {"role": "member"}

    assert refusal(as_user(alice).patch(url(room, f"{alice.pk}/"), demote)) == (409, "last_admin")
    assert as_user(alice).patch(url(room, f"{alice.pk}/"), {"role": "admin"}).status_code == 200
    assert roles(as_user(alice), room) == {"Alice": "admin", "Bob": "member"}
    as_user(alice).patch(url(room, f"{bob.pk}/"), {"role": "admin"})
    assert as_user(alice).patch(url(room, f"{alice.pk}/"), demote).status_code == 200
    assert refusal(as_user(bob).patch(url(room, f"{bob.pk}/"), demote)) == (409, "last_admin")


def test_an_admin_who_cannot_log_in_does_not_count_as_one(as_user, alice, bob):
    room = RoomFactory(admins=[alice, bob])
    User.objects.filter(pk=bob.pk).update(is_active=False)

    answer = as_user(alice).patch(url(room, f"{alice.pk}/"), {"role": "member"})

    assert refusal(answer) == (409, "last_admin")


def test_when_the_last_admin_leaves_the_longest_standing_member_takes_over(as_user, alice, bob, carol):
    room = RoomFactory(admins=[alice])
    now = timezone.now()
    deleted, inactive = UserFactory(), UserFactory(is_active=False, name="Inactive")
    User.objects.filter(pk=deleted.pk).soft_delete()
    for days, person in ((9, deleted), (8, inactive), (1, bob), (2, carol)):
        RoomMemberFactory(room=room, user=person, joined_at=now - datetime.timedelta(days=days))

    assert as_user(alice).delete(url(room, f"{alice.pk}/")).status_code == 204

    assert roles(as_user(bob), room) == {"Inactive": "member", "Bob": "member", "Carol": "admin"}


def test_of_two_who_joined_together_the_smaller_id_takes_over(as_user, alice, bob, carol):
    together = timezone.now()
    room = RoomFactory(admins=[alice])
    keys = sorted(uuid7() for _ in range(2))
    RoomMemberFactory(room=room, user=bob, joined_at=together, id=keys[1])
    RoomMemberFactory(room=room, user=carol, joined_at=together, id=keys[0])

    as_user(alice).delete(url(room, f"{alice.pk}/"))

    assert roles(as_user(bob), room) == {"Bob": "member", "Carol": "admin"}


def test_founders_who_joined_together_take_over_by_the_smaller_id_of_the_person(as_user, alice, bob, carol):
    people = sorted((bob, carol), key=lambda person: person.pk)
    body = {"name": "Founded", "members": [str(person.pk) for person in reversed(people)]}
    key = as_user(alice).post("/api/v1/rooms/", body).json()["id"]

    as_user(alice).delete(f"/api/v1/rooms/{key}/members/{alice.pk}/")

    assert as_user(people[0]).get(f"/api/v1/rooms/{key}/").json()["role"] == "admin"
    assert as_user(people[1]).get(f"/api/v1/rooms/{key}/").json()["role"] == "member"


def test_while_an_admin_stays_nobody_takes_over(as_user, alice, bob, carol):
    room = RoomFactory(admins=[alice, carol], members=[bob])

    as_user(alice).delete(url(room, f"{alice.pk}/"))

    assert roles(as_user(bob), room) == {"Bob": "member", "Carol": "admin"}


def test_when_the_last_member_leaves_the_room_is_deleted(as_user, alice, bob):
    room = RoomFactory(admins=[alice])
    RoomMemberFactory(room=room, user=bob)
    User.objects.filter(pk=bob.pk).soft_delete()

    assert as_user(alice).delete(url(room, f"{alice.pk}/")).status_code == 204

    room.refresh_from_db()
    assert (room.deleted_by, room.deleted_at) == (alice, room.updated_at)
    assert as_user(alice).get("/api/v1/rooms/?deleted=true").json()["items"] == []
    assert as_user(alice).post(f"/api/v1/rooms/{room.pk}/restore/").status_code == 404


def test_who_comes_back_starts_with_everything_read(as_user, alice, bob):
    room = RoomFactory(admins=[alice], members=[bob])
    as_user(bob).delete(url(room, f"{bob.pk}/"))
    as_user(alice).post(f"/api/v1/rooms/{room.pk}/messages/", {"content": "Gone?"})

    as_user(alice).post(url(room), {"user": str(bob.pk)})

    assert as_user(bob).get(f"/api/v1/rooms/{room.pk}/").json()["unread_count"] == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_last_admins_who_leave_one_after_the_other_someone_takes_over(as_user, alice, bob, carol):
    room = RoomFactory(admins=[alice, bob], members=[carol])
    client = as_user(bob)

    with arriving_before_commit(lambda: client.delete(url(room, f"{bob.pk}/"))) as answers:
        services.remove_member(room_id=room.pk, by=alice, user_id=alice.pk)

    assert [answer.status_code for answer in answers] == [204]
    assert roles(as_user(carol), room) == {"Carol": "admin"}


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_leave_at_once_leave_an_admin_behind(as_user, alice, bob, carol):
    for _ in range(5):
        room = RoomFactory(admins=[alice, bob], members=[carol])
        leaving = [(as_user(person), url(room, f"{person.pk}/")) for person in (alice, bob)]

        answers = at_once(*[lambda one=one: one[0].delete(one[1]) for one in leaving])

        assert [answer.status_code for answer in answers] == [204, 204]
        assert roles(as_user(carol), room) == {"Carol": "admin"}


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_at_once_leave_one(as_user, alice, bob):
    room = RoomFactory(admins=[alice, bob])
    client = as_user(bob)

    with arriving_before_commit(
        lambda: client.patch(url(room, f"{alice.pk}/"), {"role": "member"})
    ) as answers:
        services.change_member(room_id=room.pk, by=alice, user_id=bob.pk, role="member")

    assert [answer.status_code for answer in answers] == [403]
    assert roles(as_user(alice), room) == {"Alice": "admin", "Bob": "member"}


@pytest.mark.django_db(transaction=True)
def test_a_person_who_is_taken_in_by_two_at_once_is_in_once(as_user, alice, bob, carol):
    room = RoomFactory(admins=[alice, bob])
    clients = [as_user(alice), as_user(bob)]

    answers = at_once(
        *[lambda client=client: client.post(url(room), {"user": str(carol.pk)}) for client in clients]
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert RoomMember.objects.filter(room=room, user=carol).count() == 1
