"""The world that nasty inputs are sent into."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from tests.bad_inputs.world import World
from tests.factories import (
    DirectRoomFactory,
    FileMaterialFactory,
    KeyframeFactory,
    MaterialFactory,
    OrganizationFactory,
    RoomFactory,
    RoomMessageFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
    VideoSummaryFactory,
)


@contextmanager
def undone() -> Iterator[None]:
    """The rows afterwards are the rows before."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="package")
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The rows that every test meets, made once; what a test writes is taken back at its end."""
    with django_db_blocker.unblock(), undone():
        yield _made()


def _made() -> dict[str, Any]:
    now = timezone.now()
    alice, bob, mallory = (
        UserFactory(name=name.title(), username=name, email=f"{name}@example.com")
        for name in ("alice", "bob", "mallory")
    )
    root = UserFactory(
        name="Root", username="root", email="root@example.com", is_staff=True, is_superuser=True
    )
    subject, material = SubjectFactory(user=alice), MaterialFactory(user=alice)
    thread = ThreadFactory(user=alice, messages=1)
    video = VideoSummaryFactory(user=alice)
    room, other_room = (RoomFactory(admins=[alice], members=[bob]) for _ in range(2))
    DirectRoomFactory(people=[alice, bob])
    return {
        "alice": alice,
        "bob": bob,
        "mallory": mallory,
        "root": root,
        "subjects": subject,
        "foreign subjects": SubjectFactory(user=mallory),
        "deleted subjects": SubjectFactory(user=alice, deleted_at=now),
        "materials": material,
        "web address": MaterialFactory(
            user=alice, subject=subject, type="url", url="https://example.com/a", content=""
        ),
        "file": FileMaterialFactory(user=alice, subject=subject),
        "foreign materials": MaterialFactory(user=mallory),
        "deleted materials": MaterialFactory(user=alice, subject=subject, deleted_at=now),
        "threads": thread,
        "foreign threads": ThreadFactory(user=mallory),
        "deleted threads": ThreadFactory(user=alice, deleted_at=now),
        "messages": thread.messages.get(),
        "video-summaries": video,
        "foreign video-summaries": VideoSummaryFactory(user=mallory),
        "deleted video-summaries": VideoSummaryFactory(user=alice, deleted_at=now),
        "job": VideoSummaryFactory(
            user=alice,
            processing_status="processing",
            claimed_by="worker",
            lease_expires_at=now + timedelta(days=1),
        ),
        "keyframes": KeyframeFactory(video_summary=video),
        "rooms": room,
        "foreign rooms": RoomFactory(admins=[mallory]),
        "deleted rooms": RoomFactory(admins=[alice], deleted_at=now),
        "room messages": RoomMessageFactory(room=room, user=alice),
        "foreign room messages": RoomMessageFactory(room=other_room, user=alice),
        "deleted room messages": RoomMessageFactory(room=room, user=alice, deleted_at=now),
        "organizations": OrganizationFactory(members={alice: "owner", bob: "member"}),
        "foreign organizations": OrganizationFactory(members={mallory: "owner"}),
        "deleted organizations": OrganizationFactory(members={alice: "owner"}, deleted_at=now),
        "people": UserFactory(),
        "deleted people": UserFactory(deleted_at=now),
    }


@pytest.fixture
def alice(rows, db):
    return rows["alice"]


@pytest.fixture
def bob(rows, db):
    return rows["bob"]


@pytest.fixture
def root(rows, db):
    return rows["root"]


@pytest.fixture
def world(rows, alice, root, as_user) -> Iterator[World]:
    keys = {word: row.pk for word, row in rows.items()} | {"nothing": uuid7()}
    world = World(as_user(alice), as_user(root), keys)
    yield world
    for path in sorted(world.unread):
        world.still_lists(path)


@pytest.fixture
def existing():
    """People whose names and addresses others try to take."""
    UserFactory(email="existing.user@example.com", username="admin")
    UserFactory(email="mike@example.org")
