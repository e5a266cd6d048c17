"""Live events of rooms: what readers hear from a real server, how fast, and until when."""

import http.client
import os
import signal
import time
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import Session
from accounts.services import create_api_token
from accounts.sessions import log_in
from chatrooms.models import Room, RoomMessage
from tests.factories import DirectRoomFactory, RoomFactory, UserFactory
from tests.server import Line, Listener, Server

on_postgresql = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="on SQLite one process serves the events"
)


@pytest.fixture(scope="module")
def server(django_db_setup):
    """Processes on the database of the tests, which is emptied between these."""
    server = Server(workers=2 if connection.vendor == "postgresql" else 1)
    server.start()
    server.connect().close()
    yield server
    server.kill()


@pytest.fixture
def line(transactional_db, server):
    line = Line(server.port)
    yield line
    line.close()


@pytest.fixture
def listen(transactional_db, server):
    """Follows a room: `listen(token, room, "?after=3")`."""
    listeners = []

    def listen(token, room, query="", **headers):
        listeners.append(Listener(server.port, token, f"rooms/{room.pk}/events/{query}", **headers))
        return listeners[-1]

    yield listen
    for listener in listeners:
        listener.close()


def token_of(person):
    return log_in(person, ip_address="192.0.2.1", user_agent="tests").session_key


@pytest.fixture
def hers(alice):
    return token_of(alice)


@pytest.fixture
def his(bob):
    return token_of(bob)


@pytest.fixture
def room(alice, bob, carol):
    return RoomFactory(name="Chemistry", members=[alice, bob], admins=[carol])


def say(line, token, room, content="Hello"):
    status, message = line.ask(token, "POST", f"rooms/{room.pk}/messages/", {"content": content})
    assert status == 201, message
    return message


def ids(events):
    return [event["id"] for event in events]


def test_everybody_in_the_room_hears_posts_edits_and_deletions_at_once(line, listen, hers, his, room):
    readers = [listen(token, room) for token in (hers, his) * 3]
    message = say(line, hers, room)
    path = f"rooms/{room.pk}/messages/{message['id']}/"
    # Who is told later hears of a message once, as it is by then.
    for reader in readers:
        reader.hear(1)
    edited = line.ask(hers, "PATCH", path, {"content": "Good morning"})[1]
    for reader in readers:
        reader.hear(2)
    assert line.ask(hers, "DELETE", path)[0] == 204

    for reader in readers:
        assert reader.hear(3) == [
            {"id": 1, "event": "message", "data": {"revision": 1, "message": message}},
            {"id": 2, "event": "message", "data": {"revision": 2, "message": edited}},
            {"id": 3, "event": "deleted", "data": {"revision": 3, "deleted": message["id"], "seq": 1}},
        ]
    assert readers[0].answer.headers["Content-Type"] == "text/event-stream"


def test_what_is_said_is_heard_within_a_moment(line, listen, hers, his, room):
    reader = listen(his, room)
    waits = []
    for number in range(1, 11):
        say(line, hers, room)
        began = time.monotonic()
        reader.hear(number)
        waits.append(time.monotonic() - began)

    # Without the wake-up it would be half a second on average.
    assert sorted(waits)[5] < 0.3


def test_a_reader_goes_on_where_they_were(line, listen, hers, his, room):
    for number in range(4):
        say(line, hers, room, f"Message {number}")

    assert ids(listen(his, room, "?after=1").hear(3)) == [2, 3, 4]
    assert ids(listen(his, room, "?after=1", **{"Last-Event-ID": "3"}).hear(1)) == [4]
    fresh = listen(his, room)
    ahead = listen(his, room, "?after=5")
    say(line, hers, room)
    say(line, hers, room)
    assert ids(fresh.hear(2)) == [5, 6]
    assert ids(ahead.hear(1)) == [6]


def test_a_long_past_comes_whole_and_in_order(listen, his, bob, room):
    filled(room, bob, messages=450, length=10)

    assert ids(listen(his, room, "?after=0").hear(450)) == list(range(1, 451))


def filled(room, author, *, messages, length):
    """Say very much at once, behind the server's back."""
    first = Room.objects.get(pk=room.pk).last_seq + 1
    RoomMessage.objects.bulk_create(
        RoomMessage(room=room, user=author, seq=number, revision=number, content="a" * length)
        for number in range(first, first + messages)
    )
    Room.objects.filter(pk=room.pk).update(
        last_seq=F("last_seq") + messages, last_revision=F("last_revision") + messages
    )


def test_who_reads_slowly_holds_up_nobody_and_misses_nothing(server, line, listen, hers, his, bob, room):
    slow = server.connect()
    slow.sendall(
        f"GET /api/v1/rooms/{room.pk}/events/ HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {his}\r\n\r\n".encode()
    )
    assert slow.recv(4096).startswith(b"HTTP/1.1 200")
    quick = listen(hers, room)

    filled(room, bob, messages=1000, length=10_000)
    quick.hear(1000)
    say(line, hers, room, "The end")
    assert quick.hear(1001, seconds=5)[-1]["data"]["message"]["content"] == "The end"

    with slow.makefile("rb") as reader:
        heard = []
        while not heard or heard[-1] < 1001:
            text = reader.readline()
            if text.startswith(b"id: "):
                heard.append(int(text[4:]))
    slow.close()
    assert heard == list(range(1, 1002))


def test_a_stream_ends_with_what_it_stands_by(line, listen, alice, bob, carol, hers, his, room):
    their = {person: token_of(person) for person in (alice, bob, carol)}
    removed, former = UserFactory(), UserFactory()
    group = RoomFactory(admins=[alice], members=[bob, carol, removed, former])
    pair = DirectRoomFactory(people=[alice, bob])
    leaver, token = UserFactory(), None
    RoomFactory(admins=[leaver])
    api, token = create_api_token(person=bob, name="phone", expires_in_days=1)
    deactivated, renewed = UserFactory(), UserFactory()
    rest = RoomFactory(admins=[alice], members=[deactivated, renewed, leaver, bob])
    other = token_of(renewed)
    said = {
        "a member removed": (token_of(removed), group),
        "a member who left": (token_of(former), group),
        "a log-out": (their[carol], room),
        "a token revoked": (token, room),
        "a room deleted": (his, pair),
        "an account ended": (token_of(leaver), rest),
        "an account deactivated": (token_of(deactivated), rest),
        "another password": (other, rest),
        "a log-in expired": (their[bob], rest),
    }
    streams = {why: listen(*where) for why, where in said.items()}
    kept = [listen(hers, where) for where in (group, room, rest)]
    ends = {
        "a member removed": lambda: line.ask(hers, "DELETE", f"rooms/{group.pk}/members/{removed.pk}/")[0],
        "a member who left": lambda: line.ask(
            said["a member who left"][0], "DELETE", f"rooms/{group.pk}/members/{former.pk}/"
        )[0],
        "a log-out": lambda: line.ask(their[carol], "DELETE", f"me/sessions/{session_of(carol)}/")[0],
        "a token revoked": lambda: line.ask(his, "DELETE", f"me/tokens/{api.pk}/")[0],
        "a room deleted": lambda: line.ask(hers, "DELETE", f"rooms/{pair.pk}/")[0],
        "an account ended": lambda: line.ask(said["an account ended"][0], "DELETE", "me/")[0],
        "an account deactivated": lambda: changed(deactivated, is_active=False),
        "another password": lambda: changed(renewed, password="another"),
        "a log-in expired": lambda: expired(their[bob]),
    }
    began = {}
    for why, end in ends.items():
        assert end() == 204, why
        began[why] = time.monotonic()

    took = {why: stream.end() - began[why] for why, stream in streams.items()}
    assert {why: seconds for why, seconds in took.items() if seconds > 2} == {}
    assert all(stream.is_whole for stream in streams.values())
    assert [stream.ended_at for stream in kept] == [None] * 3


def session_of(person):
    return person.sessions.get().pk


def changed(person, **columns):
    type(person).objects.filter(pk=person.pk).update(**columns)
    return 204


def expired(token):
    Session.objects.of_token(token).update(expires_at=F("created_at"))
    return 204


def test_who_types_is_seen_by_the_room_and_who_is_there_too(line, listen, alice, bob, carol, hers, his, room):
    assert line.ask(hers, "GET", f"rooms/{room.pk}/presence/") == (200, {"items": []})
    readers = [listen(hers, room), listen(his, room), listen(his, room)]
    elsewhere = listen(hers, RoomFactory(admins=[alice, carol]))

    assert line.ask(hers, "POST", f"rooms/{room.pk}/typing/", {}) == (204, None)
    person = {"id": str(alice.pk), "name": "Alice", "username": "alice", "image": ""}
    for reader in readers:
        assert reader.hear(1) == [{"event": "typing", "data": {"user": person}}]
    assert there(line, his, room) == [alice.pk, bob.pk]
    readers[1].close()
    assert there(line, his, room) == [alice.pk, bob.pk]
    readers[2].close()
    deadline = time.monotonic() + 5
    while there(line, his, room) != [alice.pk] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert there(line, his, room) == [alice.pk]
    assert elsewhere.events == []


def there(line, token, room):
    status, answer = line.ask(token, "GET", f"rooms/{room.pk}/presence/")
    assert status == 200
    return [UUID(person["id"]) for person in answer["items"]]


def test_a_server_that_stops_ends_its_streams_and_goes(transactional_db, alice, room):
    server = Server(workers=2)
    server.start()
    server.connect().close()
    token = token_of(alice)
    readers = [Listener(server.port, token, f"rooms/{room.pk}/events/") for _ in range(20)]
    began = time.monotonic()
    try:
        # Sooner than processes are killed that do not go by themselves.
        assert server.stop(seconds=8) == 0
        assert all(reader.end() - began < 5 for reader in readers)
        assert all(reader.is_whole for reader in readers)
    finally:
        for reader in readers:
            reader.close()
        server.kill()


def test_a_process_that_is_killed_is_replaced_and_its_readers_go_on(transactional_db, alice, hers, room):
    server = Server(workers=2)
    server.start()
    server.connect().close()
    line = Line(server.port)
    readers = [Listener(server.port, hers, f"rooms/{room.pk}/events/") for _ in range(8)]
    say(line, hers, room)
    for reader in readers:
        reader.hear(1)
    try:
        for pid in server.processes():
            os.kill(pid, signal.SIGKILL)
        for reader in readers:
            reader.end()
        line.close()
        deadline = time.monotonic() + 20
        while True:
            try:
                say(line, hers, room)
                break
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < deadline
                line.close()
                time.sleep(0.1)
        again = Listener(
            server.port,
            hers,
            f"rooms/{room.pk}/events/",
            **{"Last-Event-ID": str(readers[0].events[-1]["id"])},
        )
        readers.append(again)
        assert ids(again.hear(1)) == [2]
    finally:
        for reader in readers:
            reader.close()
        line.close()
        server.kill()


@on_postgresql
def test_streams_outlive_an_outage_of_the_database(line, listen, hers, his, room):
    reader = listen(his, room)
    say(line, hers, room)
    reader.hear(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '%purged_revision%' OR query LIKE 'LISTEN%'"
        )
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    deadline = time.monotonic() + 20
    while line.ask(hers, "POST", f"rooms/{room.pk}/messages/", {"content": "Again"})[0] != 201:
        assert time.monotonic() < deadline

    assert ids(reader.hear(2, seconds=5)) == [1, 2]
    assert reader.ended_at is None
