"""How word reaches the processes that follow rooms.

A wake-up carries nothing: what has happened is read from the database. What is stored nowhere travels along:
who is typing, and who has a stream open.
"""

import json
import logging
import os
import select
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import connection

CHANNEL = "lyceum_rooms"
# Pairs of room and person that a process shows to the others. Each is a lock in the server's memory, which
# has room for 6,400 unless it is set up for more, and without which no transaction gets any further.
MOST_SHOWN = 1_000

# Shared ones wait for nobody, and end with the connection: a process that is killed shows nobody.
LOCK = "SELECT pg_advisory_lock_shared(room, person) FROM unnest(%s::int[], %s::int[]) AS a(room, person)"
UNLOCK = LOCK.replace("lock_shared", "unlock_shared")

logger = logging.getLogger("lyceum.live")

Place = tuple[UUID, UUID]  # a room and a person


class Line:
    """A thread's ear: it waits here, and is woken by others of its process or by the database."""

    def __init__(self) -> None:
        self._ear, self._bell = os.pipe()
        os.set_blocking(self._ear, False)
        os.set_blocking(self._bell, False)
        self._words: deque[tuple[UUID, dict[str, Any]]] = deque()

    def wake(self) -> None:
        """End the wait, from any thread."""
        with suppress(BlockingIOError):  # rung often enough
            os.write(self._bell, b"!")

    def wait(self, seconds: float) -> None:
        """Wait for news, no longer than this."""
        raise NotImplementedError

    def rest(self) -> None:
        """Wait to be woken by this process, however long: there is nobody to hear anything."""
        self._listen(None)

    def words(self) -> Iterator[tuple[UUID, dict[str, Any]]]:
        """What has been said without being stored since the last time, each with its room."""
        while self._words:
            yield self._words.popleft()

    def show(self, places: set[Place]) -> None:
        """Let other processes know who has a stream open here."""

    def _listen(self, seconds: float | None, *others: int) -> bool:
        """Wait for the bell or for one of these files; whether it was the bell."""
        ears = select.poll()
        for file in (self._ear, *others):
            ears.register(file, select.POLLIN)
        heard = {file for file, _ in ears.poll(None if seconds is None else max(0, seconds) * 1000)}
        if self._ear in heard:
            os.read(self._ear, 4096)
        return self._ear in heard


class SQLiteLine(Line):
    """Writers are in any process, and SQLite tells nobody: so the file is asked whether it has changed."""

    PAUSE = 0.1

    def __init__(self) -> None:
        super().__init__()
        self._version = -1

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._has_moved() and (left := until - time.monotonic()) > 0:
            if self._listen(min(left, self.PAUSE)):
                return

    def _has_moved(self) -> bool:
        before = self._version
        with connection.cursor() as cursor:
            # A counter in shared memory, which costs some microseconds.
            (self._version,) = cursor.execute("PRAGMA data_version").fetchone()
        return self._version != before

    def say(self, room_id: UUID, said: dict[str, Any]) -> None:
        self._words.append((room_id, said))
        self.wake()


class PostgreSQLLine(Line):
    """One connection of the process listens; the server wakes it when somebody, anywhere, has written."""

    def __init__(self) -> None:
        super().__init__()
        self._heard_by: Any = None
        self._shown: set[Place] = set()

    def wait(self, seconds: float) -> None:
        connection.ensure_connection()
        wire: Any = connection.connection
        if wire is self._heard_by:
            self._listen(seconds, wire.fileno())
        else:
            # The first connection, or another after an outage: what was said meanwhile, nobody has heard.
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._heard_by, self._shown = wire, set()
        for notice in wire.notifies(timeout=0):
            if notice.payload:
                room_id, said = json.loads(notice.payload)
                self._words.append((UUID(room_id), said))

    def rest(self) -> None:
        # The server keeps for a listener what it does not take, and in the end stops all who notify.
        connection.close()
        super().rest()

    def show(self, places: set[Place]) -> None:
        kept = self._shown & places
        new = set(list(places - kept)[: MOST_SHOWN - len(kept)])
        if new and len(kept | new) < len(places):
            logger.warning("%d people with open streams are not shown as present", len(places - kept - new))
        self._each(UNLOCK, self._shown - places)
        self._each(LOCK, new)
        self._shown = kept | new

    def _each(self, statement: str, places: Iterable[Place]) -> None:
        if places:
            rooms, people = zip(*((short(room), short(person)) for room, person in places), strict=True)
            with connection.cursor() as cursor:
                cursor.execute(statement, [list(rooms), list(people)])


def short(key: UUID) -> int:
    """The end of a key, as a number that PostgreSQL can lock."""
    return int.from_bytes(key.bytes[-4:], signed=True)


def notify(room_id: UUID | None = None, said: dict[str, Any] | None = None) -> None:
    """Wake the processes that follow rooms on PostgreSQL, and let them pass on what is stored nowhere."""
    payload = json.dumps([str(room_id), said]) if said else ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def shown_by_all(room_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Which of these people some process on PostgreSQL shows to have a stream open in a room."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid::bigint = %s",
            [short(room_id) % 2**32],
        )
        shown = {number for (number,) in cursor.fetchall()}
    return {person for person in people if short(person) % 2**32 in shown}
