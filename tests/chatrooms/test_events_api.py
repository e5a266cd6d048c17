"""The address of live events, as far as one request goes; what comes afterwards is in test_events_live."""

import asyncio
import json
from uuid import uuid4

import pytest

from accounts.models import Session
from chatrooms.live import streams
from chatrooms.models import Room
from tests.factories import RoomFactory, RoomMessageFactory


def url(room, tail="events/"):
    return f"/api/v1/rooms/{room.pk}/{tail}"


@pytest.fixture
def room(alice, bob):
    return RoomFactory(admins=[alice], members=[bob])


def told(answer):
    """The events of an answer that has ended."""
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content).decode()
    blocks = [block for block in text.split("\n\n") if block and block != ":"]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


def test_a_server_that_keeps_nothing_open_tells_what_has_happened_until_now(
    as_user, alice, bob, room, queries
):
    messages = [RoomMessageFactory(room=Room.objects.get(pk=room.pk), user=bob) for _ in range(3)]
    as_user(bob).delete(url(room, f"messages/{messages[1].pk}/"))
    changes = as_user(alice).get(url(room, "changes/"), {"after": 1}).json()["items"]

    with queries() as sent:
        events = told(as_user(alice).get(url(room), {"after": 1}))
    assert [json.loads(event["data"]) for event in events] == changes
    assert [(event["id"], event["event"]) for event in events] == [("3", "message"), ("4", "deleted")]
    # session, room, changes
    assert len(sent) == 3
    assert told(as_user(alice).get(url(room))) == []


@pytest.mark.parametrize(
    ("query", "header", "ids"),
    [
        ("", None, []),
        ("", "1", ["2", "3"]),
        ("?after=0", "2", ["3"]),
        ("?after=2", None, ["3"]),
        ("", "2147483647", []),
    ],
)
def test_the_last_event_goes_before_after(as_user, alice, room, query, header, ids):
    for _ in range(3):
        RoomMessageFactory(room=Room.objects.get(pk=room.pk), user=alice)
    headers = {} if header is None else {"Last-Event-ID": header}

    events = told(as_user(alice).get(url(room) + query, headers=headers))
    assert [event["id"] for event in events] == ids


@pytest.mark.parametrize("header", ["", "x", "-1", "1.5", "1 ", "\0garbage", "٣", "9" * 19, "9" * 30, "0x1"])
def test_a_last_event_that_is_no_number_is_refused(as_user, alice, mallory, room, header):
    answer = as_user(alice).get(url(room), headers={"Last-Event-ID": header})

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["Last-Event-ID"]
    assert as_user(mallory).get(url(room), headers={"Last-Event-ID": header}).status_code == 404


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=1&after=2", "?page=1"])
def test_a_query_that_is_none_is_refused(as_user, alice, room, query):
    assert as_user(alice).get(url(room) + query).status_code == 400


def test_what_has_been_purged_since_is_said(as_user, alice, room):
    for _ in range(3):
        RoomMessageFactory(room=Room.objects.get(pk=room.pk), user=alice)
    Room.objects.filter(pk=room.pk).update(purged_revision=2)

    for query, header in (("?after=1", {}), ("", {"Last-Event-ID": "1"})):
        answer = as_user(alice).get(url(room) + query, headers=header)
        assert answer.status_code == 410
        assert answer.json()["error"]["code"] == "history_gone"
    assert len(told(as_user(alice).get(url(room), {"after": 2}))) == 1


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*", "application/json", ""])
def test_events_come_whatever_is_accepted_and_refusals_as_json(as_user, alice, mallory, room, accept):
    answer = as_user(alice).get(url(room), headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    refusal = as_user(mallory).get(url(room), headers={"Accept": accept})
    assert (refusal.status_code, refusal.headers["Content-Type"]) == (404, "application/json")


def test_typing_takes_nothing_and_stores_nothing(as_user, alice, room, queries):
    client = as_user(alice)
    with queries() as sent:
        answer = client.post(url(room, "typing/"), {})
    assert (answer.status_code, answer.content) == (204, b"")
    assert not [query for query in sent if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert as_user(alice).post(url(room, "typing/"), {"content": "Hel"}).status_code == 400


def test_nobody_is_present_without_a_stream(as_user, alice, room):
    assert as_user(alice).get(url(room, "presence/")).json() == {"items": []}


def test_a_stream_in_which_nothing_happens_shows_that_it_is_there(alice, room, monkeypatch):
    monkeypatch.setattr(streams, "HEARTBEAT", 0.02)
    stream = streams.Stream(room_id=room.pk, seat=uuid4(), session=Session(user=alice), revision=0)

    async def heard():
        pieces = stream.pieces()
        first = [await anext(pieces), await anext(pieces)]
        stream.put(stream.given(b"event: typing\n\n"))
        then = [await anext(pieces), await anext(pieces)]
        stream.end()
        return first, then, [piece async for piece in pieces]

    assert asyncio.run(heard()) == ([b":\n\n", b":\n\n"], [b"event: typing\n\n", b":\n\n"], [])
