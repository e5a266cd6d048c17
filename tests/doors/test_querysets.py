"""Conditions of querysets that no answer can show, because a view has asked for more before."""

import pytest

from accounts.models import Organization, User
from chatrooms.models import Room
from media_summaries.models import VideoSummary

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rows", "narrowed", "there", "gone"),
    [
        (Organization, "administered_by", "acme", "old_acme"),
        (Organization, "owned_by", "acme", "old_acme"),
        (Room, "administered_by", "room", "old_room"),
    ],
)
def test_a_role_in_what_is_deleted_is_none(world, rows, narrowed, there, gone):
    owner = User.objects.get(pk=world.keys["owner"])
    found = set(map(str, getattr(rows.objects.all(), narrowed)(owner).values_list("pk", flat=True)))

    assert world.keys[there] in found
    assert world.keys[gone] not in found


@pytest.mark.parametrize("rows", [User, VideoSummary])
def test_what_some_oversee_is_nothing_to_others(world, rows):
    owner = User.objects.get(pk=world.keys["owner"])

    assert not rows.objects.all().overseen_by(owner).exists()
