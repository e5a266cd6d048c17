"""Every write of rooms.

Whatever may not happen beside a post (a member who goes, a room that is deleted, another role) holds the
row of the room until commit and asks only then who is in it: a question asked while waiting for the row
would be answered from before. A person is held before rooms are, and several rooms in the order of their
keys, so that nobody waits for somebody who waits for them.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, UUIDField
from django.db.models.functions import Now

from accounts.models import User
from accounts.services import AlreadyMember, hold_person
from chatrooms.live.hub import wake
from chatrooms.models import Room, RoomMember, RoomMessage, RoomRole, RoomType, pair_key
from chatrooms.querysets import RoomMessageQuerySet, RoomQuerySet
from common.constraints import key_of, refusing
from common.errors import DomainError, Forbidden, IdConflict, NotVisible
from common.functions import not_before
from common.statements import CompiledInsert, CompiledUpdate, Given, compiled_once

NEXT_SEQ = F("last_seq") + 1
NEXT_REVISION = F("last_revision") + 1


class DirectRoomFixed(DomainError):
    """A direct room keeps its two people as they are, and has no name."""

    code = "direct_room_fixed"


class LastAdmin(DomainError):
    """A group keeps at least one admin."""

    code = "last_admin"


def create_group(*, owner: User, name: str, members: Iterable[User] = (), id: UUID | None = None) -> Room:
    """A new group, with its maker as admin and the others as members."""
    keys = {"id": id} if id else {}
    with refusing({key_of(Room): IdConflict}), transaction.atomic():
        room = Room.objects.create(name=name, type=RoomType.GROUP, created_by=owner, **keys)
        _seat(room, {**dict.fromkeys(members, RoomRole.MEMBER), owner: RoomRole.ADMIN})
    return room


@transaction.atomic
def open_direct_room(*, by: User, user: User) -> tuple[Room, bool]:
    """The one room of two people, and whether it is new; out of the trash if they had deleted it."""
    made = Room(type=RoomType.DIRECT, direct_key=pair_key(by.pk, user.pk), created_by=by)
    room = None
    while room is None:  # once, unless the room that is there is purged just now
        # The key of the pair decides, not a look beforehand: two who write at once get one room.
        Room.objects.bulk_create([made], ignore_conflicts=True)
        room = Room.objects.select_for_update().filter(direct_key=made.direct_key).first()
    is_new = room.pk == made.pk
    if is_new:
        _seat(room, {by: RoomRole.MEMBER, user: RoomRole.MEMBER})
    elif room.deleted_at is not None:
        Room.objects.filter(pk=room.pk).restore()
    return room, is_new


def _seat(room: Room, roles: dict[User, RoomRole]) -> None:
    """The first people of a room: all of them joined when it was made, in the order of their keys."""
    RoomMember.objects.bulk_create(
        RoomMember(room=room, user=person, role=roles[person], joined_at=room.created_at)
        for person in sorted(roles, key=lambda person: person.pk)
    )


def _held(room_id: UUID, by: User) -> Any:
    """A room that the person is in, with their role, held until commit."""
    if not Room.objects.select_for_update().filter(pk=room_id):
        raise NotVisible
    room = Room.objects.open_to(by).with_place_of(by).filter(pk=room_id).first()
    if room is None:
        raise NotVisible
    return room


def _held_group(room_id: UUID) -> Room:
    """A group, held until commit: by staff, who need not be in it themselves."""
    room = Room.objects.select_for_update().filter(pk=room_id).first()
    if room is None:
        raise NotVisible
    if room.type == RoomType.DIRECT:
        raise DirectRoomFixed
    return room


def _only_admins(room: Any) -> None:
    """Refuse to change a direct room and, in a group, whoever is no admin of it."""
    if room.type == RoomType.DIRECT:
        raise DirectRoomFixed
    if room.role != RoomRole.ADMIN:
        raise Forbidden


@transaction.atomic
def rename_room(*, room_id: UUID, by: User, name: str) -> None:
    """Give a group another name, by one of its admins."""
    _only_admins(_held(room_id, by))
    Room.objects.filter(pk=room_id).update(name=name, updated_at=Now())


@transaction.atomic
def delete_room(*, room_id: UUID, by: User) -> None:
    """Put a room in the trash: a group by one of its admins, a direct room by either person."""
    _held(room_id, by)
    if not Room.objects.administered_by(by).filter(pk=room_id).soft_delete(by=by):
        raise Forbidden


def restore_room(*, room_id: UUID, by: User) -> None:
    """Bring a room back, by whoever may delete it."""
    if not Room.objects.in_trash_of(by).filter(pk=room_id).restore():
        deleted = Room.objects.deleted_of_member(by)
        raise Forbidden if deleted.filter(pk=room_id).exists() else NotVisible


def _member(room_id: UUID, user_id: UUID) -> RoomMember:
    member = RoomMember.objects.of_live_people().in_room(room_id).filter(user=user_id).first()
    if member is None:
        raise NotVisible
    return member


def add_member(*, room_id: UUID, by: User, user: User, role: str = RoomRole.MEMBER) -> RoomMember:
    """Take a person into a group; what was said before counts as read."""
    with refusing({"room_member_once": AlreadyMember}), transaction.atomic():
        hold_person(person=user)
        room = _held(room_id, by)
        _only_admins(room)
        return _take_in(room, user, role)


def add_member_by_staff(*, room_id: UUID, user: User, role: str) -> RoomMember:
    """Take a person into a group, by staff."""
    with refusing({"room_member_once": AlreadyMember}), transaction.atomic():
        hold_person(person=user)
        return _take_in(_held_group(room_id), user, role)


def _take_in(room: Room, user: User, role: str) -> RoomMember:
    return RoomMember.objects.create(room=room, user=user, role=role, last_read_seq=room.last_seq)


@transaction.atomic
def change_member(*, room_id: UUID, by: User, user_id: UUID, role: str) -> None:
    """Give a member of a group another role, by one of its admins."""
    room = _held(room_id, by)
    member = _member(room_id, user_id)
    _only_admins(room)
    _give_role(room_id, member.user_id, role)


@transaction.atomic
def change_member_by_staff(*, room_id: UUID, user_id: UUID, role: str) -> None:
    """Give a member of a group another role, by staff."""
    _held_group(room_id)
    _give_role(room_id, user_id, role)


def _give_role(room_id: UUID, user_id: UUID, role: str) -> None:
    members = RoomMember.objects.in_room(room_id)
    if not members.filter(user=user_id).update(role=role, updated_at=Now()):
        raise NotVisible
    if not members.acting_admins().exists():
        raise LastAdmin


@transaction.atomic
def remove_member(*, room_id: UUID, by: User, user_id: UUID) -> None:
    """Let a member of a group go: anyone by an admin, everyone by themselves."""
    room = _held(room_id, by)
    member = _member(room_id, user_id)
    if room.type == RoomType.DIRECT or user_id != by.pk:
        _only_admins(room)
    member.delete()
    _hand_on(Room.objects.filter(pk=room_id), by)


@transaction.atomic
def remove_member_by_staff(*, room_id: UUID, by: User, user_id: UUID) -> None:
    """Let a member of a group go, by staff."""
    _held_group(room_id)
    RoomMember.objects.in_room(room_id).filter(user=user_id).delete()
    _hand_on(Room.objects.filter(pk=room_id), by)


def _hand_on(groups: RoomQuerySet, by: User, **instant: Any) -> None:
    """After somebody has left: a group without an admin gets one, a group without anyone is deleted."""
    groups.deserted().soft_delete(by=by, **instant)
    heirs = groups.alive().leaderless().with_heir().values("heir")
    RoomMember.objects.filter(pk__in=heirs).update(role=RoomRole.ADMIN, updated_at=Now())


def withdraw(*, person: User, by: User) -> None:
    """Hand on the groups of a person who has just been deleted, within that transaction.

    Their places stay; a group without anybody else goes along, in the same instant.
    """
    rooms = Room.objects.alive().of_member(person)
    _hold_all(rooms)
    instant = {"deleted_at": person.deleted_at, "updated_at": person.deleted_at}
    _hand_on(rooms.of_type(RoomType.GROUP), by, **instant)


def bring_groups_back(*, person: User) -> None:
    """Restore the groups that went along with a person, by the instant in which the person was deleted."""
    groups = Room.objects.gone_with(person).of_type(RoomType.GROUP)
    _hold_all(groups)
    groups.restore()


def _hold_all(rooms: RoomQuerySet) -> None:
    list(rooms.select_for_update().order_by("pk").values_list("pk"))


def _numbered(room_id: UUID, **moved: Any) -> Room:
    """Move a room's numbers and hold it until commit; a rollback gives the numbers back."""
    room = Room(pk=room_id)
    for column, value in moved.items():
        setattr(room, column, value)
    try:
        room.save(force_update=True, update_fields=list(moved))
    except Room.NotUpdated:
        raise NotVisible from None
    return room


def _numbered_by(by: User, room_id: UUID, **moved: Any) -> Room:
    """The same by somebody who is in the room; asked once it is held, so that nobody speaks after leaving."""
    room = _numbered(room_id, **moved)
    if not Room.objects.open_to(by).filter(pk=room_id).exists():
        raise NotVisible
    _wake_followers()
    return room


def _wake_followers() -> None:
    """Let open streams know, once it is so; if nobody hears it, they look by themselves within a second."""
    transaction.on_commit(wake, robust=True)


@compiled_once
def _numbers() -> CompiledUpdate:
    """The next numbers of a room, which is held from here on."""
    return CompiledUpdate(
        Room.objects.filter(pk=Given("room", UUIDField())),
        last_seq=NEXT_SEQ,
        last_revision=NEXT_REVISION,
        updated_at=not_before("updated_at"),
        returning=("last_seq",),
    )


@compiled_once
def _said() -> CompiledInsert:
    """A message with the numbers that a room has now, if its author is in it."""
    rooms = Room.objects.open_to(Given("author", UUIDField())).filter(pk=Given("room", UUIDField()))
    # Said when the room moved: times follow the numbers, whoever else is writing.
    times = {"created_at": "updated_at", "updated_at": "updated_at"}
    return CompiledInsert(RoomMessage, rooms, seq="last_seq", revision="last_revision", **times)


def post_message(*, room_id: UUID, author: User, **columns: Any) -> RoomMessage:
    """Say something in a room. Counting up takes the room's row, so nobody else speaks until the commit."""
    message = RoomMessage(room_id=room_id, user=author, **columns)
    with refusing({key_of(RoomMessage): IdConflict}), transaction.atomic():
        if not _numbers()(room=room_id) or not _said()(message, room=room_id, author=author.pk):
            raise NotVisible
        _wake_followers()
    message.author = author
    return message


@transaction.atomic
def edit_message(*, room_id: UUID, message_id: UUID, by: User, content: str) -> None:
    """Put something in other words, by its author."""
    room = _numbered_by(by, room_id, last_revision=NEXT_REVISION)
    messages = RoomMessage.objects.visible_to(by).in_room(room_id).filter(pk=message_id)
    now = {"edited_at": Now(), "updated_at": Now()}
    if not messages.written_by(by).update(content=content, revision=room.last_revision, **now):
        raise Forbidden if messages.exists() else NotVisible


@transaction.atomic
def delete_message(*, room_id: UUID, message_id: UUID, by: User) -> None:
    """Take back something said, by its author or an admin of the group."""
    room = _numbered_by(by, room_id, last_revision=NEXT_REVISION)
    messages = RoomMessage.objects.visible_to(by).in_room(room_id).filter(pk=message_id)
    if not messages.deletable_by(by).soft_delete(by=by, revision=room.last_revision):
        raise Forbidden if messages.exists() else NotVisible


@transaction.atomic
def hide_messages(*, messages: RoomMessageQuerySet, by: User) -> int:
    """Put messages of any rooms in the trash, by staff; how many there were."""
    _wake_followers()
    return sum(row.soft_delete(by=by, revision=revision) for row, revision in _revised(messages.alive()))


@transaction.atomic
def bring_messages_back(*, messages: RoomMessageQuerySet) -> int:
    """Take messages of any rooms out of the trash, by staff; how many there were."""
    _wake_followers()
    return sum(row.restore(revision=revision) for row, revision in _revised(messages.deleted()))


def _revised(messages: RoomMessageQuerySet) -> Iterable[tuple[RoomMessageQuerySet, int]]:
    """Each of the messages with a revision of its own."""
    # Rooms are held in one order, so that two of these never wait for each other.
    for message in messages.order_by("room_id", "seq"):
        room = _numbered(message.room_id, last_revision=NEXT_REVISION)
        yield RoomMessage.objects.filter(pk=message.pk), room.last_revision


def raise_purged_revisions(*, messages: RoomMessageQuerySet) -> None:
    """Note in the rooms of messages that are about to be purged up to where their past is not whole any more.

    Holds the rooms until commit, so that nothing becomes of the messages in between.
    """
    _hold_all(Room.objects.filter(pk__in=messages.order_by().values("room")))
    for room, latest in messages.order_by().values_list("room").annotate(Max("revision")):
        Room.objects.filter(pk=room, purged_revision__lt=latest).update(purged_revision=latest)


def mark_read(*, room_id: UUID, reader: User, seq: int) -> None:
    """Move a reader's marker forward; it never moves back, nor beyond what was said."""
    rooms = Room.objects.visible_to(reader).filter(pk=room_id)
    # No join: of two that move the marker at once, the later one asks the row again under its lock.
    RoomMember.objects.filter(room__in=rooms, user=reader).behind(seq).update(last_read_seq=seq)
