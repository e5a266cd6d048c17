"""The rows that the fuzz meets, under keys that are known before they are made."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Role, SessionKind, User
from accounts.sessions import log_in
from tests.factories import (
    DirectRoomFactory,
    FileMaterialFactory,
    KeyframeFactory,
    MaterialFactory,
    MessageFactory,
    OrganizationFactory,
    RoomFactory,
    RoomMessageFactory,
    SessionFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
    VideoSummaryFactory,
)


def key(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"lyceum:fuzz:{name}"))


def keys(*names: str) -> list[str]:
    return [key(name) for name in names]


# Of each kind: rows that the person who asks may change, read, has thrown away, may not see; and none at all.
PEOPLE = keys("alice", "bob", "carol", "dora", "gone", "nobody")
ORGANIZATIONS = keys(
    "organization", "organization of others", "thrown organization", "hidden organization", "none"
)
SUBJECTS = keys("subject", "thrown subject", "hidden subject", "none")
MATERIALS = keys("text", "file", "address", "thrown material", "hidden material", "none")
JOBS = keys("job", "pending video", "thrown video", "none")
VIDEOS = keys("failed video", "pending video", "thrown video", "hidden video", "none")
KEYFRAMES = keys("keyframe", "hidden keyframe", "none")
THREADS = keys("thread", "thrown thread", "hidden thread", "none")
TURNS = keys("turn", "second turn", "hidden turn", "none")
ROOMS = keys("room", "room of others", "direct room", "thrown room", "hidden room", "none")
WORDS = keys("own words", "words of another", "words elsewhere", "hidden words", "none")
SESSIONS = keys("log-in", "foreign log-in", "none")
TOKENS = keys("token", "foreign token", "none")

# The keys that stand in each place of a path, by what is before them.
IN_PATHS = {
    "/api/v1/me/sessions/": SESSIONS,
    "/api/v1/me/tokens/": TOKENS,
    "/api/v1/users/": PEOPLE,
    "/api/v1/ops/users/": keys("bob", "dora", "gone", "nobody"),
    "/api/v1/ops/video-jobs/": JOBS,
    "/api/v1/organizations/": ORGANIZATIONS,
    "/api/v1/organizations/{}/members/": PEOPLE,
    "/api/v1/subjects/": SUBJECTS,
    "/api/v1/materials/": MATERIALS,
    "/api/v1/video-summaries/": VIDEOS,
    "/api/v1/video-summaries/{}/keyframes/": KEYFRAMES,
    "/api/v1/threads/": THREADS,
    "/api/v1/threads/{}/messages/": TURNS,
    "/api/v1/rooms/": ROOMS,
    "/api/v1/rooms/{}/members/": PEOPLE,
    "/api/v1/rooms/{}/messages/": WORDS,
}
# What is said in bodies and queries under these names.
KEYS_BY_NAME = {
    "subject": SUBJECTS,
    "material": MATERIALS,
    "user": PEOPLE,
    "members": PEOPLE,
    "reply_to": WORDS,
}
# And beside all that the document allows, under these.
BY_NAME: dict[str, list[Any]] = {
    "id": keys("subject", "text", "failed video", "keyframe", "thread", "turn", "room", "own words"),
    "ids": [",".join(PEOPLE)],
    "url": ["https://example.com/a?b=c#d", ""],
    "image": ["https://example.com/face.png", ""],
    "image_url": ["https://example.com/frame.png"],
    "thumbnail_url": ["https://example.com/thumb.png", ""],
    "youtube_url": ["https://youtu.be/kjBOesZCoqc", "https://www.youtube.com/watch?v=fNk_zzaMoSs"],
    "content": ["Good morning", "https://example.com/picture.png"],
    "password": ["correct horse battery"],
    "seq": [0, 1, 2],
    "before": [1, 2],
    "after": [0, 1],
    "tag": ["algebra"],
    "category": ["lectures"],
    "search": ["a"],
    "worker": ["worker"],
}
# The names of `tests/doors/doors.txt`.
STANDING_FOR = {"subject": key("subject"), "newcomer": key("dora"), "unused": key("not there yet")}


def make_world() -> User:
    """Alice with her things and what others let her see."""
    person = {
        name: UserFactory(id=key(name), name=name.title(), username=name, email=f"{name}@example.com")
        for name in ("alice", "bob", "carol", "dora")
    }
    alice, bob, carol, dora = person.values()
    now = timezone.now()
    thrown: dict[str, Any] = {"deleted_at": now, "deleted_by": alice}
    UserFactory(id=key("gone"), deleted_at=now)

    own = OrganizationFactory(id=key("organization"), members={alice: Role.OWNER, bob: Role.OWNER})
    OrganizationFactory(id=key("organization of others"), members={alice: Role.MEMBER, bob: Role.OWNER})
    OrganizationFactory(id=key("thrown organization"), members={alice: Role.OWNER}, **thrown)
    OrganizationFactory(id=key("hidden organization"), members={dora: Role.OWNER})
    own.memberships.create(user=carol, role=Role.MEMBER)

    subject = SubjectFactory(id=key("subject"), user=alice)
    SubjectFactory(id=key("thrown subject"), user=alice, **thrown)
    hidden = SubjectFactory(id=key("hidden subject"), user=dora)
    MaterialFactory(id=key("text"), subject=subject, user=alice)
    MaterialFactory(
        id=key("address"), subject=subject, user=alice, type="url", url="https://example.com/", content=""
    )
    FileMaterialFactory(id=key("file"), subject=subject, user=alice)
    MaterialFactory(id=key("thrown material"), subject=subject, user=alice, **thrown)
    MaterialFactory(id=key("hidden material"), subject=hidden, user=dora)

    video = VideoSummaryFactory(
        id=key("failed video"),
        user=alice,
        processing_status="failed",
        tags=["algebra"],
        categories=["lectures"],
    )
    VideoSummaryFactory(id=key("pending video"), user=alice)
    VideoSummaryFactory(
        id=key("job"),
        user=alice,
        processing_status="processing",
        claimed_by="worker",
        lease_expires_at=now + timedelta(days=1),
    )
    VideoSummaryFactory(id=key("thrown video"), user=alice, **thrown)
    KeyframeFactory(id=key("keyframe"), video_summary=video)
    hidden_video = VideoSummaryFactory(id=key("hidden video"), user=dora)
    KeyframeFactory(id=key("hidden keyframe"), video_summary=hidden_video)

    thread = ThreadFactory(id=key("thread"), user=alice, material_id=key("text"), last_seq=2)
    MessageFactory(id=key("turn"), thread=thread, seq=1)
    MessageFactory(id=key("second turn"), thread=thread, seq=2, role="assistant")
    ThreadFactory(id=key("thrown thread"), user=alice, **thrown)
    hidden_thread = ThreadFactory(id=key("hidden thread"), user=dora, last_seq=1)
    MessageFactory(id=key("hidden turn"), thread=hidden_thread)

    room = RoomFactory(id=key("room"), admins=[alice, carol], members=[bob], created_by=alice)
    RoomMessageFactory(id=key("own words"), room=room, user=alice)
    RoomMessageFactory(id=key("words of another"), room=room, user=bob)
    elsewhere = RoomFactory(id=key("room of others"), admins=[bob], members=[alice])
    RoomMessageFactory(id=key("words elsewhere"), room=elsewhere, user=bob)
    DirectRoomFactory(id=key("direct room"), people=[alice, carol])
    RoomFactory(id=key("thrown room"), admins=[alice], **thrown)
    hidden_room = RoomFactory(id=key("hidden room"), admins=[dora])
    RoomMessageFactory(id=key("hidden words"), room=hidden_room, user=dora)

    SessionFactory(id=key("log-in"), user=alice)
    SessionFactory(id=key("foreign log-in"), user=dora)
    SessionFactory(id=key("token"), user=alice, kind=SessionKind.API, name="backup")
    SessionFactory(id=key("foreign token"), user=dora, kind=SessionKind.API, name="backup")
    return alice


def make_staff() -> User:
    root = UserFactory(id=key("root"), name="Root", email="root@example.com", is_staff=True)
    root.user_permissions.add(Permission.objects.get(codename="work_video_jobs"))
    return root


def token_of(person: User) -> str:
    return log_in(person, ip_address="192.0.2.1", user_agent="fuzz").session_key


@contextmanager
def undone() -> Iterator[None]:
    """What is written is checked and taken back, so that the next request meets the same world."""
    with transaction.atomic():
        yield
        connection.check_constraints()
        transaction.set_rollback(True)
