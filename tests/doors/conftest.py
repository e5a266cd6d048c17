"""One world for all the doors: what there is in it, who lives there, and how they speak to the API."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import Session, User
from accounts.services import create_api_token
from accounts.sessions import log_in
from tests.factories import (
    DirectRoomFactory,
    FileMaterialFactory,
    KeyframeFactory,
    MaterialFactory,
    OrganizationFactory,
    ProfileFactory,
    RoomFactory,
    RoomMessageFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
    UserSettingsFactory,
    VideoSummaryFactory,
)

# Who comes with a valid log-in, in the order of the columns of `doors.txt`.
PEOPLE = ("owner", "admin", "member", "former", "stranger", "staff")


@contextmanager
def undone() -> Iterator[None]:
    """The world afterwards is the world before."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class World(SimpleNamespace):
    """`keys` are the names that stand for rows in addresses and bodies, `clients` the people's."""

    keys: dict[str, str]
    clients: dict[str, APIClient]
    out: dict[str, Callable[[], APIClient]]
    by_token: APIClient

    def filled(self, text: str, **others: str) -> str:
        """A text with the keys of rows for their names: `rooms/{room}/`."""
        keys = self.keys | others
        return re.sub(r"\{(\w+)\}", lambda name: keys[name[1]], text)

    def send(self, client: APIClient, method: str, path: str, body: str = "", **kind: Any) -> Any:
        """Each request goes by one name, so that answers which differ by nothing else are the same bytes."""
        kind.setdefault("content_type", "application/json")
        answer = client.generic(
            method.upper(), f"/api/v1/{path}", body, headers={"X-Request-ID": "the-same"}, **kind
        )
        if answer.streaming:
            list(answer.streaming_content)  # whoever has read it all has closed it
        return answer


def whole(answer: Any) -> tuple[Any, ...]:
    """All that a client gets to see."""
    return answer.status_code, tuple(sorted(answer.headers.items())), answer.content


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), undone():
        yield _made()


def _made() -> World:
    owner, admin, member, former, stranger, staff = people = [
        UserFactory(name=name.title(), username=name, email=f"{name}@example.com") for name in PEOPLE
    ]
    User.objects.filter(pk=staff.pk).update(is_staff=True, is_superuser=True)
    newcomer, opposite = UserFactory(name="Newcomer"), UserFactory(name="Opposite")
    deactivated = UserFactory(name="Deactivated", is_active=False)
    deleted = UserFactory(name="Deleted", deleted_at=Now())
    gone = {"deleted_at": timezone.now()}
    rows: dict[str, Any] = {
        **dict(zip(PEOPLE, people, strict=True)),
        "newcomer": newcomer,
        "deactivated": deactivated,
        "deleted": deleted,
    }

    # Everyone's own: the owner's, and a little of the stranger's, so that their lists are not all empty.
    rows["subject"] = subject = SubjectFactory(user=owner, name="Zanzibar", description="Zanzibar")
    rows["old_subject"] = old_subject = SubjectFactory(user=owner, **gone)
    rows["material"] = material = MaterialFactory(
        user=owner, subject=subject, title="Zanzibar", content="Zanzibar"
    )
    MaterialFactory(user=owner, subject=subject, type="url", url="https://example.com/zanzibar", content="")
    rows["file"] = FileMaterialFactory(user=owner, subject=subject, title="Tides")
    rows["old_material"] = MaterialFactory(user=owner, subject=subject, **gone)
    rows["old_file"] = FileMaterialFactory(user=owner, subject=subject, **gone)
    rows["material_of_old_subject"] = MaterialFactory(user=owner, subject=old_subject)
    rows["old_material_of_old_subject"] = MaterialFactory(user=owner, subject=old_subject, **gone)
    rows["thread"] = thread = ThreadFactory(user=owner, title="Zanzibar", material=material, messages=2)
    rows["other_thread"] = other_thread = ThreadFactory(user=owner, messages=1)
    rows["old_thread"] = old_thread = ThreadFactory(user=owner, messages=1, **gone)
    rows["turn"], old_turn = thread.messages.order_by("seq")
    rows["old_turn"] = old_turn
    type(old_turn).objects.filter(pk=old_turn.pk).update(**gone)
    rows["turn_of_other_thread"] = other_thread.messages.get()
    rows["turn_of_old_thread"] = old_thread.messages.get()
    rows["video"] = video = VideoSummaryFactory(
        user=owner,
        title="Zanzibar",
        description="Zanzibar",
        summary="Zanzibar",
        youtube_id="zanzibar-00",
        processing_status="failed",
        ai_generated_content={"zanzibar": 1},
        tags=["Zanzibar"],
        categories=["Zanzibar"],
    )
    rows["other_video"] = other_video = VideoSummaryFactory(user=owner)
    rows["old_video"] = old_video = VideoSummaryFactory(
        user=owner, processing_status="failed", tags=["Zanzibar"], **gone
    )
    rows["keyframe"] = KeyframeFactory(video_summary=video)
    rows["keyframe_of_other_video"] = KeyframeFactory(video_summary=other_video)
    rows["keyframe_of_old_video"] = KeyframeFactory(video_summary=old_video)
    rows["job"] = VideoSummaryFactory(
        user=newcomer,
        processing_status="processing",
        claimed_by="worker",
        lease_expires_at=timezone.now() + timedelta(days=1),
    )
    rows["own_subject"] = own_subject = SubjectFactory(user=stranger)
    rows["own_old_subject"] = SubjectFactory(user=stranger, **gone)
    rows["own_material"] = MaterialFactory(user=stranger, subject=own_subject)
    rows["own_old_material"] = MaterialFactory(user=stranger, subject=own_subject, **gone)
    rows["own_thread"] = own_thread = ThreadFactory(user=stranger, messages=1)
    rows["own_turn"] = own_thread.messages.get()
    rows["own_video"] = own_video = VideoSummaryFactory(user=stranger, tags=["Own"], categories=["Own"])
    rows["own_keyframe"] = KeyframeFactory(video_summary=own_video)

    for person in (stranger, owner):
        ProfileFactory(user=person, bio=person.name)
        UserSettingsFactory(user=person, model=person.name)

    # What people share. One of them has been deleted, one deactivated, one has left.
    roles = {owner: "owner", admin: "admin", member: "member", former: "member", deleted: "member"}
    rows["acme"] = acme = OrganizationFactory(
        name="Acme", slug="acme", members={deactivated: "owner"} | roles
    )
    rows["old_acme"] = old_acme = OrganizationFactory(name="Old Acme", members=roles, **gone)
    # Roles elsewhere, which are to count for nothing here.
    OrganizationFactory(name="Other", members={owner: "member", member: "owner", newcomer: "owner"})
    rows["room"] = room = RoomFactory(
        name="Zanzibar", created_by=owner, admins=[owner, admin], members=[member, former, deleted]
    )
    rows["old_room"] = old_room = RoomFactory(admins=[owner, admin], members=[member, former], **gone)
    rows["other_room"] = other_room = RoomFactory(name="Other", admins=[owner, member])
    rows["direct"] = direct = DirectRoomFactory(people=[owner, member])
    rows["old_direct"] = DirectRoomFactory(people=[owner, opposite], **gone)
    rows["own_room"] = own_room = RoomFactory(admins=[stranger])
    rows["own_other_room"] = own_other_room = RoomFactory(admins=[stranger])
    rows["word"] = RoomMessageFactory(room=room, user=member, content="Zanzibar")
    rows["owners_word"] = RoomMessageFactory(room=room, user=owner)
    rows["old_word"] = RoomMessageFactory(room=room, user=member, **gone)
    rows["word_of_old_room"] = RoomMessageFactory(room=old_room, user=member)
    rows["word_of_other_room"] = RoomMessageFactory(room=other_room, user=owner)
    rows["direct_word"] = RoomMessageFactory(room=direct, user=owner)
    rows["own_word"] = RoomMessageFactory(room=own_room, user=stranger)
    rows["own_old_word"] = RoomMessageFactory(room=own_room, user=stranger, **gone)
    rows["word_of_own_other_room"] = RoomMessageFactory(room=own_other_room, user=stranger)
    room.members.filter(user=admin).update(last_read_seq=1)
    for shared in (acme, old_acme):
        shared.memberships.filter(user=former).delete()
    for shared in (room, old_room):
        shared.members.filter(user=former).delete()

    # Log-ins: the ones that the people speak by, and further ones of the owner.
    clients = dict(zip(PEOPLE, (_client(_login(person)) for person in people), strict=True))
    rows["log_in"] = Session.objects.of_token(_login(owner)).get()
    rows["old_log_in"] = Session.objects.of_token(expired := _login(owner)).get()
    Session.objects.filter(pk=rows["old_log_in"].pk).update(expires_at=Now())
    rows["token"], live_token = create_api_token(person=owner, name="backup", expires_in_days=1)
    ended, revoked = create_api_token(person=owner, name="revoked", expires_in_days=1)
    ended.delete()

    def once(**columns: Any) -> APIClient:
        User.objects.filter(pk=owner.pk).update(**columns)
        return clients["owner"]

    anonymous, too_late, without = APIClient(), _client(expired), _client(revoked)
    return World(
        by_token=_client(live_token),
        keys={name: str(row.pk) for name, row in rows.items()} | {"unused": str(uuid7())},
        clients=clients,
        # Who comes without a valid log-in: even the owner.
        out={
            "anonymous": lambda: anonymous,
            "expired": lambda: too_late,
            "revoked": lambda: without,
            "deactivated": lambda: once(is_active=False),
            "deleted": lambda: once(deleted_at=Now()),
        },
    )


def _login(person: User) -> str:
    return log_in(person, ip_address="192.0.2.1", user_agent="tests").session_key


def _client(token: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client
