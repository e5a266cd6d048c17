"""One person's database as it grows: fills it up to a size, or measures what requests cost there.

`python -m benchmarks.growing fill 1000` · `python -m benchmarks.growing measure 1000`, which prints JSON.
"""

import datetime
import io
import json
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from accounts.models import User  # noqa: E402
from accounts.services import create_api_token  # noqa: E402
from chatrooms.models import Room, RoomMember, RoomMessage  # noqa: E402
from common.seeding import Made, Volume, load, moment, stable_id  # noqa: E402
from materials.models import Material, Subject  # noqa: E402
from media_summaries.models import Tag, VideoSummary, VideoSummaryTag  # noqa: E402
from threads.models import Message, Thread  # noqa: E402

READER = stable_id("growth:reader")
# What has the long histories; the lists have it last.
THREAD, ROOM = stable_id("growth:thread"), stable_id("growth:room")
FIRST = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SPEAKERS = ("assistant", "user")
# Whether each row is right would take most of the time to ask; PostgreSQL still asks what it alone knows.
UNCHECKED = {
    "sqlite": (
        "PRAGMA foreign_keys = OFF",
        "PRAGMA ignore_check_constraints = ON",
        "PRAGMA cache_size = -1000000",
    ),
    "postgresql": ("SET session_replication_role = replica",),
}
DEPTHS = (1, 100, 10_000)  # pages
PAGE, WINDOW, CHANGES = 20, 50, 200  # rows that a page, a window and an answer of changes/ have
LEAST, MOST, PATIENCE = 3, 50, 2.5  # requests, and seconds, for one measurement


def fill(rows: int) -> None:
    """Let the person have so many rows in each list, and the histories so many messages."""
    with connection.cursor() as cursor:
        for statement in UNCHECKED[connection.vendor]:
            cursor.execute(statement)
    with transaction.atomic():
        User.objects.get_or_create(pk=READER, defaults={"email": "growth@example.com", "name": "Grown"})
        first = {"created_at": FIRST, "updated_at": FIRST}
        Thread.objects.get_or_create(pk=THREAD, defaults=first | {"user_id": READER, "title": "Long"})
        Room.objects.get_or_create(pk=ROOM, defaults=first | {"type": "group", "name": "Long"})
        RoomMember.objects.get_or_create(room_id=ROOM, user_id=READER, defaults={"role": "admin"})
        there = Thread.objects.get(pk=THREAD).last_seq
        for volume in grown(range(there + 1, rows + 1)):
            for _ in load(volume):
                pass
        Thread.objects.filter(pk=THREAD).update(last_seq=rows)
        Room.objects.filter(pk=ROOM).update(last_seq=rows, last_revision=rows)
        RoomMember.objects.filter(room=ROOM).update(last_read_seq=rows)


def grown(numbers: range) -> Iterator[Volume]:
    """The rows of these numbers: a thread, a material, a video, a room, and a message in each history.

    One in ten has something of its own: a thread its message, a video its tag, a room its second member, who
    has said something there.
    """
    made, reader = Made(len(numbers)), READER.hex
    other = User.objects.exclude(pk=READER).values_list("pk", flat=True)[0].hex
    tag = Tag.objects.values_list("pk", flat=True)[0].hex

    def volume(model: Any, columns: str, rows: Iterable[tuple[Any, ...]]) -> Volume:
        """Of rows without their keys, which come in the order of time, and with their time as a number."""
        whole = ((uuid7().hex, *row, *[moment(n)] * 2) for *row, n in rows)
        return Volume(model, ("id", *columns.split(), "created_at", "updated_at"), whole, count=len(numbers))

    def keyed(model: Any, columns: str, rows: dict[str, tuple[Any, ...]]) -> Volume:
        whole = ((key, *row, *[moment(n)] * 2) for key, (*row, n) in rows.items())
        return Volume(model, ("id", *columns.split(), "created_at", "updated_at"), whole, count=len(rows))

    turn, said = "thread_id seq role content", "room_id user_id seq revision content"
    yield volume(Message, turn, ((THREAD.hex, n, SPEAKERS[n % 2], made.text(n), n) for n in numbers))
    people = (reader, other)
    yield volume(RoomMessage, said, ((ROOM.hex, people[n % 2], n, n, made.text(n), n) for n in numbers))

    threads = {uuid7().hex: (reader, f"Thread {n}", int(n % 10 == 0), n) for n in numbers}
    yield keyed(Thread, "user_id title last_seq", threads)
    begun = ((key, 1, "user", made.text(n), n) for key, (*_, has, n) in threads.items() if has)
    yield volume(Message, turn, begun)

    subjects = {uuid7().hex: (reader, f"Subject {n}", n) for n in numbers[::10]}
    yield keyed(Subject, "user_id name", subjects)
    studied = zip([key for key in subjects for _ in range(10)], numbers, strict=False)
    texts = ((reader, key, f"Material {n}", "text", made.text(n), n) for key, n in studied)
    yield volume(Material, "user_id subject_id title type content", texts)

    address = "https://youtu.be/{:011x}"
    videos = {
        uuid7().hex: (reader, address.format(n), f"{n:011x}", f"Lecture {n}", made.text(n), n)
        for n in numbers
    }
    yield keyed(VideoSummary, "user_id youtube_url youtube_id title summary", videos)
    tagged = ((key, tag, n) for key, (*_, n) in videos.items() if n % 10 == 0)
    yield volume(VideoSummaryTag, "video_summary_id tag_id", tagged)

    rooms = {uuid7().hex: (f"Room {n}", "group", reader, *[int(n % 10 == 0)] * 2, n) for n in numbers}
    yield keyed(Room, "name type created_by_id last_seq last_revision", rooms)
    seats = ((key, reader, "admin", moment(n), n) for key, (*_, n) in rooms.items())
    yield volume(RoomMember, "room_id user_id role joined_at", seats)
    shared = {key: n for key, (*_, has, n) in rooms.items() if has}
    yield volume(
        RoomMember,
        "room_id user_id role joined_at",
        ((key, other, "member", moment(n), n) for key, n in shared.items()),
    )
    yield volume(RoomMessage, said, ((key, other, 1, 1, made.text(n), n) for key, n in shared.items()))


class Request(NamedTuple):
    """What is asked for, under the name of its line in the table."""

    name: str
    path: str
    query: str = ""
    page: int = 1


def requests(rows: int) -> Iterator[Request]:
    """What is asked at this size: each history and each list, as deep as it goes."""
    thread, room = f"threads/{THREAD}/", f"rooms/{ROOM}/"
    histories = {"thread messages": f"{thread}messages/", "room messages": f"{room}messages/"}
    lists = {
        "threads": "threads/",
        "materials": "materials/",
        "videos": "video-summaries/",
        "rooms": "rooms/",
    }
    for page in DEPTHS:
        seen = WINDOW * (page - 1)
        if seen + CHANGES <= rows:
            for name, path in histories.items():
                yield Request(name, path, f"before={rows + 1 - seen}" if seen else "", page)
            yield Request("changes", f"{room}changes/", f"after={rows - CHANGES - seen}", page)
        if PAGE * page <= rows:
            for name, path in lists.items():
                yield Request(name, path, f"page={page}", page)
    for name, path in histories.items():
        yield Request(f"{name}, ?before= the middle", path, f"before={rows // 2}")
        yield Request(f"{name}, ?after= the middle", path, f"after={rows // 2}")
    yield Request("changes after the middle", f"{room}changes/", f"after={rows // 2}")
    yield Request("threads, ?search=", lists["threads"], "search=nowhere+to+be+found")
    yield Request("a thread with so many messages", thread)
    yield Request("a room with so many messages", room)


class Server:
    """The application as a worker runs it, without what stands in front of it."""

    def __init__(self, token: str):
        from config.wsgi import application

        self.application, self.token = application, token

    def ask(self, request: Request) -> bytes:
        """The body of an answer that is in order."""
        said: list[str] = []
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": f"/api/v1/{request.path}",
            "QUERY_STRING": request.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {self.token}",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        answer: Any = self.application(environ, lambda status, headers, failure=None: said.append(status))
        body = b"".join(answer)
        if hasattr(answer, "close"):  # what is answered ahead of Django is a plain list
            answer.close()
        assert said == ["200 OK"], (said, request, body[:500])
        return body

    def cost(self, request: Request) -> dict[str, float]:
        """Medians for one request, in milliseconds: processor time here and in PostgreSQL, and waiting."""
        self.ask(request)
        database = processor_of_database()
        costs, until = [], time.monotonic() + PATIENCE
        while len(costs) < LEAST or (len(costs) < MOST and time.monotonic() < until):
            before = time.process_time_ns(), database(), time.perf_counter_ns()
            self.ask(request)
            after = time.process_time_ns(), database(), time.perf_counter_ns()
            costs.append([(late - early) / 1e6 for early, late in zip(before, after, strict=True)])
        own, of_database, wall = map(statistics.median, zip(*costs, strict=True))
        return {"own": own, "database": of_database, "wall": wall}


def processor_of_database() -> Any:
    """Tells the nanoseconds that the process behind the connection has worked; none on SQLite, which has no
    process of its own.
    """
    if connection.vendor == "sqlite":
        return lambda: 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process,) = cursor.fetchone()
    # Finer than the hundredths of a second in `stat`.
    file = Path(f"/proc/{process}/schedstat")
    return lambda: int(file.read_text().split()[0])


def measure(rows: int) -> list[dict[str, Any]]:
    """What each request costs at this size."""
    _, token = create_api_token(person=User.objects.get(pk=READER), name="growth", expires_in_days=1)
    server = Server(token)
    return [
        {"name": request.name, "rows": rows, "page": request.page, **server.cost(request)}
        for request in requests(rows)
    ]


if __name__ == "__main__":
    task, size = sys.argv[1], int(sys.argv[2])
    print(json.dumps({"fill": fill, "measure": measure}[task](size)))
