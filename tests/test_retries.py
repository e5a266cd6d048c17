"""A create that is sent again, whoever sends it and however many times at once, makes one row."""

import json
import re
from collections import Counter
from typing import Any, NamedTuple

import pytest
from drf_spectacular.generators import SchemaGenerator
from uuid_utils.compat import uuid7

from tests.doors.test_keys import keys_in, operations
from tests.factories import (
    MaterialFactory,
    RoomFactory,
    RoomMessageFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
    VideoSummaryFactory,
)

AT_ONCE = 5


class Create(NamedTuple):
    """A create with an id of the client's choice: where, a body, and a field that another request differs in.

    Names in braces are rows of the sender's. `behind` is the row that a body points at, by the address at
    which it is deleted; `hidden` says that the created row vanishes with it. `within` is the list that a body
    of many stands in.
    """

    path: str
    body: dict[str, Any]
    differing: dict[str, Any]
    within: str = ""
    behind: str = ""
    hidden: bool = False


MOMENT = {"timestamp": 5, "image_url": "https://example.com/a.jpg"}
TURN = {"role": "user", "content": "Once"}
CREATES = [
    Create("organizations/", {"name": "Once"}, {"name": "Twice"}),
    Create("organizations/", {"name": "Once", "slug": "a-{id}"}, {"slug": "b-{id}"}),
    Create("subjects/", {"name": "Once"}, {"name": "Twice"}),
    Create(
        "materials/",
        {"title": "Once", "type": "text", "subject": "{subject}"},
        {"title": "Twice"},
        behind="subjects/{subject}/",
        hidden=True,
    ),
    Create(
        "threads/",
        {"title": "Once", "material": "{material}"},
        {"title": "Twice"},
        behind="materials/{material}/",
    ),
    Create("threads/{thread}/messages/", TURN, {"content": "Twice"}),
    Create("threads/{thread}/messages/batch/", TURN, {"content": "Twice"}, within="messages"),
    Create(
        "video-summaries/",
        {"youtube_url": "https://youtu.be/kjBOesZCoqc", "tags": ["Once"]},
        {"tags": ["Twice"]},
    ),
    Create("video-summaries/{video}/keyframes/", MOMENT, {"timestamp": 6}),
    Create("video-summaries/{video}/keyframes/", MOMENT, {"timestamp": 6}, within="keyframes"),
    Create("rooms/", {"name": "Once", "members": ["{friend}"]}, {"name": "Twice"}),
    Create(
        "rooms/{room}/messages/",
        {"content": "Once", "reply_to": "{word}"},
        {"content": "Twice"},
        behind="rooms/{room}/messages/{word}/",
    ),
]
by_create = pytest.mark.parametrize(
    "create", CREATES, ids=[f"{create.path}{create.within or '-'.join(create.body)}" for create in CREATES]
)


class Sender:
    """A person with rows of their own, and what they send."""

    def __init__(self, person, client, friend):
        self.client = client
        subject = SubjectFactory(user=person)
        room = RoomFactory(admins=[person])
        self.keys = {
            "subject": subject.pk,
            "material": MaterialFactory(user=person, subject=subject).pk,
            "thread": ThreadFactory(user=person).pk,
            "video": VideoSummaryFactory(user=person).pk,
            "room": room.pk,
            "word": RoomMessageFactory(room=room, user=person).pk,
            "friend": friend.pk,
        }

    def filled(self, text, **others):
        keys = self.keys | others
        return re.sub(r"\{(\w+)\}", lambda name: str(keys[name[1]]), text)

    def post(self, create, key, **differing):
        body = create.body | {"id": key} | differing
        sent = self.filled(json.dumps({create.within: [body]} if create.within else body), id=key)
        path = f"/api/v1/{self.filled(create.path)}"
        return self.client.generic("POST", path, sent, content_type="application/json")

    def made(self, create, key):
        """The address of the created row."""
        return f"/api/v1/{self.filled(create.path).replace('batch/', '')}{key}/"


@pytest.fixture
def senders(as_user, alice, bob, carol):
    return [Sender(person, as_user(person), carol) for person in (alice, bob)]


def outcome(answer):
    """The status, and the code of a refusal."""
    return answer.status_code, answer.json().get("error", {}).get("code", "")


def rows(answer):
    """The rows of an answer, whether it has one or a list."""
    found = answer.json()
    return found.get("items", [found])


CONFLICT = 409, "id_conflict"


@pytest.mark.django_db(transaction=True)
@by_create
def test_creates_that_meet(create, senders, at_once):
    alice, bob = senders

    def sent(*calls):
        answers = at_once(*calls)
        return answers, Counter(map(outcome, answers))

    # The same request many times: one makes the row, the others are given it.
    key = str(uuid7())
    answers, outcomes = sent(*[lambda: alice.post(create, key)] * AT_ONCE)
    assert outcomes == {(201, ""): 1, (200, ""): AT_ONCE - 1}
    assert [row["id"] for answer in answers for row in rows(answer)] == [key] * AT_ONCE
    assert len({json.dumps(rows(answer), sort_keys=True) for answer in answers}) == 1
    alice.client.delete(alice.made(create, key))

    # Two requests with one id: whichever comes first makes the row, and what is like it is given it.
    key = str(uuid7())
    first, second = lambda: alice.post(create, key), lambda: alice.post(create, key, **create.differing)
    answers, outcomes = sent(first, second, first, second)
    assert outcomes == {(201, ""): 1, (200, ""): 1, CONFLICT: 2}
    assert outcome(answers[0])[1] == outcome(answers[2])[1]
    alice.client.delete(alice.made(create, key))

    # Two people with one id.
    key = str(uuid7())
    answers, outcomes = sent(lambda: alice.post(create, key), lambda: bob.post(create, key))
    assert outcomes == {(201, ""): 1, CONFLICT: 1}
    owner, other = senders if answers[0].status_code == 201 else senders[::-1]
    assert owner.client.get(owner.made(create, key)).status_code == 200
    assert other.client.get(other.made(create, key)).status_code == 404


@pytest.mark.django_db
@by_create
def test_a_create_that_is_sent_again_later(create, senders):
    alice, bob = senders
    key = str(uuid7())
    first = alice.post(create, key)

    again, differing = alice.post(create, key), alice.post(create, key, **create.differing)
    anothers = bob.post(create, key)

    assert (outcome(first), outcome(again)) == ((201, ""), (200, ""))
    assert rows(again) == rows(first)
    assert outcome(differing) == outcome(anothers) == CONFLICT
    # What it points at goes, and cannot be pointed at any more: this id has made its row all the same.
    if create.behind:
        assert alice.client.delete(f"/api/v1/{alice.filled(create.behind)}").status_code == 204
        assert outcome(alice.post(create, str(uuid7()))) == (400, "validation_error")
        assert outcome(alice.post(create, key)) == (CONFLICT if create.hidden else (200, ""))
    # Deleted, it keeps its id; a keyframe goes for good, and its id with it.
    is_for_good = "keyframes" in create.path
    if not create.hidden:
        assert alice.client.delete(alice.made(create, key)).status_code == 204
        assert outcome(alice.post(create, key)) == ((201, "") if is_for_good else CONFLICT)


@pytest.mark.django_db
def test_a_person_who_has_gone_is_no_obstacle_to_sending_a_room_again(as_user, alice, bob):
    friend = UserFactory()
    sender, create = Sender(alice, as_user(alice), friend), next(c for c in CREATES if c.path == "rooms/")
    key = str(uuid7())

    assert outcome(sender.post(create, key)) == (201, "")
    type(friend).objects.filter(pk=friend.pk).soft_delete()

    assert outcome(sender.post(create, str(uuid7()))) == (400, "validation_error")
    assert outcome(sender.post(create, key)) == (200, "")


def test_every_create_with_an_id_is_tried():
    document = SchemaGenerator().get_schema(public=True)
    declared = {
        (path, key)
        for method, path, operation in operations(document)
        for media in operation.get("requestBody", {}).get("content", {}).values()
        for key in keys_in(document, media["schema"])
        if method == "post" and key.rpartition(".")[2] == "id"
    }

    # It makes keyframes, but ends a job, and is known again as a whole: tests/media_summaries.
    declared -= {("ops/video-jobs/{}/complete/", "keyframes.0.id")}
    tried = {
        (re.sub(r"\{\w+\}", "{}", create.path), f"{create.within}.0.id".removeprefix(".0."))
        for create in CREATES
    }
    assert tried == declared
