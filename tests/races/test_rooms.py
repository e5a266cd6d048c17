"""Rooms that many enter, leave, write and read at once."""

import contextlib
import http.client
import time
from collections import Counter
from itertools import combinations, islice

from django.db import connection

from chatrooms.models import Room, RoomMember, RoomMessage
from tests.factories import RoomFactory, RoomMessageFactory, UserFactory
from tests.races.conftest import AT_ONCE, sized, token_of
from tests.server import Listener


def told(statuses):
    return ", ".join(f"{status}: {count:,}" for status, count in sorted(Counter(statuses).items()))


def test_a_pair_that_meets_from_both_sides_has_one_room(crowd, record_property):
    rounds = sized(200)
    people = [(person, token_of(person)) for person in UserFactory.create_batch(21)]
    pairs = list(islice(combinations(people, 2), rounds))
    statuses, rooms = [], set()

    def opened(token, other):
        return lambda line: line.ask(token, "POST", "rooms/direct/", {"user": str(other.pk)})

    for (one, her_token), (other, his_token) in pairs:
        sides = [(her_token, other), (his_token, one)] * (AT_ONCE // 2)
        answers = crowd.act(*(opened(*side) for side in sides))
        found = {status for status, _ in answers}
        assert found <= {200, 201}, answers
        assert [status for status, _ in answers].count(201) == 1
        rooms |= (ids := {room["id"] for _, room in answers})
        assert len(ids) == 1
        statuses += [status for status, _ in answers]

    record_property("race", f"{rounds} pairs, {AT_ONCE} at once each: {len(rooms)} rooms ({told(statuses)})")
    assert Room.objects.count() == len(rooms) == rounds
    assert RoomMember.objects.count() == 2 * rounds


def test_who_reads_along_while_many_write_misses_and_repeats_nothing(crowd, alice, record_property):
    writers, posts = AT_ONCE, sized(1000)
    everything = writers * posts
    happened = everything + writers * len(range(0, posts, 10))
    room, token = RoomFactory(admins=[alice]), token_of(alice)
    path, refused = f"rooms/{room.pk}/", crowd.refused

    def ask(line, *request):
        return line.ask(token, *request)[1]

    def write(line):
        for number in range(posts):
            message = ask(line, "POST", f"{path}messages/", {"content": str(number)})
            if number % 10 == 0:
                ask(line, "PATCH", f"{path}messages/{message['id']}/", {"content": "In other words"})

    def follow_history(line):
        seen = []
        while len(seen) < everything and not refused:
            after = seen[-1]["seq"] if seen else 0
            seen += ask(line, "GET", f"{path}messages/?after={after}&limit=200")["items"]
        return seen

    def follow_changes(line):
        seen, after = [], 0
        while after < happened and not refused:
            answer = ask(line, "GET", f"{path}changes/?after={after}")
            seen, after = seen + answer["items"], answer["last_revision"]
        return seen

    def follow_events(_):
        listener = Listener(crowd.port, token, f"{path}events/?after=0")
        with contextlib.closing(listener):
            while (not listener.events or listener.events[-1]["id"] < happened) and not refused:
                listener.hear(len(listener.events) + 1, seconds=60)
        return listener.events

    def follow_events_again_and_again(_):
        seen = []
        while (not seen or seen[-1]["id"] < happened) and not refused:
            known = str(seen[-1]["id"]) if seen else "0"
            listener = Listener(crowd.port, token, f"{path}events/", **{"Last-Event-ID": known})
            with contextlib.closing(listener):
                listener.hear(1, seconds=60)
                time.sleep(0.2)
            seen += listener.events
        return seen

    def walk_back(line):
        walks, longest = [], 0
        while longest < everything and not refused:
            page = ask(line, "GET", f"{path}messages/?limit=50")
            seen = page["items"]
            while page["has_more"]:
                page = ask(line, "GET", f"{path}messages/?limit=50&before={seen[0]['seq']}")
                seen = page["items"] + seen
            walks.append([message["seq"] for message in seen])
            longest = len(seen)
        return walks

    readers = [follow_history, follow_changes, follow_events, follow_events_again_and_again, walk_back]
    *_, history, changes, live, in_pieces, walks = crowd.act(*[write] * writers, *readers)

    record_property(
        "race",
        f"{writers} writers of {posts:,}: read along {len(history):,}, changes {len(changes):,}, "
        f"live {len(live):,} and {len(in_pieces):,}, {len(walks)} walks back; refused {len(refused)}",
    )
    assert not refused
    assert [message["seq"] for message in history] == list(range(1, everything + 1))
    for told in (changes, [event["data"] for event in live], [event["data"] for event in in_pieces]):
        revisions = [change["revision"] for change in told]
        assert revisions == sorted(set(revisions))
        assert {change["message"]["seq"] for change in told} == set(range(1, everything + 1))
    for walk in walks:
        assert walk == list(range(1, len(walk) + 1))


def test_two_last_admins_who_leave_at_once_leave_an_admin(crowd, alice, bob, carol, record_property):
    rounds = sized(200)
    tokens = {person: token_of(person) for person in (alice, bob)}
    rooms = [RoomFactory(admins=[alice, bob], members=[carol]) for _ in range(rounds)]
    statuses = []

    for room in rooms:
        leaving = [
            lambda line, person=person, path=f"rooms/{room.pk}/members/{person.pk}/": line.ask(
                tokens[person], "DELETE", path
            )
            for person in (alice, bob)
        ]
        statuses += [status for status, _ in crowd.act(*leaving)]

    record_property("race", f"{rounds} groups: {told(statuses)}")
    assert set(statuses) == {204}
    assert list(RoomMember.objects.values_list("user", "role")) == [(carol.pk, "admin")] * rounds


def test_an_edit_that_meets_a_deletion_brings_nothing_back(crowd, alice, bob, record_property):
    rounds = sized(200)
    room, tokens = RoomFactory(admins=[alice], members=[bob]), [token_of(alice), token_of(bob)]
    edits = []

    for _ in range(rounds):
        message = RoomMessageFactory(room=Room.objects.get(pk=room.pk), user=bob)
        path = f"rooms/{room.pk}/messages/{message.pk}/"
        (deleted, _), (edited, _) = crowd.act(
            lambda line, path=path: line.ask(tokens[0], "DELETE", path),
            lambda line, path=path: line.ask(tokens[1], "PATCH", path, {"content": "Wait"}),
        )
        assert deleted == 204
        edits.append(edited)

    # One that took place may still be answered 404: the message was gone when the answer was made.
    took_place = RoomMessage.objects.filter(edited_at__isnull=False).count()
    record_property("race", f"{rounds} messages, edits: {told(edits)}; {took_place} took place")
    assert set(edits) <= {200, 404}
    assert edits.count(200) <= took_place
    assert not RoomMessage.objects.alive().exists()
    room.refresh_from_db()
    # A refused edit has given its number back.
    assert room.last_revision == 2 * rounds + took_place


def test_who_is_removed_while_posting_is_heard_before_or_not_at_all(crowd, alice, bob, record_property):
    rounds = sized(200)
    her, his = token_of(alice), token_of(bob)
    rooms = [RoomFactory(admins=[alice], members=[bob]) for _ in range(rounds)]
    posts = []

    for room in rooms:
        path = f"rooms/{room.pk}/"
        (removed, _), (posted, _) = crowd.act(
            lambda line, path=path: line.ask(her, "DELETE", f"{path}members/{bob.pk}/"),
            lambda line, path=path: line.ask(his, "POST", f"{path}messages/", {"content": "Wait"}),
        )
        assert removed == 204
        posts.append(posted)

    record_property("race", f"{rounds} removals, posts: {told(posts)}")
    assert set(posts) <= {201, 404}
    assert RoomMessage.objects.count() == posts.count(201)
    for room in Room.objects.all():
        assert room.last_seq == room.last_revision == room.messages.count()


def test_unread_counts_are_exact_after_deletions_have_met_reads(crowd, alice, bob, carol, record_property):
    posts = sized(300)
    room = RoomFactory(admins=[alice], members=[bob, carol])
    path, tokens = f"rooms/{room.pk}/", {person: token_of(person) for person in (alice, bob, carol)}
    statuses, markers, done = [], {alice: [0], bob: [0], carol: [0]}, []

    def ask(line, person, *request):
        status, answer = line.ask(tokens[person], *request)
        statuses.append(status)
        return answer

    def write(person):
        def each(line):
            for number in range(posts):
                said = ask(line, person, "POST", f"{path}messages/", {"content": str(number)})
                if number % 2:
                    ask(line, person, "DELETE", f"{path}messages/{said['id']}/")
            done.append(person)

        return each

    def read(person):
        def each(line):
            while len(done) < 2:
                newest = ask(line, person, "GET", f"{path}messages/?limit=20")["items"]
                for message in newest[::7]:
                    marker = ask(line, person, "POST", f"{path}read/", {"seq": message["seq"]})
                    markers[person].append(marker["last_read_seq"])

        return each

    crowd.act(write(alice), write(bob), *(read(person) for person in markers))

    (line, *_) = crowd.lines
    history, page = [], {"has_more": True}
    while page["has_more"]:
        after = history[-1]["seq"] if history else 0
        page = ask(line, carol, "GET", f"{path}messages/?after={after}&limit=200")
        history += page["items"]
    unread = {}
    for person, seen in markers.items():
        unread[person] = ask(line, person, "GET", path)["unread_count"]
        assert seen == sorted(seen)
        assert unread[person] == sum(
            message["seq"] > seen[-1] and message["user"]["id"] != str(person.pk) for message in history
        )
    record_property(
        "race",
        f"2 writers of {posts}, {sum(map(len, markers.values())):,} reads: unread "
        f"{', '.join(str(count) for count in unread.values())} of {len(history)}; {told(statuses)}",
    )
    assert set(statuses) == {200, 201, 204}
    assert len(history) == 2 * (posts - posts // 2)


def test_a_database_that_many_have_written_to_is_sound(crowd, alice, record_property):
    room, token = RoomFactory(admins=[alice]), token_of(alice)
    posts = sized(500)

    def write(line):
        path = f"rooms/{room.pk}/messages/"
        return [line.ask(token, "POST", path, {"content": "Hello"})[0] for _ in range(posts)]

    statuses = [status for part in crowd.act(*[write] * AT_ONCE) for status in part]

    record_property("race", f"{AT_ONCE} writers of {posts}: {told(statuses)}")
    assert set(statuses) == {201}
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_many_streams_wait_without_a_connection_to_the_database(crowd, alice, record_property):
    waiting = sized(500)
    room, token = RoomFactory(admins=[alice]), token_of(alice)
    with contextlib.ExitStack() as open_streams:
        streams = []
        for _ in range(waiting):
            stream = http.client.HTTPConnection("127.0.0.1", crowd.port, timeout=60)
            open_streams.callback(stream.close)
            headers = {"Authorization": f"Bearer {token}"}
            stream.request("GET", f"/api/v1/rooms/{room.pk}/events/", headers=headers)
            streams.append(stream.getresponse())
        assert {stream.status for stream in streams} == {200}

        statuses = crowd.act(
            *[lambda line: line.ask(token, "POST", f"rooms/{room.pk}/messages/", {"content": "Hello"})[0]]
            * AT_ONCE
        )
        connections = connections_in_use()
        began = time.monotonic()
        for stream in streams:
            heard = []
            while len(heard) < AT_ONCE:
                line = stream.readline()
                assert line
                heard += [int(line[4:])] if line.startswith(b"id: ") else []
            assert heard == list(range(1, AT_ONCE + 1))
        took = time.monotonic() - began

    record_property(
        "race",
        f"{waiting} streams, posts {told(statuses)}: all heard, {took:.1f} s; connections {connections}",
    )
    assert set(statuses) == {201}
    # Of two processes: a pool of ten each, and one that listens; beside the one of these tests.
    assert connections is None or connections <= 2 * 11 + 1


def connections_in_use():
    if connection.vendor == "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]
