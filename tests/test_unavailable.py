"""A database that cannot serve just now: 503, nothing written, and all is well with the next request."""

import errno
import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from uuid_utils.compat import uuid7

from accounts.sessions import log_in
from common.serializers import StrictSerializer
from materials import services
from materials.models import Subject
from tests.factories import (
    MaterialFactory,
    OrganizationFactory,
    RoomFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
)
from tests.racing import at_once
from tests.server import Server

URL, ME = "/api/v1/subjects/", "/api/v1/me/"
postgresql_only = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="of PostgreSQL alone")
sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="of SQLite alone")


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchone() if cursor.description else None


def assert_unavailable(answer):
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


@contextmanager
def impatient(limit):
    """The connection of this test waits a tenth of a second."""
    sql("PRAGMA busy_timeout=100" if connection.vendor == "sqlite" else f"SET {limit} = '100ms'")
    yield
    sql("PRAGMA busy_timeout=20000" if connection.vendor == "sqlite" else f"RESET {limit}")


@contextmanager
def held(subject):
    """Somebody else, in a connection of their own, who has written to a subject and does not end."""
    holds, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Subject.objects.filter(pk=subject.pk).update(description="Held")
            holds.set()
            done.wait(30)

    holder = threading.Thread(target=lambda: (hold(), connection.close()))
    holder.start()
    assert holds.wait(30)
    try:
        yield
    finally:
        done.set()
        holder.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_who_waits_too_long_for_a_lock_is_asked_to_come_again(as_user, alice, limit):
    client, subject = as_user(alice), SubjectFactory(user=alice, name="Physics")
    one = f"{URL}{subject.pk}/"

    with impatient(limit), held(subject):
        assert_unavailable(client.patch(one, {"name": "Chemistry"}))
        assert client.get(one).json()["name"] == "Physics"
    changed = client.patch(one, {"name": "Chemistry"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Chemistry")


@pytest.fixture(params=["10", pytest.param("0", marks=postgresql_only)], ids=["of a pool", "kept"])
def server(transactional_db, request):
    # One thread, so that whoever asks again meets the connection that was kept.
    server = Server(DB_LOCK_TIMEOUT="1", DB_POOL_SIZE=request.param, SERVER_THREADS="1")
    yield server
    server.kill()


def test_a_served_process_ends_its_waiting_and_outlives_its_connections(server, alice):
    subject = SubjectFactory(user=alice, name="Physics")
    token = log_in(alice, ip_address="192.0.2.1", user_agent="tests").session_key
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    one, made = f"{URL}{subject.pk}/", {"id": str(uuid7()), "name": "Biology"}

    def ask(method, path, body=None):
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        line.request(method, path, json.dumps(body) if body else None, headers)
        answer = line.getresponse()
        said = json.loads(answer.read())
        line.close()
        return answer.status, said

    if connection.vendor == "postgresql":
        (others,) = sql("SELECT array_agg(pid) FROM pg_stat_activity")
    server.start()
    server.connect().close()
    assert ask("GET", one)[0] == 200
    with held(subject):
        status, said = ask("PATCH", one, {"name": "Chemistry"})
        assert (status, said["error"]["code"]) == (503, "unavailable")
    assert ask("PATCH", one, {"name": "Chemistry"})[0] == 200
    assert ask("POST", URL, made)[0] == 201
    row, me = ask("GET", f"{URL}{made['id']}/"), ask("GET", ME)
    assert row[0] == me[0] == 200
    for request, expected in ((("POST", URL, made), row), (("GET", ME), me)):
        if connection.vendor == "postgresql":
            # As a restart of the database does to all of the process's connections at once.
            sql(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> ALL(%s)",
                others,
            )
        assert ask(*request) == expected
    assert ask("GET", URL)[1]["total"] == 2


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_who_has_waited_long_comes_as_soon_as_the_other_one_has_ended(alice):
    subject = SubjectFactory(user=alice)
    delays = []
    for _ in range(3):
        ended = []

        def write(ended=ended):
            with transaction.atomic():
                ended.append(time.monotonic())
                Subject.objects.filter(pk=subject.pk).update(description="At last")
                return sql("PRAGMA busy_timeout")

        with ThreadPoolExecutor() as pool:
            with held(subject):
                waiter = pool.submit(lambda write=write: (write(), connection.close()))
                # Long enough for pauses of a tenth of a second.
                time.sleep(0.36)
                released = time.monotonic()
            (patience,), _ = waiter.result()
        delays.append(ended[0] - released)
        assert patience == 20_000

    # A busy machine is no finding.
    assert 0 < min(delays) < 0.05


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_takes_nothing_in_part(as_user, alice):
    client, subject = as_user(alice), SubjectFactory(user=alice)
    material = {"subject": str(subject.pk), "title": "Long", "type": "text", "content": "x" * 400_000}
    sql("VACUUM")  # what other tests have left free would be room
    (pages,) = sql("PRAGMA page_count")
    sql(f"PRAGMA max_page_count={pages + 20}")

    assert_unavailable(client.post("/api/v1/materials/", material))
    assert client.get("/api/v1/materials/").json()["total"] == 0
    sql("PRAGMA max_page_count=1073741823")
    assert client.post("/api/v1/materials/", material).status_code == 201


READ_ONLY = {
    "sqlite": ("PRAGMA query_only=1", "PRAGMA query_only=0"),
    "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_may_only_be_read_is_read(as_user, alice):
    client, subject = as_user(alice), SubjectFactory(user=alice)
    on, off = READ_ONLY[connection.vendor]

    sql(on)
    assert client.get(URL).json()["items"][0]["id"] == str(subject.pk)
    assert_unavailable(client.post(URL, {"name": "Physics"}))
    sql(off)
    assert client.post(URL, {"name": "Physics"}).status_code == 201


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_a_pool_without_a_free_connection_asks_to_come_again(as_user, alice, monkeypatch):
    client, pool = as_user(alice), connection.pool
    monkeypatch.setattr(pool, "timeout", 0.2)
    taken = [pool.getconn(timeout=10) for _ in range(pool.max_size - 1)]

    (full,) = at_once(lambda: client.get(URL))
    for one in taken:
        pool.putconn(one)
    (free,) = at_once(lambda: client.get(URL))

    assert_unavailable(full)
    assert free.status_code == 200


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_after_a_restart_of_the_server_the_first_request_is_served(as_user, alice, monkeypatch):
    client, pool = as_user(alice), connection.pool
    monkeypatch.setattr(pool, "timeout", 2)
    idle = [pool.getconn(timeout=10) for _ in range(pool.max_size - 1)]
    processes = [one.info.backend_pid for one in idle]
    for one in idle:
        pool.putconn(one)
    sql(f"SELECT count(pg_terminate_backend(pid, 5000)) FROM unnest(ARRAY{processes}) AS pid")  # noqa: S608

    (answer,) = at_once(lambda: client.get(URL))

    assert answer.status_code == 200


@postgresql_only
@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("40001", 503),  # two transactions that cannot both be right
        ("40P01", 503),  # a deadlock
        ("53100", 503),  # the disk is full
        ("53200", 503),  # the memory
        ("53300", 503),  # the connections
        ("57P01", 503),  # a shutdown
        ("57P03", 503),  # a start that is not over
        ("58030", 503),  # a disk that does not read
        ("54001", 500),  # a statement too deep for the server's stack
        ("22001", 500),  # a text too long for its column
        ("42P01", 500),  # no such table
        ("XX000", 500),  # a bug of the server
        ("23514", 500),  # a CHECK that nobody has foreseen
        ("23505", 409),  # a unique value that somebody was faster to take
        ("23503", 409),  # a row that has gone meanwhile
    ],
)
def test_what_the_server_says_decides_between_busy_and_broken(as_user, alice, monkeypatch, state, status):
    def refused(**_):
        sql(f"DO $$ BEGIN RAISE EXCEPTION 'of table x' USING ERRCODE = '{state}'; END $$")

    monkeypatch.setattr(services, "create_subject", refused)
    answer = as_user(alice).post(URL, {"name": "Physics"})

    assert answer.status_code == status
    assert "table" not in answer.content.decode()


@sqlite_only
@pytest.mark.parametrize(
    ("statement", "status"),
    [
        ("SELECT no_such_column", 500),
        ("INSERT INTO materials_subject (name) VALUES ('x')", 500),
        ("INSERT INTO accounts_user SELECT * FROM accounts_user", 409),
    ],
)
def test_what_sqlite_says_decides_between_met_and_broken(as_user, alice, monkeypatch, statement, status):
    monkeypatch.setattr(services, "create_subject", lambda **_: sql(statement))

    assert as_user(alice).post(URL, {"name": "Physics"}).status_code == status


@pytest.mark.parametrize(
    ("number", "status"), [(errno.ENOSPC, 503), (errno.EDQUOT, 503), (errno.EACCES, 500)]
)
def test_a_disk_without_room_is_no_bug(as_user, alice, monkeypatch, number, status):
    def full(**_):
        raise OSError(number, "No space left on device", "/var/secret")

    monkeypatch.setattr(services, "create_subject", full)
    answer = as_user(alice).post(URL, {"name": "Physics"})

    assert answer.status_code == status
    assert "secret" not in answer.content.decode()


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_a_table_that_has_changed_since_it_was_read_is_read_again(as_user, alice):
    thread = ThreadFactory(user=alice, title="Optics")

    def read():
        answer = as_user(alice).get(f"/api/v1/threads/{thread.pk}/")
        return answer.status_code, answer.json()["title"]

    assert read() == read() == (200, "Optics")
    # As a migration does beside a running server.
    sql("ALTER TABLE threads_thread ALTER COLUMN title TYPE text")
    try:
        assert read() == read() == (200, "Optics")
    finally:
        sql("ALTER TABLE threads_thread ALTER COLUMN title TYPE varchar(300)")


@pytest.mark.parametrize("address", ["/admin/", "/api/auth/browser/v1/auth/session"])
def test_a_session_that_cannot_be_read_is_unavailable_too(client, root, monkeypatch, address):
    client.force_login(root)
    client.raise_request_exception = False

    def locked(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", locked)
    answer = client.get(address)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.headers["X-Request-ID"].encode() in answer.content


# A POST under or about a row, and that row.
GONE = {
    "a material of a subject": lambda alice: (
        subject := SubjectFactory(user=alice),
        "/api/v1/materials/",
        {"subject": str(subject.pk), "title": "T", "type": "text", "content": "x"},
    ),
    "a thread about a material": lambda alice: (
        material := MaterialFactory(user=alice),
        "/api/v1/threads/",
        {"title": "T", "material": str(material.pk)},
    ),
    "a message in a thread": lambda alice: (
        thread := ThreadFactory(user=alice),
        f"/api/v1/threads/{thread.pk}/messages/",
        {"role": "user", "content": "x"},
    ),
    "a message in a room": lambda alice: (
        room := RoomFactory(members=[alice]),
        f"/api/v1/rooms/{room.pk}/messages/",
        {"content": "x"},
    ),
    "a member of a group": lambda alice: (
        person := UserFactory(),
        f"/api/v1/rooms/{RoomFactory(admins=[alice]).pk}/members/",
        {"user": str(person.pk)},
    ),
    "the first members of a group": lambda alice: (
        person := UserFactory(),
        "/api/v1/rooms/",
        {"name": "G", "members": [str(person.pk)]},
    ),
    "a direct room": lambda alice: (
        person := UserFactory(),
        "/api/v1/rooms/direct/",
        {"user": str(person.pk)},
    ),
    "a member of an organization": lambda alice: (
        person := UserFactory(),
        f"/api/v1/organizations/{OrganizationFactory(members={alice: 'owner'}).pk}/members/",
        {"user": str(person.pk)},
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", GONE)
def test_what_is_purged_in_the_moment_after_it_was_looked_up_is_no_bug(as_user, alice, monkeypatch, what):
    row, path, body = GONE[what](alice)
    client = as_user(alice)
    resolve = StrictSerializer.resolve_references

    def then_gone(self):
        resolve(self)
        at_once(lambda: type(row).objects.filter(pk=row.pk).delete())

    monkeypatch.setattr(StrictSerializer, "resolve_references", then_gone)
    answer = client.post(path, body)

    assert not type(row).objects.filter(pk=row.pk).exists()
    assert answer.status_code in {400, 404, 409}, answer.content
    assert client.get("/api/v1/rooms/").status_code == client.get("/api/v1/materials/").status_code == 200
