"""Ending one's account: what goes, what stays, and how staff bring all of it back."""

import threading
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

import chatrooms.services
from accounts import services
from accounts.models import Organization, OrganizationMember, Session, User
from accounts.sessions import log_in
from chatrooms.models import Room, RoomMember
from config.people.services import end_account
from tests.factories import (
    PASSWORD,
    DirectRoomFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    RoomFactory,
    RoomMessageFactory,
    ThreadFactory,
    UserFactory,
)
from tests.processes import at_once_in_processes
from tests.racing import arriving_before_commit

ME = "/api/v1/me/"
LOGIN = "/api/auth/app/v1/auth/login"


def ops(person, tail=""):
    return f"/api/v1/ops/users/{person.pk}/{tail}"


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def roles(room):
    return dict(RoomMember.objects.filter(room=room).values_list("user__name", "role"))


def token_of(person):
    return log_in(person, ip_address=None, user_agent="").session_key


def is_deleted(row):
    return type(row).objects.get(pk=row.pk).deleted_at is not None


def test_an_account_ends_with_all_its_log_ins_and_tokens(as_user, alice, bob):
    client, others = as_user(alice), [token_of(alice) for _ in range(2)]
    made = client.post("/api/v1/me/tokens/", {"name": "backup", "expires_in_days": 1}).json()

    assert client.delete(ME).status_code == 204

    for token in (*others, made["token"]):
        assert APIClient().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert client.get(ME).status_code == client.delete(ME).status_code == 401
    assert not Session.objects.filter(user=alice).exists()
    again = APIClient().post(LOGIN, {"email": alice.email, "password": PASSWORD})
    wrong = APIClient().post(LOGIN, {"email": alice.email, "password": "wrong password"})
    assert (again.status_code, again.content) == (400, wrong.content)
    row = User.objects.get(pk=alice.pk)
    assert row.deleted_at == row.updated_at
    assert timezone.now() - row.deleted_at < timedelta(minutes=1)
    assert as_user(bob).get(f"/api/v1/users/{alice.pk}/").status_code == 404
    assert as_user(bob).get("/api/v1/users/", {"search": "alice"}).json()["items"] == []


@pytest.mark.parametrize(
    ("taken", "refusal"),
    [({"email": "ALICE@example.com"}, "email_taken"), ({"username": "Alice"}, "username_taken")],
)
def test_address_and_username_stay_taken(as_user, alice, anyone, taken, refusal):
    as_user(alice).delete(ME)

    body = {"email": "new@example.com", "password": PASSWORD, "name": "New", **taken}

    assert code(anyone.post("/api/v1/signup/", body)) == (409, refusal)


def test_an_api_token_is_its_person_in_this_too(as_user, alice):
    made = as_user(alice).post("/api/v1/me/tokens/", {"name": "backup", "expires_in_days": 1}).json()

    answer = APIClient().delete(ME, headers={"Authorization": f"Bearer {made['token']}"})

    assert answer.status_code == 204
    assert as_user(alice).get(ME).status_code == 401


def test_a_browser_ends_its_account_only_with_proof(alice):
    browser = APIClient(enforce_csrf_checks=True)
    browser.get("/api/auth/browser/v1/config")
    proof = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    login = "/api/auth/browser/v1/auth/login"
    browser.post(login, {"email": alice.email, "password": PASSWORD}, headers=proof)

    assert browser.delete(ME).status_code == 403
    assert browser.get(ME).status_code == 200
    proof = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.delete(ME, headers=proof).status_code == 204
    assert browser.get(ME).status_code == 401


def test_ending_takes_no_parameters(as_user, alice):
    assert as_user(alice).delete(f"{ME}?force=true").status_code == 400
    assert as_user(alice).get(ME).status_code == 200


# Organizations.


def test_an_organization_of_one_goes_along_and_comes_back(as_user, alice, root):
    mine = OrganizationFactory(members={alice: "owner"})
    empty = OrganizationFactory(members={alice: "owner", UserFactory(deleted_at=timezone.now()): "owner"})
    before = OrganizationFactory(members={alice: "owner"})
    as_user(alice).delete(f"/api/v1/organizations/{before.pk}/")

    assert as_user(alice).delete(ME).status_code == 204

    person = User.objects.get(pk=alice.pk)
    for organization in (mine, empty):
        organization.refresh_from_db()
        assert organization.deleted_at == organization.updated_at == person.deleted_at
        assert organization.deleted_by == alice
    assert as_user(root).post(ops(alice, "restore/")).status_code == 200
    found = as_user_again(alice).get("/api/v1/organizations/").json()["items"]
    assert {row["id"] for row in found} == {str(mine.pk), str(empty.pk)}
    assert is_deleted(before)  # which was deleted separately
    mine.refresh_from_db()
    assert (mine.deleted_at, mine.deleted_by) == (None, None)


def as_user_again(person):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_of(person)}")
    return client


@pytest.mark.parametrize("rest", [["member"], ["admin", "member"], ["inactive owner"]])
def test_the_last_owner_of_others_stays(as_user, alice, root, rest):
    other = OrganizationFactory(members={alice: "owner"})
    acme = OrganizationFactory(members={alice: "owner"})
    for role in rest:
        member = UserFactory(is_active="inactive" not in role)
        OrganizationMemberFactory(organization=acme, user=member, role=role.rpartition(" ")[2])
    room = RoomFactory(admins=[alice])
    token = token_of(alice)

    assert code(as_user(alice).delete(ME)) == (409, "last_owner")
    assert code(as_user(root).delete(ops(alice))) == (409, "last_owner")

    assert APIClient().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert not any(map(is_deleted, (alice, acme, other, room)))


def test_who_shares_an_organization_leaves_it_to_the_others(as_user, alice, bob, carol):
    owned = OrganizationFactory(members={alice: "owner", bob: "owner", carol: "member"})
    served = OrganizationFactory(members={bob: "owner", alice: "admin"})

    assert as_user(alice).delete(ME).status_code == 204

    for organization, count in ((owned, 2), (served, 1)):
        shown = as_user(bob).get(f"/api/v1/organizations/{organization.pk}/").json()
        assert shown["member_count"] == count
        members = as_user(bob).get(f"/api/v1/organizations/{organization.pk}/members/").json()["items"]
        assert "Alice" not in [row["user"]["name"] for row in members]
    assert OrganizationMember.objects.filter(user=alice).count() == 2  # they stay, uncounted


def test_an_owner_who_is_deleted_does_not_count_as_another(as_user, alice, bob, carol):
    OrganizationFactory(members={alice: "owner", bob: "owner", carol: "member"})

    assert as_user(bob).delete(ME).status_code == 204
    assert code(as_user(alice).delete(ME)) == (409, "last_owner")


# Rooms.


def test_a_last_admin_is_replaced_by_the_longest_standing_member(as_user, alice, bob, carol):
    led = RoomFactory(admins=[alice], members=[carol, bob])
    shared = RoomFactory(admins=[alice, bob], members=[carol])
    plain = RoomFactory(admins=[carol], members=[alice, bob])
    inactive = RoomFactory(admins=[alice], members=[UserFactory(name="Ina", is_active=False), bob])

    assert as_user(alice).delete(ME).status_code == 204

    assert roles(led) == {"Alice": "admin", "Carol": "admin", "Bob": "member"}
    assert roles(shared) == {"Alice": "admin", "Bob": "admin", "Carol": "member"}
    assert roles(plain) == {"Alice": "member", "Carol": "admin", "Bob": "member"}
    assert roles(inactive)["Bob"] == "admin"
    shown = as_user(bob).get(f"/api/v1/rooms/{led.pk}/").json()
    assert (shown["member_count"], shown["updated_at"]) == (
        2,
        led.updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )


def test_a_group_without_anybody_else_goes_along_and_comes_back(as_user, alice, bob, root):
    mine = RoomFactory(admins=[alice], messages=2)
    last = RoomFactory(admins=[alice], members=[bob])
    before = RoomFactory(admins=[alice])
    as_user(alice).delete(f"/api/v1/rooms/{before.pk}/")
    as_user(bob).delete(ME)

    assert as_user(alice).delete(ME).status_code == 204

    person = User.objects.get(pk=alice.pk)
    for room in (mine, last):
        room.refresh_from_db()
        assert room.deleted_at == person.deleted_at
        assert room.deleted_by == alice
    assert as_user(root).post(ops(alice, "restore/")).status_code == 200
    client = as_user_again(alice)
    assert {row["id"] for row in client.get("/api/v1/rooms/").json()["items"]} == {
        str(mine.pk),
        str(last.pk),
    }
    assert client.get(f"/api/v1/rooms/{mine.pk}/").json()["role"] == "admin"
    assert len(client.get(f"/api/v1/rooms/{mine.pk}/messages/").json()["items"]) == 2
    assert is_deleted(before)


def test_what_was_said_stays_and_its_author_is_a_deleted_user(as_user, alice, bob, root):
    nobody = {"id": None, "name": "Deleted user", "username": None, "image": ""}
    group, direct = RoomFactory(members=[alice, bob]), DirectRoomFactory(people=[alice, bob])
    for room in (group, direct):
        RoomMessageFactory(room=room, user=alice, content="Remember me")

    as_user(alice).delete(ME)

    for room in (group, direct):
        said = as_user(bob).get(f"/api/v1/rooms/{room.pk}/messages/").json()["items"][0]
        assert (said["content"], said["user"]) == ("Remember me", nobody)
        shown = as_user(bob).get(f"/api/v1/rooms/{room.pk}/").json()
        assert shown["last_message"]["user"] == nobody
    assert shown["other"] == nobody
    assert "Alice" not in as_user(bob).get("/api/v1/rooms/").content.decode()

    as_user(root).post(ops(alice, "restore/"))
    shown = as_user(bob).get(f"/api/v1/rooms/{direct.pk}/").json()
    assert shown["other"]["name"] == shown["last_message"]["user"]["name"] == "Alice"


def test_nothing_can_be_added_to_who_has_gone(as_user, alice, bob):
    acme, room = OrganizationFactory(members={bob: "owner"}), RoomFactory(admins=[bob])
    as_user(alice).delete(ME)

    for path in (f"/api/v1/organizations/{acme.pk}/members/", f"/api/v1/rooms/{room.pk}/members/"):
        answer = as_user(bob).post(path, {"user": str(alice.pk)})
        assert answer.json()["error"]["fields"]["user"][0]["code"] == "does_not_exist"
    assert as_user(bob).post("/api/v1/rooms/direct/", {"user": str(alice.pk)}).status_code == 400


# What it costs, and that it does so however much there is.


@pytest.mark.parametrize("count", [1, 4])
def test_an_ending_and_a_restore_cost_the_same_however_much_there_is(
    as_user, alice, bob, root, queries, count
):
    for _ in range(count):
        OrganizationFactory(members={alice: "owner"})
        OrganizationFactory(members={alice: "owner", bob: "owner"})
        RoomFactory(admins=[alice])
        RoomFactory(admins=[alice], members=[bob])
        DirectRoomFactory(people=[alice, UserFactory()])
    owner, staff = as_user(alice), as_user(root)

    with queries() as sent:
        assert owner.delete(ME).status_code == 204
    # The session; begin, the person, their row; organizations held, gone along, none without an owner; the
    # sessions; rooms held, gone along, handed on; end.
    assert len(sent) == 12
    with queries() as sent:
        assert staff.post(ops(alice, "restore/")).status_code == 200
    # The session; begin, the person held, restored; organizations held, restored; the sessions; rooms held,
    # restored; end; the account.
    assert len(sent) == 11


# Races.


@pytest.mark.django_db(transaction=True)
def test_two_last_owners_who_end_at_once_from_two_processes_leave_one(alice, bob, carol):
    for _ in range(2):
        OrganizationFactory(members={alice: "owner", bob: "owner", carol: "member"})

    statuses = at_once_in_processes(("DELETE", ME, token_of(alice)), ("DELETE", ME, token_of(bob)))

    assert sorted(statuses) == [204, 409]
    assert User.objects.filter(pk__in=[alice.pk, bob.pk]).alive().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_last_owners_who_leave_at_once_from_two_processes_leave_one(alice, bob, carol):
    acme = OrganizationFactory(members={alice: "owner", bob: "owner", carol: "member"})
    members = f"/api/v1/organizations/{acme.pk}/members"

    statuses = at_once_in_processes(
        ("DELETE", f"{members}/{alice.pk}/", token_of(alice)),
        ("DELETE", f"{members}/{bob.pk}/", token_of(bob)),
    )

    assert sorted(statuses) == [204, 409]
    assert OrganizationMember.objects.acting_owners().in_organization(acme.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_last_owners_one_leaves_and_one_ends_their_account(alice, bob, carol):
    acme = OrganizationFactory(members={alice: "owner", bob: "owner", carol: "member"})

    statuses = at_once_in_processes(
        ("DELETE", f"/api/v1/organizations/{acme.pk}/members/{alice.pk}/", token_of(alice)),
        ("DELETE", ME, token_of(bob)),
    )

    assert sorted(statuses) == [204, 409]
    assert OrganizationMember.objects.acting_owners().in_organization(acme.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_two_people_of_a_group_who_end_at_once_leave_no_room_behind(alice, bob, root, as_user):
    rooms = [RoomFactory(admins=[alice], members=[bob]), RoomFactory(admins=[bob], members=[alice])]

    statuses = at_once_in_processes(("DELETE", ME, token_of(alice)), ("DELETE", ME, token_of(bob)))

    assert statuses == [204, 204]
    assert all(map(is_deleted, rooms))
    # Who came to the rooms last took them along; the clock may have met the two in the other order.
    rooms[0].refresh_from_db()
    (last,) = (person for person in User.objects.deleted() if person.deleted_at == rooms[0].deleted_at)
    assert as_user(root).post(ops(last, "restore/")).status_code == 200
    for room in rooms:
        assert not is_deleted(room)
        assert RoomMember.objects.acting_admins().in_room(room.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_the_last_admins_of_a_group_who_end_at_once_leave_an_admin(alice, bob, carol):
    room = RoomFactory(admins=[alice, bob], members=[carol])

    statuses = at_once_in_processes(("DELETE", ME, token_of(alice)), ("DELETE", ME, token_of(bob)))

    assert statuses == [204, 204]
    assert roles(room)["Carol"] == "admin"
    assert not is_deleted(room)


@pytest.mark.django_db(transaction=True)
def test_an_account_that_ends_twice_at_once_ends_once(alice):
    token = token_of(alice)

    statuses = at_once_in_processes(*[("DELETE", ME, token)] * 3)

    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 401, 404}


@pytest.fixture
def arrival(monkeypatch):
    """An event that is set when a request has been let in and reaches the service of this name."""

    def watch(module, name):
        arrived, service = threading.Event(), getattr(module, name)

        def noticed(**given):
            arrived.set()
            return service(**given)

        monkeypatch.setattr(module, name, noticed)
        return arrived

    return watch


@pytest.mark.django_db(transaction=True)
def test_who_is_being_deleted_says_nothing_more(as_user, alice, bob, arrival):
    room = RoomFactory(admins=[alice], members=[bob])
    client = as_user(alice)

    with arriving_before_commit(
        lambda: client.post(f"/api/v1/rooms/{room.pk}/messages/", {"content": "Late"}),
        arrival(chatrooms.services, "post_message"),
    ) as answers:
        end_account(person_id=alice.pk, by=alice)

    assert answers[0].status_code == 404
    assert not room.messages.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["organizations", "rooms"])
def test_who_is_being_deleted_is_not_taken_in(as_user, alice, bob, kind, arrival):
    """Else somebody could become the only owner or admin after everyone has looked."""
    place = OrganizationFactory(members={bob: "owner"}) if kind == "organizations" else None
    place = place or RoomFactory(admins=[bob])
    client, role = as_user(bob), "owner" if kind == "organizations" else "admin"

    with arriving_before_commit(
        lambda: client.post(f"/api/v1/{kind}/{place.pk}/members/", {"user": str(alice.pk), "role": role}),
        arrival(services if kind == "organizations" else chatrooms.services, "add_member"),
    ) as answers:
        end_account(person_id=alice.pk, by=alice)

    assert answers[0].status_code == 404
    memberships = OrganizationMember if kind == "organizations" else RoomMember
    assert not memberships.objects.filter(user=alice).exists()


@pytest.mark.django_db(transaction=True)
def test_a_token_asked_for_while_the_account_ends_is_not_made(as_user, alice, arrival):
    client = as_user(alice)

    with arriving_before_commit(
        lambda: client.post("/api/v1/me/tokens/", {"name": "late", "expires_in_days": 1}),
        arrival(services, "create_api_token"),
    ) as answers:
        end_account(person_id=alice.pk, by=alice)

    assert answers[0].status_code == 404
    assert not Session.objects.filter(user=alice).exists()


# Staff.


def test_a_restore_brings_a_person_back_whole(as_user, alice, bob, root):
    acme = OrganizationFactory(members={bob: "owner", alice: "admin"})
    room = RoomFactory(admins=[bob], members=[alice])
    thread = ThreadFactory(user=alice, messages=2)
    as_user(alice).patch("/api/v1/me/profile/", {"bio": "Curious"})
    before = as_user(alice).get(ME).json()
    as_user(alice).delete(ME)

    restored = as_user(root).post(ops(alice, "restore/"))

    assert restored.status_code == 200
    assert restored.json()["deleted_at"] is None
    assert as_user(alice).get(ME).status_code == 401  # the log-ins do not come back
    answer = APIClient().post(LOGIN, {"email": alice.email, "password": PASSWORD})
    client = as_user_again(alice)
    assert answer.status_code == 200
    assert {**client.get(ME).json(), "updated_at": ""} == {**before, "updated_at": ""}
    assert client.get(f"/api/v1/threads/{thread.pk}/messages/").json()["items"][1]["seq"] == 2
    assert client.get(f"/api/v1/rooms/{room.pk}/").status_code == 200
    assert as_user(bob).get(f"/api/v1/organizations/{acme.pk}/").json()["member_count"] == 2


def test_a_log_in_that_slipped_in_while_the_account_ended_does_not_come_back(as_user, alice, root):
    as_user(alice).delete(ME)
    token = token_of(alice)

    as_user(root).post(ops(alice, "restore/"))

    assert APIClient().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_organization_that_was_brought_back_and_deleted_again_stays_deleted(as_user, alice, root):
    acme = OrganizationFactory(members={alice: "owner"})
    as_user(alice).delete(ME)
    Organization.objects.filter(pk=acme.pk).restore()
    Organization.objects.filter(pk=acme.pk).soft_delete(by=root)

    as_user(root).post(ops(alice, "restore/"))

    assert is_deleted(acme)


def test_what_staff_end_remembers_them(as_user, alice, root):
    acme, room = OrganizationFactory(members={alice: "owner"}), RoomFactory(admins=[alice])

    assert as_user(root).delete(ops(alice)).status_code == 204

    assert Organization.objects.get(pk=acme.pk).deleted_by == root
    assert Room.objects.get(pk=room.pk).deleted_by == root
    as_user(root).post(ops(alice, "restore/"))
    assert not any(map(is_deleted, (acme, room)))


@pytest.fixture
def studio(root):
    client = Client()
    client.force_login(root)
    return client


def choose(studio, action, *people):
    form = {"action": action, "_selected_action": [str(person.pk) for person in people]}
    answer = studio.post("/admin/accounts/user/", form, follow=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def test_staff_end_and_restore_accounts_in_the_studio(as_user, alice, bob, carol, studio):
    OrganizationFactory(members={alice: "owner", carol: "member"})
    room, token = RoomFactory(admins=[bob]), token_of(bob)

    assert choose(studio, "end", alice, bob) == [
        "Alice: An organization keeps at least one owner.",
        "1 account ended.",
    ]
    assert (is_deleted(alice), is_deleted(bob), is_deleted(room)) == (False, True, True)
    assert APIClient().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 401

    assert choose(studio, "bring_back", alice, bob) == ["Alice: Not found.", "1 account restored."]
    assert (is_deleted(bob), is_deleted(room)) == (False, False)


def test_who_is_deactivated_in_the_studio_is_out_and_stays_out(as_user, alice, studio):
    token = token_of(alice)
    services.create_api_token(person=alice, name="backup", expires_in_days=1)
    page = f"/admin/accounts/user/{alice.pk}/change/"

    def save(**columns):
        form = {"name": "Alice", "username": "alice", **columns}
        for inline in ("profile", "settings", "memberships"):
            form |= {f"{inline}-TOTAL_FORMS": "0", f"{inline}-INITIAL_FORMS": "0"}
        assert studio.post(page, form).status_code == 302

    save()
    assert User.objects.get(pk=alice.pk).is_active is False
    assert APIClient().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert not Session.objects.filter(user=alice).exists()
    save(is_active="on")
    assert APIClient().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert APIClient().post(LOGIN, {"email": alice.email, "password": PASSWORD}).status_code == 200
