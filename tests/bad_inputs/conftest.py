"""The world that nasty inputs are sent into."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
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


@pytest.fixture
def world(alice, bob, mallory, root, as_user) -> Iterator[World]:
    now = timezone.now()
    person = UserFactory()
    subject, material = SubjectFactory(user=alice), MaterialFactory(user=alice)
    thread = ThreadFactory(user=alice, messages=1)
    video = VideoSummaryFactory(user=alice)
    room, other_room = (RoomFactory(admins=[alice], members=[bob]) for _ in range(2))
    DirectRoomFactory(people=[alice, bob])
    keys = {
        "subjects": subject.pk,
        "foreign subjects": SubjectFactory(user=mallory).pk,
        "deleted subjects": SubjectFactory(user=alice, deleted_at=now).pk,
        "materials": material.pk,
        "web address": MaterialFactory(
            user=alice, subject=subject, type="url", url="https://example.com/a", content=""
        ).pk,
        "file": FileMaterialFactory(user=alice, subject=subject).pk,
        "foreign materials": MaterialFactory(user=mallory).pk,
        "deleted materials": MaterialFactory(user=alice, subject=subject, deleted_at=now).pk,
        "threads": thread.pk,
        "foreign threads": ThreadFactory(user=mallory).pk,
        "deleted threads": ThreadFactory(user=alice, deleted_at=now).pk,
        "messages": thread.messages.get().pk,
        "video-summaries": video.pk,
        "foreign video-summaries": VideoSummaryFactory(user=mallory).pk,
        "deleted video-summaries": VideoSummaryFactory(user=alice, deleted_at=now).pk,
        "job": VideoSummaryFactory(
            user=alice,
            processing_status="processing",
            claimed_by="worker",
            lease_expires_at=now + timedelta(days=1),
        ).pk,
        "keyframes": KeyframeFactory(video_summary=video).pk,
        "rooms": room.pk,
        "foreign rooms": RoomFactory(admins=[mallory]).pk,
        "deleted rooms": RoomFactory(admins=[alice], deleted_at=now).pk,
        "room messages": RoomMessageFactory(room=room, user=alice).pk,
        "foreign room messages": RoomMessageFactory(room=other_room, user=alice).pk,
        "deleted room messages": RoomMessageFactory(room=room, user=alice, deleted_at=now).pk,
        "organizations": OrganizationFactory(members={alice: "owner", bob: "member"}).pk,
        "foreign organizations": OrganizationFactory(members={mallory: "owner"}).pk,
        "deleted organizations": OrganizationFactory(members={alice: "owner"}, deleted_at=now).pk,
        "people": person.pk,
        "deleted people": UserFactory(deleted_at=now).pk,
        "bob": bob.pk,
        "nothing": uuid7(),
    }
    world = World(as_user(alice), as_user(root), keys)
    yield world
    for rows in sorted(world.unread):
        world.still_lists(rows)


@pytest.fixture
def existing():
    """People whose names and addresses others try to take."""
    UserFactory(email="existing.user@example.com", username="admin")
    UserFactory(email="mike@example.org")
