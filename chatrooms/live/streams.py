"""A reader's open stream, between the thread that reads the database and the event loop that sends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from accounts.models import Session
from chatrooms.live.frames import COMMENT, MOST_BYTES

# Seconds without an event after which a comment shows that the stream is alive.
HEARTBEAT = 15


class Stream:
    """What one reader is told of one room, from a revision on.

    `revision` is how far the reader has been told; the hub alone moves it. `seat` is the key of the
    membership, and `session` the log-in, by both of which the stream stands.
    """

    def __init__(self, *, room_id: UUID, seat: UUID, session: Session, revision: int):
        self.room_id, self.seat, self.session, self.revision = room_id, seat, session, revision
        self.is_new = True
        self.loop: Any = None
        self.has_ended = asyncio.Event()
        self._drained: Callable[[], None] = lambda: None
        self._pieces: list[bytes] = []
        self._has_news = asyncio.Event()
        # Each is counted by one thread alone: the hub's and the loop's.
        self._given = self._taken = 0

    @property
    def place(self) -> tuple[UUID, UUID]:
        """The room and the person."""
        return self.room_id, self.session.user_id  # type: ignore[return-value]

    @property
    def is_full(self) -> bool:
        """Whether a slow reader has as much waiting as is read at once; the rest is left in the database."""
        return self._given - self._taken > MOST_BYTES

    def start(self, drained: Callable[[], None]) -> None:
        """Begin on the running loop; `drained` is called when a full stream has room again."""
        self.loop, self._drained = asyncio.get_running_loop(), drained

    def given(self, piece: bytes) -> bytes:
        """Count what the hub is about to put in."""
        self._given += len(piece)
        return piece

    def put(self, piece: bytes) -> None:
        """Give the reader something, on the loop."""
        self._pieces.append(piece)
        self._has_news.set()

    def end(self) -> None:
        """Let the reader have what is there, and no more; on the loop."""
        self.has_ended.set()
        self._has_news.set()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes of the stream, until it ends."""
        while self._pieces or not self.has_ended.is_set():
            try:
                await asyncio.wait_for(self._has_news.wait(), HEARTBEAT)
            except TimeoutError:
                yield COMMENT
                continue
            self._has_news.clear()
            piece, self._pieces = b"".join(self._pieces), []
            if piece:
                yield piece
                was_full = self.is_full
                self._taken += len(piece)
                if was_full:
                    self._drained()
