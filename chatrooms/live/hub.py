"""The one thread of a process that tells open streams what happens in their rooms."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections

from accounts.sessions import still_open
from chatrooms.live.frames import COMMENT, changes_after, frame
from chatrooms.live.lines import Line, PostgreSQLLine, SQLiteLine, notify, shown_by_all
from chatrooms.live.streams import Stream
from chatrooms.models import Room, RoomMember

# Seconds after which it is asked again whether every stream may still be read: half of those it may take a
# stream to end, with something left for a busy machine.
CHECK = 0.8
# Seconds between two looks at the database at the least: who writes much is read in fewer steps.
PAUSE = 0.01

logger = logging.getLogger("lyceum.live")


class Hub:
    """All open streams of this process, and the thread that fills them with a connection of its own.

    A waiting stream costs no statement and no connection: the questions are asked for all of them together,
    as often as something has happened and once a second.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._thread: threading.Thread | None = None
        self._line: Any = None
        self._is_closing = False
        self._checked = 0.0

    def open(self, stream: Stream) -> None:
        """Begin to fill a stream, on the running loop."""
        with self._lock:
            if self._is_closing:
                stream.end()
                return
            if self._thread is None:
                self._line = PostgreSQLLine() if connection.vendor == "postgresql" else SQLiteLine()
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
            stream.start(drained=self._line.wake)
            self._streams.add(stream)
            if self._is_closing:
                # The signal has come in the middle of this.
                stream.end()
        self._line.wake()

    def close(self, stream: Stream) -> None:
        """Forget a stream whose reader has gone."""
        with self._lock:
            self._streams.discard(stream)
        self.wake()

    def shut(self) -> None:
        """End all streams, also those that are opened from now on; may be called by a signal handler."""
        self._is_closing = True
        for stream in list(self._streams):
            stream.loop.call_soon_threadsafe(stream.end)

    def wake(self) -> None:
        """Let the thread look for news at once."""
        if self._line is not None:
            self._line.wake()

    def say(self, room_id: UUID, said: dict[str, Any]) -> None:
        """Pass something on to the streams of this process."""
        if self._line is not None:
            self._line.say(room_id, said)

    def people(self, room_id: UUID) -> set[UUID]:
        """Who has a stream of a room open in this process."""
        with self._lock:
            return {person for room, person in (s.place for s in self._streams) if room == room_id}

    def _run(self) -> None:
        # Not one of the pool's, which are for requests; and it is the one that listens.
        own = connection.copy()
        own.settings_dict["OPTIONS"].pop("pool", None)
        connections[DEFAULT_DB_ALIAS] = own
        is_interrupted = False
        while True:
            try:
                self._round(self._line)
            except Exception as error:
                # Whatever it is: without this thread every stream would be silent for ever. Mostly the
                # database is away, which is said once.
                if not is_interrupted:
                    logger.warning("live events are interrupted", exc_info=error)
                is_interrupted = True
                own.close()
                time.sleep(CHECK)
            else:
                if is_interrupted:
                    logger.warning("live events go on")
                is_interrupted = False

    def _round(self, line: Line) -> None:
        """Wait for news, and tell it to whom it concerns.

        `told` is what each stream shall hear; whoever stands in it is asked for before they do, and once in a
        while all are. Only with the telling does a stream's revision move, to what is `reached`.
        """
        with self._lock:
            is_idle = not self._streams
        if is_idle:
            line.rest()
        line.wait(0 if is_idle else self._checked + CHECK - time.monotonic())
        with self._lock:
            streams = list(self._streams)
        line.show({stream.place for stream in streams})
        began = time.monotonic()
        is_due = began >= self._checked + CHECK
        told = {stream: [COMMENT] for stream in streams if stream.is_new}
        reached = {}
        for stream, frames, revision in self._news(streams):
            told.setdefault(stream, []).extend(frames)
            reached[stream] = revision
        for room_id, said in line.words():
            for stream in streams:
                if stream.room_id == room_id and not stream.is_full:
                    told.setdefault(stream, []).append(frame("typing", said))
        # Asked after the news was read: who is in the room now may hear all that was said before.
        asked = streams if is_due else list(told)
        standing = set(_standing(asked))
        self._end(stream for stream in asked if stream not in standing)
        self._give({stream: frames for stream, frames in told.items() if stream in standing}, reached)
        if is_due:
            self._checked = began
        time.sleep(PAUSE)

    def _news(self, streams: list[Stream]) -> Iterator[tuple[Stream, list[bytes], int]]:
        """What each stream has not been told, as far as it has room, and up to which revision that goes."""
        rooms = Room.objects.alive().revisions({stream.room_id for stream in streams})
        behind = defaultdict(list)
        for stream in streams:
            latest, purged = rooms.get(stream.room_id, (0, 0))
            if stream.revision < purged:
                self._end([stream])
            elif stream.revision < latest and not stream.is_full:
                behind[stream.room_id, stream.revision].append(stream)
        for (room_id, revision), readers in behind.items():
            changes, is_all = changes_after(room_id, revision)
            if changes and changes[0].purged > revision:
                self._end(readers)
                continue
            reached = changes[-1].revision if changes else revision
            if is_all:
                # What was there when the rooms were asked has been read.
                reached = max(reached, rooms[room_id][0])
            else:
                self._line.wake()
            for stream in readers:
                yield stream, [change.frame for change in changes], reached

    def _give(self, told: dict[Stream, list[bytes]], reached: dict[Stream, int]) -> None:
        pieces = []
        for stream, frames in told.items():
            stream.is_new = False
            stream.revision = reached.get(stream, stream.revision)
            pieces.append((stream, stream.given(b"".join(frames))))
        if pieces:
            # All at once: waking the loop costs more than what it is woken for.
            pieces[0][0].loop.call_soon_threadsafe(_put_all, pieces)

    def _end(self, streams: Iterable[Stream]) -> None:
        for stream in streams:
            with self._lock:
                self._streams.discard(stream)
            stream.loop.call_soon_threadsafe(stream.end)


def _put_all(pieces: list[tuple[Stream, bytes]]) -> None:
    for stream, piece in pieces:
        stream.put(piece)


def _standing(streams: list[Stream]) -> Iterator[Stream]:
    """Those whose readers are still in the room and still logged in."""
    if streams:
        seats = RoomMember.objects.taken({stream.seat for stream in streams})
        sessions = still_open({stream.session for stream in streams})
        yield from (s for s in streams if s.seat in seats and s.session in sessions)


hub = Hub()


def wake() -> None:
    """Let all processes know that something has happened in a room; it is committed."""
    if connection.vendor == "postgresql":
        notify()
    else:
        hub.wake()


def say(room_id: UUID, said: dict[str, Any]) -> None:
    """Pass something on to the open streams of a room that is stored nowhere."""
    if connection.vendor == "postgresql":
        notify(room_id, said)
    else:
        hub.say(room_id, said)


def present(room_id: UUID, people: set[UUID]) -> set[UUID]:
    """Which of these people have a stream of the room open."""
    if connection.vendor == "postgresql":
        return shown_by_all(room_id, people)
    return people & hub.people(room_id)
