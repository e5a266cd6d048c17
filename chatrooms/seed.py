"""Where the demo people talk."""

from collections.abc import Iterator
from typing import Any

from accounts.seed import person
from chatrooms import services
from chatrooms.models import Room, RoomMember, RoomMessage
from common.seeding import Made, Volume, moment, shares, stable_id

GROUP = "Exam week"
# Who says what; a number says which earlier line it answers.
GROUP_TALK = (
    ("ada", "Linear algebra is on Tuesday. Who wants to go through old exams on Sunday?", None),
    ("ben", "Me. I still mix up the row picture and the column picture.", 0),
    ("chen", "I can host. History is only on Friday, so I have time.", 0),
    ("ada", "There is a good lecture on exactly that, I put the summary into my library.", 1),
    ("ben", "Sunday at two, then? I bring the problem sheets.", None),
    ("chen", "Two is fine. I make tea.", 4),
)
DIRECT_TALK = (
    ("ada", "Did you get the pendulum on the moon? I have 35.6 minutes."),
    ("ben", "Same here. The length cancels, I had not expected that."),
    ("ada", "Neither had I. Thanks!"),
)


def seed() -> None:
    """Add the demo rooms where they are missing."""
    ada, ben, chen = (person(username) for username in ("ada", "ben", "chen"))
    group = stable_id(f"room:{GROUP}")
    if not Room.objects.filter(pk=group).exists():
        services.create_group(owner=ada, name=GROUP, members=[ben, chen], id=group)
        for number, (author, content, answers) in enumerate(GROUP_TALK):
            reply_to = None if answers is None else RoomMessage.objects.get(pk=_line(GROUP, answers))
            services.post_message(
                room_id=group,
                author=person(author),
                content=content,
                reply_to=reply_to,
                id=_line(GROUP, number),
            )
    if not RoomMessage.objects.filter(pk=_line("direct", 0)).exists():
        direct, _ = services.open_direct_room(by=ada, user=ben)
        for number, (author, content) in enumerate(DIRECT_TALK):
            services.post_message(
                room_id=direct.pk, author=person(author), content=content, id=_line("direct", number)
            )


def _line(room: str, number: int) -> Any:
    return stable_id(f"room-message:{room}:{number}")


_MEMBERS = 5


def volume(made: Made, scale: float, world: dict[str, Any]) -> Iterator[Volume]:
    """2,000 groups of up to five people with 1,000,000 messages at scale 1."""
    people: list[Any] = world["people"]
    count, seats = max(1, round(2000 * scale)), min(_MEMBERS, len(people))
    sizes = shares(made, max(1, round(1_000_000 * scale)), count)
    keys = [made.key() for _ in range(count)]
    rooms = (
        (key, f"Room {n}", "group", people[n % len(people)], size, size, moment(n), moment(n + size))
        for n, (key, size) in enumerate(zip(keys, sizes, strict=True))
    )
    columns: tuple[str, ...] = (
        *("id", "name", "type", "created_by_id", "last_seq", "last_revision", "created_at", "updated_at"),
    )
    yield Volume(Room, columns, rooms, count)
    members = (
        (made.key(), key, people[(n + seat) % len(people)], "member" if seat else "admin", *[moment(n)] * 3)
        for n, key in enumerate(keys)
        for seat in range(seats)
    )
    columns = ("id", "room_id", "user_id", "role", "joined_at", "created_at", "updated_at")
    yield Volume(RoomMember, columns, members, count * seats)
    messages = (
        (
            made.key(),
            key,
            people[(n + seq % seats) % len(people)],
            seq,
            seq,
            made.text(n + seq),
            *[moment(n + seq)] * 2,
        )
        for n, (key, size) in enumerate(zip(keys, sizes, strict=True))
        for seq in range(1, size + 1)
    )
    columns = ("id", "room_id", "user_id", "seq", "revision", "content", "created_at", "updated_at")
    yield Volume(RoomMessage, columns, messages, sum(sizes))
