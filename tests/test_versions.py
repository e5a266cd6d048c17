"""Conditional requests: an answer has a version, and whoever writes on the condition of one loses nothing."""

from typing import Any

import pytest
from django.db import connection

from tests.factories import (
    MaterialFactory,
    OrganizationFactory,
    RoomFactory,
    SubjectFactory,
    ThreadFactory,
    VideoSummaryFactory,
)

KINDS = ["subjects", "materials", "threads", "video-summaries", "rooms", "organizations", "me"]
NAMES = {"subjects": "name", "rooms": "name", "organizations": "name", "me": "name"}
OTHERS = '"0123456789abcdef0123456789abcdef"'


def made(kind: str, owner: Any) -> str:
    """The address of a row of the owner."""
    rows = {
        "subjects": lambda: SubjectFactory(user=owner),
        "materials": lambda: MaterialFactory(user=owner),
        "threads": lambda: ThreadFactory(user=owner, messages=1),
        "video-summaries": lambda: VideoSummaryFactory(user=owner),
        "rooms": lambda: RoomFactory(admins=[owner]),
        "organizations": lambda: OrganizationFactory(members={owner: "owner"}),
    }
    return "/api/v1/me/" if kind == "me" else f"/api/v1/{kind}/{rows[kind]().pk}/"


def renamed(kind: str, name: str) -> dict[str, str]:
    return {NAMES.get(kind, "title"): name}


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_not_moved_is_not_sent_again(as_user, alice, kind, queries):
    client, url = as_user(alice), made(kind, alice)
    first = client.get(url)
    version = first.headers["ETag"]

    with queries() as sent:
        again = client.get(url, headers={"If-None-Match": f"{OTHERS}, W/{version}"})

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", version)
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert len(sent) <= 2
    assert client.get(url, headers={"If-None-Match": OTHERS}).content == first.content
    assert client.get(url, headers={"If-None-Match": "*"}).status_code == 304
    assert client.head(url).headers["ETag"] == version

    assert client.patch(url, renamed(kind, "Another")).status_code == 200
    moved = client.get(url, headers={"If-None-Match": version})
    assert (moved.status_code, moved.json()[NAMES.get(kind, "title")]) == (200, "Another")
    assert moved.headers["ETag"] != version


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_is_for_the_version_that_it_names(as_user, alice, kind):
    client, url = as_user(alice), made(kind, alice)
    old = client.get(url).headers["ETag"]

    for condition in (OTHERS, "W/" + old, "nonsense", ""):
        refused = client.patch(url, renamed(kind, "No"), headers={"If-Match": condition})
        assert (refused.status_code, refused.json()["error"]["code"]) == (412, "precondition_failed")
        assert client.delete(url, headers={"If-Match": condition}).status_code == 412
    assert client.get(url).headers["ETag"] == old

    condition = f"{OTHERS}, {old}"
    assert client.patch(url, renamed(kind, "First"), headers={"If-Match": condition}).status_code == 200
    assert client.patch(url, renamed(kind, "Second"), headers={"If-Match": old}).status_code == 412
    assert client.delete(url, headers={"If-Match": old}).status_code == 412
    new = client.get(url)
    assert new.json()[NAMES.get(kind, "title")] == "First"
    assert client.delete(url, headers={"If-Match": new.headers["ETag"]}).status_code == 204


def test_a_version_is_of_all_that_the_answer_says(as_user, alice, bob):
    room = RoomFactory(admins=[alice], members=[bob])
    url = f"/api/v1/rooms/{room.pk}/"
    version = as_user(alice).get(url).headers["ETag"]

    as_user(bob).post(f"{url}messages/", {"content": "Hi"})

    assert as_user(alice).get(url, headers={"If-None-Match": version}).json()["unread_count"] == 1
    assert as_user(alice).patch(url, {"name": "New"}, headers={"If-Match": version}).status_code == 412


def test_what_cannot_be_seen_has_no_version(as_user, alice, mallory):
    url = made("threads", alice)
    version = as_user(alice).get(url).headers["ETag"]

    for headers in ({"If-Match": version}, {"If-Match": OTHERS}):
        assert as_user(mallory).patch(url, {"title": "Mine"}, headers=headers).status_code == 404
        assert as_user(mallory).delete(url, headers=headers).status_code == 404
    assert as_user(mallory).get(url, headers={"If-None-Match": version}).status_code == 404


def test_what_has_no_version_is_not_written_on_the_condition_of_one(as_user, alice):
    thread = ThreadFactory(user=alice, messages=1)
    url = f"/api/v1/threads/{thread.pk}/messages/{thread.messages.get().pk}/"

    assert "ETag" not in as_user(alice).get(url).headers
    assert as_user(alice).patch(url, {"content": "New"}, headers={"If-Match": OTHERS}).status_code == 412
    assert as_user(alice).delete(url, headers={"If-Match": OTHERS}).status_code == 412
    assert as_user(alice).delete(url, headers={"If-Match": "*"}).status_code == 204


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
def test_of_those_who_write_the_same_version_at_once_one_does(as_user, alice, at_once, kind):
    url = made(kind, alice)
    client = as_user(alice)
    version = client.get(url).headers["ETag"]
    connection.close()

    def write(name: str) -> Any:
        return lambda: client.patch(url, renamed(kind, name), headers={"If-Match": version})

    answers = at_once(*(write(f"Name {number}") for number in range(4)))

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert client.get(url).json() == won
