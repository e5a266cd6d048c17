"""Nasty log-ins, moves in rooms and changes of state."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chatrooms.models import Room, RoomMember, RoomRole
from tests.bad_inputs.cases import cases_of, expected, value_of
from tests.factories import PASSWORD, RoomMessageFactory, UserFactory, VideoSummaryFactory

LOG_INS = ["/api/auth/app/v1/auth/login", "/api/auth/browser/v1/auth/login"]


@pytest.mark.parametrize("case", cases_of("login"))
@pytest.mark.parametrize("door", LOG_INS)
def test_log_ins(case, door, anyone, alice):
    UserFactory(username="inactive", is_active=False)
    sent = value_of(case)
    if isinstance(sent, dict) and sent.get("password") == "<right>":
        sent["password"] = PASSWORD

    answer = anyone.post(door, json.dumps(sent), content_type="application/json")

    assert answer.status_code in expected(case)
    if case.get("then") == "same_body_as_wrong_password":
        wrong = anyone.post(door, {"username": "alice", "password": "wrong"}, format="json")
        assert (answer.status_code, answer.content) == (wrong.status_code, wrong.content)


class Chat:
    """What the cases do in rooms, by the words that they use."""

    def __init__(self, world: Any, as_user: Any, alice: Any, bob: Any):
        self.world, self.as_user, self.alice, self.bob = world, as_user, alice, bob
        self.room = Room.objects.get(pk=world.keys["rooms"])
        self.path = f"/api/v1/rooms/{self.room.pk}"

    def people(self, word: str) -> str:
        words = {
            "<self>": self.alice.pk,
            "<existing partner>": self.bob.pk,
            "<already member>": self.bob.pk,
            "<unknown id>": self.world.keys["nothing"],
        }
        if word == "<deactivated user>":
            return str(UserFactory(is_active=False).pk)
        return str(words[word])

    def create_direct(self, **case: str) -> Any:
        return self.as_user(self.alice).post("/api/v1/rooms/direct/", {"user": self.people(case["with"])})

    def add_member(self, **case: str) -> Any:
        if case.get("room") == "<direct room>":
            room = Room.objects.filter(type="direct").get()
            return self.as_user(self.alice).post(
                f"/api/v1/rooms/{room.pk}/members/", {"user": self.world.keys["people"]}
            )
        return self.as_user(self.alice).post(f"{self.path}/members/", {"user": self.people(case["user"])})

    def leave(self, **_: str) -> Any:
        return self.as_user(self.alice).delete(f"{self.path}/members/{self.alice.pk}/")

    def demote(self, **_: str) -> Any:
        return self.as_user(self.alice).patch(f"{self.path}/members/{self.alice.pk}/", {"role": "member"})

    def promote(self, **_: str) -> Any:
        return self.as_user(self.bob).patch(f"{self.path}/members/{self.bob.pk}/", {"role": "admin"})

    def post(self, **case: str) -> Any:
        person = self.alice
        sent = {"content": case["text"]}
        if case.get("as") == "<removed member>":
            self.as_user(self.alice).delete(f"{self.path}/members/{self.bob.pk}/")
            person = self.bob
        if "reply_to" in case:
            sent["reply_to"] = self.world.keys["foreign room messages"]
        return self.as_user(person).post(f"{self.path}/messages/", sent)

    def edit(self, **_: str) -> Any:
        said = RoomMessageFactory(room=self.room, user=self.bob)
        return self.as_user(self.alice).patch(f"{self.path}/messages/{said.pk}/", {"content": "Mine"})

    def mark_read(self, **_: str) -> Any:
        alice = RoomMember.objects.get(room=self.room, user=self.alice)
        assert self.as_user(self.alice).post(f"{self.path}/read/", {"seq": 1}).status_code == 200
        answer = self.as_user(self.alice).post(f"{self.path}/read/", {"seq": 0})
        alice.refresh_from_db()
        assert alice.last_read_seq == 1
        return answer


@pytest.mark.parametrize("case", cases_of("chat"))
def test_moves_in_rooms(case, world, as_user, alice, bob):
    move = dict(value_of(case))
    chat = Chat(world, as_user, alice, bob)
    before = rooms_and_members()

    answer = getattr(chat, move.pop("do"))(**move)

    assert answer.status_code in expected(case), answer.content
    if case.get("then") in {"one_room", "one_membership"}:
        assert rooms_and_members() == before
    world.still_lists("rooms/")
    if move.get("as") == "<last admin, others remain>":
        assert RoomMember.objects.get(room=chat.room).role == RoomRole.ADMIN


def rooms_and_members() -> Any:
    return set(Room.objects.values_list("pk")), set(RoomMember.objects.values_list("room", "user", "role"))


NOW = timezone.now()
# What belongs to a video in a state.
STATES: dict[str, dict[str, Any]] = {
    "completed": {"completed_at": NOW},
    "processing": {"claimed_by": "worker", "lease_expires_at": NOW + timedelta(minutes=1), "attempts": 1},
}


@pytest.mark.parametrize("case", cases_of("transition"))
def test_changes_of_state(case, world, alice):
    came, went = value_of(case)["from"], value_of(case)["to"]
    video = VideoSummaryFactory(user=alice, processing_status=came, **STATES.get(came, {}))
    address = f"video-summaries/{video.pk}/"

    # Its owner may have it done again; every other change is the worker's.
    changed = world.ask("PATCH", address, {"processing_status": went})
    assert changed.status_code == 400
    if went == "pending":
        changed = world.ask("POST", f"{address}retry/")
    assert changed.status_code in expected(case)
    if changed.status_code != 200:
        video.refresh_from_db()
        assert video.processing_status == came
