"""Compiled reads: whatever is asked, their answer is that of the plain path, byte for byte."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db.models.functions import Now
from django.urls import resolve
from django.utils import timezone
from rest_framework.permissions import IsAdminUser
from rest_framework.serializers import SerializerMethodField

from accounts.models import Session, User
from accounts.services import create_api_token
from accounts.sessions import log_in
from common import reads
from common.statements import forget_compiled
from common.throttling import HostCounters
from config.ops.reads import compiled_reads
from tests.doors.conftest import undone
from tests.factories import (
    DirectRoomFactory,
    FileMaterialFactory,
    MaterialFactory,
    MessageFactory,
    OrganizationFactory,
    ProfileFactory,
    RoomFactory,
    RoomMessageFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
    VideoSummaryFactory,
)
from threads.models import Message, Thread
from threads.serializers import ThreadSerializer
from threads.views import ThreadViewSet

pytestmark = pytest.mark.django_db

FULL_SECOND = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
NASTY = 'Ä "quoted" \\ \u2028 \x7f </script> 😀 %s {x}'

PAGES = ["", "page=2&page_size=1", "page=1000", "page_size=100", "deleted=true", "deleted=false"]
HISTORY = [
    "",
    "limit=2",
    "before=3",
    "before=3&limit=1",
    "after=1",
    "after=1&limit=1",
    "after=1000",
    "before=0",
]


def ordered_by(*names: str) -> list[str]:
    both = [f"{sign}{name}" for name in names for sign in ("", "-")]
    return [f"ordering={name}" for name in both] + [f"ordering={','.join(names)}", "ordering="]


# Each compiled read, with what can be asked of it.
READS: dict[str, list[str]] = {
    "me/": [""],
    "threads/": [
        *PAGES,
        *ordered_by("title", "created_at", "updated_at"),
        "material={material}",
        "material={old_material}",
        "search=quoted",
        "search=ä",
        "search=",
        "search=%25",
        "search=nothing+like+it",
        "material={material}&search=ebb&ordering=-title&page_size=1&deleted=false",
    ],
    "threads/{thread}/": [""],
    "threads/{bare_thread}/": [""],
    "threads/{thread}/messages/": HISTORY,
    "threads/{bare_thread}/messages/": HISTORY,
    "materials/": [
        *PAGES,
        *ordered_by("title", "created_at", "updated_at"),
        "subject={subject}",
        "type=text",
        "type=url",
        "type=file",
        "search=quoted",
        "subject={subject}&type=text&search=ebb&ordering=title",
    ],
    "materials/{material}/": [""],
    "materials/{file}/": [""],
    "video-summaries/": [
        *PAGES,
        *ordered_by("title", "created_at", "updated_at", "duration"),
        "status=completed",
        "tag=PHYSICS",
        "tag=nothing",
        "category=waves",
        "youtube_id=abcdefghijk",
        "has=chapters",
        "has=",
        "search=quoted",
        "status=completed&tag=physics&category=Waves&youtube_id=abcdefghijk&has=chapters&search=ebb",
    ],
    "video-summaries/{video}/": [""],
    "video-summaries/{bare_video}/": [""],
    "rooms/": [
        *PAGES,
        *ordered_by("name", "created_at", "updated_at"),
        "type=group",
        "type=direct",
        "search=quoted",
        "type=group&search=ebb&ordering=name",
    ],
    "rooms/{room}/": [""],
    "rooms/{direct}/": [""],
    "rooms/{silent}/": [""],
    "rooms/{room}/messages/": [*HISTORY, "search=quoted", "search=quoted&before=3", "search=quoted&after=1"],
    "rooms/{silent}/messages/": HISTORY,
    "rooms/{room}/changes/": ["", "after=0", "after=2", "after=1000"],
    "rooms/{direct}/changes/": [""],
}
# Where there is nothing to show, the plain path says so.
EMPTY = {"threads/{bare_thread}/messages/", "rooms/{silent}/messages/"}
ASKED = [f"{path}?{query}".rstrip("?") for path, queries in READS.items() for query in queries]
REFUSED = {
    "threads/?page=0": 400,
    "threads/?nothing=1": 400,
    "threads/?page=1&page=2": 400,
    "threads/?search=%FF": 400,
    "threads/{not_hers}/": 404,
    "threads/{not_hers}/messages/": 404,
    "rooms/{not_hers}/messages/?before=1&after=1": 404,
    "rooms/{not_hers}/changes/": 404,
    "materials/{old_material}/": 404,
    # What stands for a key inside is none from outside.
    "threads/*/": 404,
    "rooms/*/messages/": 404,
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    with django_db_blocker.unblock(), undone():
        yield _made()


def _made() -> Any:
    gone = {"deleted_at": timezone.now()}
    reader = UserFactory(name=NASTY, username="reader")
    ProfileFactory(user=reader, bio=NASTY)
    OrganizationFactory(name="Zoo", members={reader: "owner"})
    OrganizationFactory(name="Aviary", members={reader: "member"})
    OrganizationFactory(members={reader: "owner"}, **gone)
    newcomer, other = UserFactory(name=""), UserFactory(name="Other")
    leaver = UserFactory(name="Leaver")
    subject = SubjectFactory(user=reader, created_at=FULL_SECOND)
    material = MaterialFactory(user=reader, subject=subject, title="Ebb " + NASTY, created_at=FULL_SECOND)
    thread = ThreadFactory(user=reader, material=material, title="Ebb " + NASTY, messages=3)
    MessageFactory(
        thread=thread,
        seq=4,
        role="assistant",
        content="long " * 100,
        parts=[{"b": [1, 2.5, None, True], "a": {"z": NASTY, "y": -(2**63)}}],
        attachments=[1],
        metadata={"longer": 1, "b": 1e-7, "a": {}},
        created_at=FULL_SECOND,
    )
    Message.objects.filter(pk=thread.messages.order_by("seq")[1].pk).update(**gone)
    rows = {
        "subject": subject,
        "material": material,
        "old_material": MaterialFactory(user=reader, subject=subject, **gone),
        "file": FileMaterialFactory(user=reader, subject=subject),
        "thread": thread,
        "bare_thread": ThreadFactory(user=reader, updated_at=FULL_SECOND),
        "video": VideoSummaryFactory(
            user=reader,
            youtube_id="abcdefghijk",
            title="Ebb " + NASTY,
            duration=100,
            processing_status="completed",
            ai_generated_content={"chapters": [{"b": 1, "a": NASTY}], "": None},
            completed_at=FULL_SECOND,
            tags=["Physics", "äther", "Zebra"],
            categories=["Waves"],
        ),
        "bare_video": VideoSummaryFactory(user=reader),
        "room": RoomFactory(name="Ebb " + NASTY, admins=[reader], members=[other, leaver], messages=2),
        "silent": RoomFactory(admins=[other], members=[reader]),
        "direct": DirectRoomFactory(people=[reader, leaver]),
    }
    MaterialFactory(user=reader, subject=subject, type="url", url="https://example.com/?a=b&c", content="")
    ThreadFactory(user=reader, material=rows["old_material"], **gone)
    VideoSummaryFactory(user=reader, tags=["Physics"], **gone)
    RoomFactory(admins=[reader], **gone)
    first = rows["room"].messages.first()
    RoomMessageFactory(room=rows["room"], user=other, content="Ebb " + NASTY, reply_to=first)
    RoomMessageFactory(
        room=rows["room"], user=leaver, edited_at=FULL_SECOND, type="image", content="https://a.eu"
    )
    RoomMessageFactory(room=rows["room"], user=reader, **gone)
    RoomMessageFactory(room=rows["room"], user=None, content="x" * 300)
    RoomMessageFactory(room=rows["direct"], user=leaver)
    User.objects.filter(pk=leaver.pk).update(deleted_at=Now())
    # Somebody else's, in every table.
    foreign = ThreadFactory(user=other, messages=2)
    MaterialFactory(user=other)
    VideoSummaryFactory(user=other, tags=["Physics"])
    RoomFactory(admins=[other], members=[leaver], messages=2)
    _, token = create_api_token(person=reader, name="reads", expires_in_days=1)
    return SimpleNamespace(
        keys={name: str(row.pk) for name, row in rows.items()} | {"not_hers": str(foreign.pk)},
        reader=reader,
        log_ins={
            "by log-in": {"Authorization": f"Bearer {_logged_in(reader)}"},
            "by token": {"X-Session-Token": token},
            "by cookie": {"Cookie": f"{settings.SESSION_COOKIE_NAME}={_logged_in(reader)}"},
            "newcomer": {"Authorization": f"Bearer {_logged_in(newcomer)}"},
        },
    )


def _logged_in(person: User) -> str:
    return str(log_in(person, ip_address=None, user_agent="").session_key)


class Asking:
    """Asks compiled and plainly, and knows which of the two has answered."""

    def __init__(self, world: Any, client: Any, monkeypatch: Any):
        self.world, self.client, self.monkeypatch = world, client, monkeypatch
        self.compiled = 0
        shown = reads.Plan.answer

        def counted(*args: Any) -> bytes:
            self.compiled += 1
            return shown(*args)

        monkeypatch.setattr(reads.Plan, "answer", counted)

    def ask(self, path: str, log_in: str = "by log-in", **headers: str) -> Any:
        address = "/api/v1/" + path.format(**self.world.keys)
        sent = {"X-Request-ID": "the-same"} | self.world.log_ins.get(log_in, {}) | headers
        return self.client.get(address, headers=sent)

    def plainly(self, path: str, log_in: str = "by log-in", **headers: str) -> Any:
        with self.monkeypatch.context() as patch:
            patch.setattr(reads.Read, "answer", lambda *args: None)
            return self.ask(path, log_in, **headers)


@pytest.fixture
def asking(world, client, monkeypatch) -> Asking:
    client.raise_request_exception = False
    return Asking(world, client, monkeypatch)


def whole(answer: Any) -> tuple[Any, ...]:
    return answer.status_code, answer.content, sorted(answer.headers.items())


def test_each_compiled_read_is_asked_here(world):
    asked = set()
    for path in READS:
        view = resolve("/api/v1/" + path.format(**world.keys)).func
        asked.add((view.cls, view.actions["get"]))
    assert asked == {(read.view, read.action) for read in compiled_reads().values()}


@pytest.mark.parametrize("path", ASKED)
def test_a_compiled_read_answers_as_the_plain_one(asking, path):
    plain = asking.plainly(path)
    assert asking.compiled == 0

    answer = asking.ask(path)

    assert whole(answer) == whole(plain)
    assert answer.status_code == 200
    assert asking.compiled == (1 if answer.json().get("items", True) else 0)


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("log_in", ["by token", "by cookie", "newcomer", "without"])
def test_whoever_asks_hears_the_same_either_way(asking, path, log_in):
    assert whole(asking.ask(path, log_in)) == whole(asking.plainly(path, log_in))
    sees_it = log_in in {"by token", "by cookie"} and path not in EMPTY
    assert asking.compiled == (sees_it or (path, log_in) == ("me/", "newcomer"))


@pytest.mark.parametrize(("path", "status"), REFUSED.items())
def test_what_is_refused_is_refused_either_way(asking, path, status):
    answer = asking.ask(path)

    assert answer.status_code == status
    assert whole(answer) == whole(asking.plainly(path))


@pytest.mark.parametrize("condition", ["If-None-Match", "If-Match"])
@pytest.mark.parametrize("holds", [True, False])
def test_a_condition_is_met_either_way(asking, condition, holds):
    version = asking.ask("threads/{thread}/").headers["ETag"] if holds else '"another"'

    plain = asking.plainly("threads/{thread}/", **{condition: version})

    expected = {("If-None-Match", True): 304, ("If-Match", False): 412}
    assert plain.status_code == expected.get((condition, holds), 200)
    # The first of a kind teaches the others their headers.
    for _ in range(2):
        assert whole(asking.ask("threads/{thread}/", **{condition: version})) == whole(plain)


SENT = [{}, {"Origin": "https://app.example.com"}, {"X-Forwarded-Proto": "https"}]


@pytest.mark.parametrize("headers", SENT)
def test_an_answer_has_the_headers_of_its_kind_from_the_first_to_the_last(asking, settings, headers):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    plain = [whole(asking.plainly("threads/{thread}/", **sent)) for sent in ({}, headers)]

    for _ in range(2):
        assert [whole(asking.ask("threads/{thread}/", **sent)) for sent in ({}, headers)] == plain


def test_a_host_that_is_none_of_ours_is_refused_each_time(asking):
    for _ in range(2):
        assert asking.ask("threads/{thread}/").status_code == 200
        assert asking.ask("threads/{thread}/", Host="elsewhere.example.com").status_code == 400


@pytest.mark.parametrize("accept", ["text/html", "application/json", "application/*;q=0.1, text/html", ""])
def test_another_type_is_negotiated_as_ever(asking, accept):
    assert whole(asking.ask("threads/", Accept=accept)) == whole(asking.plainly("threads/", Accept=accept))


@pytest.mark.parametrize("path", [path for path in READS if path not in EMPTY])
def test_a_compiled_read_is_one_statement(asking, path, queries):
    asking.ask(path)

    with queries() as sent:
        assert asking.ask(path).status_code == 200

    assert len(sent) == 1


def cost(ask: Any, path: str) -> float:
    """What one request costs this process, in seconds of CPU; the least of several, as others disturb it."""
    costs = []
    for _ in range(8):
        began = time.process_time()
        ask(path)
        costs.append(time.process_time() - began)
    return min(costs)


@pytest.mark.parametrize("path", [path for path in READS if path not in EMPTY])
def test_a_compiled_read_costs_a_fraction_of_the_plain_one(asking, path):
    # With the test client on both sides, and far from what is measured, so that no machine is too slow.
    assert 3 * cost(asking.ask, path) < cost(asking.plainly, path)


def test_a_log_in_that_ends_is_refused_at_once(asking):
    assert asking.ask("threads/").status_code == 200

    User.objects.filter(pk=asking.world.reader.pk).update(password="another")
    assert asking.ask("threads/").status_code == 401
    assert asking.ask("threads/", "by token").status_code == 200

    User.objects.filter(pk=asking.world.reader.pk).update(is_active=False)
    assert asking.ask("threads/", "by token").status_code == 401


def test_a_session_that_was_not_seen_lately_is_noted(asking):
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(last_seen_at=long_ago)

    assert asking.ask("threads/").status_code == 200

    assert Session.objects.filter(user=asking.world.reader, last_seen_at__gt=long_ago).count() == 1


def test_reads_count_towards_the_limit_of_a_person(asking, settings, monkeypatch, tmp_path):
    monkeypatch.setattr("common.throttling.counters", HostCounters(tmp_path / "counters"))
    settings.THROTTLE_USER = (3, 60)

    assert [asking.ask("threads/").status_code for _ in range(5)] == [200, 200, 200, 429, 429]


class Everybodys(ThreadViewSet):
    """What a viewset must not be: it shows all threads."""

    def get_queryset(self):
        return Thread.objects.alive().with_live_material().with_message_count().with_last_message()


class ByMethod(ThreadSerializer):
    """A shape that only Python knows."""

    message_count = SerializerMethodField()


class Unknown(ThreadViewSet):
    """A viewset with a field that no plan knows."""

    serializer_class = ByMethod


class OfStaff(ThreadViewSet):
    """A viewset that asks more than who reads."""

    permission_classes = [IsAdminUser]


@pytest.mark.parametrize(
    ("view", "reason"),
    [(Everybodys, "does not ask who reads"), (Unknown, "cannot be compiled"), (OfStaff, "asks more")],
)
@pytest.mark.parametrize("action", ["list", "retrieve"])
def test_a_read_that_no_plan_may_answer_is_refused(asking, view, reason, action):
    read = reads.Read(view, {"get": action}, ("pk",))
    chosen, _ = read.chosen("")

    with pytest.raises(ImproperlyConfigured, match=reason):
        read.plan(chosen)


@pytest.fixture
def compiled_anew() -> Iterator[None]:
    forget_compiled()
    yield
    forget_compiled()


def test_a_read_without_its_viewer_is_found_before_it_is_served(world, monkeypatch, compiled_anew):
    call_command("check", databases=["default"])
    forget_compiled()
    monkeypatch.setattr(ThreadViewSet, "get_queryset", Everybodys.get_queryset)

    with pytest.raises(SystemCheckError, match=r"ThreadViewSet\.list does not ask") as refusal:
        call_command("check", databases=["default"])

    assert "ThreadViewSet.retrieve" in str(refusal.value)
