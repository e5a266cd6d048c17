"""Rooms in the studio, as staff work with them."""

import pytest
from django.test import Client

from chatrooms.models import Room, RoomMember, RoomMessage
from tests.factories import DirectRoomFactory, RoomFactory, RoomMessageFactory

HOME = "/admin/chatrooms/"


@pytest.fixture
def studio(root):
    client = Client()
    client.force_login(root)
    return client


def choose(studio, table, action, rows):
    keys = [str(row.pk) for row in rows]
    answer = studio.post(f"{HOME}{table}/", {"action": action, "_selected_action": keys}, follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("table", ["room", "roommember", "roommessage"])
def test_a_list_costs_the_same_however_long_it_is(studio, queries, alice, bob, table):
    def cost():
        with queries() as sent:
            assert studio.get(f"{HOME}{table}/").status_code == 200
        return len(sent)

    room = RoomFactory(created_by=alice, members=[alice])
    RoomMessageFactory(room=room, user=alice)
    few = cost()
    for _ in range(5):
        room = RoomFactory(created_by=bob, members=[alice, bob])
        RoomMessageFactory(room=room, user=bob)
    DirectRoomFactory(people=[alice, bob])

    assert cost() == few


def test_rooms_are_searched_and_their_trash_is_listed(studio, alice, bob):
    RoomFactory(name="Chemistry")
    RoomFactory(name="Old")
    direct = DirectRoomFactory(people=[alice, bob])
    choose(studio, "room", "hide", Room.objects.filter(name="Old"))

    def listed(query):
        page = studio.get(f"{HOME}room/", query)
        return {str(room) for room in page.context["cl"].result_list}

    assert listed({"q": "chem"}) == {"Chemistry"}
    assert listed({"q": str(alice.pk)}) == {str(direct)}
    assert listed({"trash": "only"}) == {"Old"}
    assert listed({"trash": "none", "type__exact": "group"}) == {"Chemistry"}
    choose(studio, "room", "bring_back", Room.objects.filter(name="Old"))
    assert listed({"trash": "only"}) == set()


def test_a_group_is_renamed_without_touching_its_numbers(studio, alice):
    room = RoomFactory(name="Draft", members=[alice], created_by=alice)
    page = f"{HOME}room/{room.pk}/change/"
    opened = studio.get(page).content.decode()
    assert "Draft" in opened
    assert "Alice" in opened
    assert 'name="last_seq"' not in opened
    form = {
        "name": "Final",
        "created_by": str(alice.pk),
        "members-TOTAL_FORMS": "0",
        "members-INITIAL_FORMS": "0",
    }

    assert studio.post(page, form).status_code == 302

    before, room = room, Room.objects.get(pk=room.pk)
    assert room.name == "Final"
    assert room.updated_at > before.updated_at


def test_saving_a_page_of_the_studio_keeps_what_has_moved_meanwhile(studio, alice, monkeypatch):
    room = RoomFactory(name="Draft", created_by=alice)
    clean = Room.full_clean

    def post_meanwhile(self, *args, **kwargs):
        RoomMessageFactory(room=Room.objects.get(pk=room.pk))
        return clean(self, *args, **kwargs)

    monkeypatch.setattr(Room, "full_clean", post_meanwhile)
    form = {
        "name": "Final",
        "created_by": str(alice.pk),
        "members-TOTAL_FORMS": "0",
        "members-INITIAL_FORMS": "0",
    }

    assert studio.post(f"{HOME}room/{room.pk}/change/", form).status_code == 302

    room.refresh_from_db()
    assert (room.name, room.last_seq, room.last_revision) == ("Final", 1, 1)


def test_a_direct_room_has_nothing_to_edit_but_its_maker(studio, alice, bob):
    room = DirectRoomFactory(people=[alice, bob])
    member = room.members.first()

    opened = studio.get(f"{HOME}room/{room.pk}/change/").content.decode()

    assert 'name="name"' not in opened
    assert studio.post(f"{HOME}roommember/{member.pk}/change/", {"role": "admin"}).status_code == 403
    assert studio.get(f"{HOME}room/add/").status_code == 403


def test_a_group_that_everyone_has_left_is_given_to_somebody(studio, as_user, alice):
    room = RoomFactory(admins=[alice], messages=2)
    as_user(alice).delete(f"/api/v1/rooms/{room.pk}/members/{alice.pk}/")
    choose(studio, "room", "bring_back", [room])
    form = {"room": str(room.pk), "user": str(alice.pk), "role": "admin"}

    assert studio.post(f"{HOME}roommember/add/", form).status_code == 302

    shown = as_user(alice).get(f"/api/v1/rooms/{room.pk}/").json()
    assert (shown["role"], shown["unread_count"]) == ("admin", 0)


def test_nobody_is_put_into_a_direct_room(studio, alice, bob, carol):
    room = DirectRoomFactory(people=[alice, bob])
    form = {"room": str(room.pk), "user": str(carol.pk), "role": "member"}

    answer = studio.post(f"{HOME}roommember/add/", form)

    assert "A direct room keeps its two people" in answer.content.decode()
    assert room.members.count() == 2


def test_a_member_gets_another_role_and_keeps_the_marker(studio, alice):
    room = RoomFactory(members=[alice], messages=3)
    member = room.members.get()
    RoomMember.objects.update(last_read_seq=2)
    page = f"{HOME}roommember/{member.pk}/change/"
    assert studio.get(page).status_code == 200

    assert studio.post(page, {"role": "admin"}).status_code == 302

    member.refresh_from_db()
    assert (member.role, member.last_read_seq) == ("admin", 2)


def test_hiding_messages_is_a_revision_of_their_rooms(studio, root, as_user, alice):
    room, other = RoomFactory(members=[alice], messages=3), RoomFactory(members=[alice], messages=1)
    hidden = [room.messages.get(seq=1), room.messages.get(seq=3), other.messages.get()]

    choose(studio, "roommessage", "hide", hidden)

    assert list(room.messages.values_list("seq", "revision")) == [(1, 4), (2, 2), (3, 5)]
    assert other.messages.get().deleted_by == root
    history = as_user(alice).get(f"/api/v1/rooms/{room.pk}/messages/").json()
    assert ([row["seq"] for row in history["items"]], history["last_revision"]) == ([2], 5)

    choose(studio, "roommessage", "bring_back", hidden[:1])

    history = as_user(alice).get(f"/api/v1/rooms/{room.pk}/messages/").json()
    assert [(row["seq"], row["revision"]) for row in history["items"]] == [(1, 6), (2, 2)]
    assert history["last_revision"] == 6


def test_the_words_of_others_are_read_but_not_written(studio, alice):
    said = RoomMessageFactory(user=alice, content="Mine <b>alone</b>")
    page = f"{HOME}roommessage/{said.pk}/change/"

    opened = studio.get(page).content.decode()

    assert "Mine &lt;b&gt;alone&lt;/b&gt;" in opened
    assert studio.post(page, {"content": "Forged"}).status_code == 403
    assert studio.get(f"{HOME}roommessage/add/").status_code == 403
    assert RoomMessage.objects.get().content == "Mine <b>alone</b>"


def test_staff_who_may_only_look_hide_nothing(alice):
    from django.contrib.auth.models import Permission

    alice.is_staff = True
    alice.save()
    alice.user_permissions.set(Permission.objects.filter(codename="view_room"))
    client, room = Client(), RoomFactory()
    client.force_login(alice)
    assert client.get(f"{HOME}room/").status_code == 200

    choose(client, "room", "hide", [room])

    room.refresh_from_db()
    assert room.deleted_at is None
