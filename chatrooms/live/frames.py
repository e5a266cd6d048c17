"""Server-sent events as bytes (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from chatrooms.models import RoomMessage
from chatrooms.serializers import RoomChangeSerializer
from common.renderers import JSONRenderer

# How much is read at once: so many changes, or so many bytes of them.
BATCH = 200
MOST_BYTES = 256 * 2**10
# A line that says nothing: it opens a stream, and shows that one in which nothing happens is still there.
COMMENT = b":\n\n"


# Built once: to build its fields costs more than to use them.
_shape = RoomChangeSerializer()


class Change(NamedTuple):
    """What has become of a message, ready to be sent, and up to where the room's past is not whole."""

    revision: int
    frame: bytes
    purged: int


def frame(event: str, data: Any, revision: int | None = None) -> bytes:
    """One event; what has no number cannot be resumed from."""
    number = b"" if revision is None else b"id: %d\n" % revision
    return b"%bevent: %b\ndata: %b\n\n" % (number, event.encode(), JSONRenderer().render(data))


def changes_after(room_id: UUID, revision: int) -> tuple[list[Change], bool]:
    """What has happened in a room since, and whether that is all; for whom is asked afterwards."""
    rows: Any = RoomMessage.objects.in_room(room_id).changed_after(revision).with_author()
    changes: list[Change] = []
    size = 0
    for row in rows.with_purged_revision()[: BATCH + 1]:
        if len(changes) == BATCH or size > MOST_BYTES:
            return changes, False
        said = _shape.to_representation(row)
        event = "deleted" if "deleted" in said else "message"
        changes.append(Change(row.revision, frame(event, said, row.revision), row.purged_revision))
        size += len(changes[-1].frame)
    return changes, True


def past(room_id: UUID, revision: int) -> Iterator[bytes]:
    """All that has happened in a room since, as far as it has come when there is no more to read."""
    yield COMMENT
    is_all = False
    while not is_all:
        changes, is_all = changes_after(room_id, revision)
        for change in changes:
            yield change.frame
            revision = change.revision
