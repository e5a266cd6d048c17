"""Every write of threads."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, IntegerField, UUIDField
from django.db.models.functions import Now

from accounts.models import User
from common.constraints import key_of, refusing
from common.errors import IdConflict, NotVisible
from common.functions import not_before
from common.replay import is_replay
from common.statements import CompiledInsert, CompiledUpdate, Given, compiled_once
from materials.models import Material
from threads.models import Message, Thread
from threads.querysets import MessageQuerySet


def create_thread(
    *, owner: User, title: str, material: Material | None = None, id: UUID | None = None
) -> Thread:
    """A new conversation."""
    keys = {"id": id} if id else {}
    with refusing({key_of(Thread): IdConflict}), transaction.atomic():
        return Thread.objects.create(user=owner, title=title, material=material, **keys)


def change_thread(*, thread_id: UUID, by: User, **changes: Any) -> None:
    """Another title or material."""
    if not Thread.objects.visible_to(by).filter(pk=thread_id).update(updated_at=Now(), **changes):
        raise NotVisible


def delete_thread(*, thread_id: UUID, by: User) -> None:
    """Put a thread in the trash; its messages vanish with it."""
    if not Thread.objects.visible_to(by).filter(pk=thread_id).soft_delete(by=by):
        raise NotVisible


def restore_thread(*, thread_id: UUID, by: User) -> None:
    """Bring a thread back with its messages."""
    if not Thread.objects.in_trash_of(by).filter(pk=thread_id).restore():
        raise NotVisible


@compiled_once
def _numbers() -> CompiledUpdate:
    """The next numbers of a thread of one's own, which is held from here on."""
    threads = Thread.objects.visible_to(Given("owner", UUIDField())).filter(pk=Given("thread", UUIDField()))
    return CompiledUpdate(
        threads,
        last_seq=F("last_seq") + Given("count", IntegerField()),
        updated_at=not_before("updated_at"),
        returning=("last_seq", "updated_at"),
    )


def _take_numbers(thread_id: UUID, by: User, count: int) -> tuple[int, datetime]:
    """Take the next numbers of a thread and hold it until commit: the last one taken, and when.

    A rollback gives the numbers back.
    """
    taken = _numbers()(thread=thread_id, owner=by.pk, count=count)
    if not taken:
        raise NotVisible
    return taken[0]


def _hold(thread_id: UUID, by: User) -> None:
    """Hold a thread until commit, without a change to it."""
    if not Thread.objects.select_for_update().visible_to(by).filter(pk=thread_id):
        raise NotVisible


def _touch(thread_id: UUID, by: User) -> None:
    """Move the thread's `updated_at` and hold it until commit."""
    if not Thread.objects.visible_to(by).filter(pk=thread_id).update(updated_at=Now()):
        raise NotVisible


@compiled_once
def _said() -> CompiledInsert:
    """A turn under the number that a thread has now."""
    threads = Thread.objects.filter(pk=Given("thread", UUIDField()))
    # Said when the thread moved: times follow the numbers, whoever else is writing.
    return CompiledInsert(Message, threads, seq="last_seq", created_at="updated_at", updated_at="updated_at")


def post_message(*, thread_id: UUID, author: User, **columns: Any) -> Message:
    """Add a turn to a conversation. Counting up takes the thread's row, so turns come one after the other."""
    message = Message(thread_id=thread_id, **columns)
    with refusing({key_of(Message): IdConflict}), transaction.atomic():
        _take_numbers(thread_id, author, 1)
        _said()(message, thread=thread_id)
    return message


def post_messages(
    *, thread_id: UUID, author: User, messages: list[dict[str, Any]]
) -> tuple[list[Message], bool]:
    """Add turns, each with its own id, all or none: the rows in the order sent, and whether any is new.

    Those that an earlier request has added stay as they are.
    """
    with refusing({key_of(Message): IdConflict}), transaction.atomic():
        _hold(thread_id, author)
        there = Message.objects.in_bulk([columns["id"] for columns in messages])
        for columns in messages:
            row = there.get(columns["id"])
            if row and (row.thread_id != thread_id or row.deleted_at or not is_replay(row, columns)):
                raise IdConflict
        fresh = [columns for columns in messages if columns["id"] not in there]
        if fresh:
            last, moved = _take_numbers(thread_id, author, len(fresh))
            turns = [
                Message(thread_id=thread_id, seq=seq, created_at=moved, updated_at=moved, **columns)
                for seq, columns in enumerate(fresh, last - len(fresh) + 1)
            ]
            there |= {row.pk: row for row in Message.objects.bulk_create(turns)}
    return [there[columns["id"]] for columns in messages], bool(fresh)


@transaction.atomic
def change_message(*, thread_id: UUID, message_id: UUID, by: User, **changes: Any) -> None:
    """Another content, parts, attachments or metadata."""
    _touch(thread_id, by)
    messages = Message.objects.visible_to(by).in_thread(thread_id)
    if not messages.filter(pk=message_id).update(updated_at=Now(), **changes):
        raise NotVisible


@transaction.atomic
def delete_message(*, thread_id: UUID, message_id: UUID, by: User) -> None:
    """Take one turn out of a conversation."""
    _touch(thread_id, by)
    messages = Message.objects.visible_to(by).in_thread(thread_id)
    if not messages.filter(pk=message_id).soft_delete(by=by):
        raise NotVisible


@transaction.atomic
def correct_message(*, message: Message, **changes: Any) -> None:
    """Put a turn right, by staff."""
    _touch_threads_of(Message.objects.filter(pk=message.pk))
    Message.objects.filter(pk=message.pk).update(updated_at=Now(), **changes)


@transaction.atomic
def hide_messages(*, messages: MessageQuerySet, by: User) -> int:
    """Put turns of any threads in the trash, by staff; how many there were."""
    _touch_threads_of(messages.alive())
    return messages.soft_delete(by=by)


@transaction.atomic
def bring_messages_back(*, messages: MessageQuerySet) -> int:
    """Take turns of any threads out of the trash, by staff; how many there were."""
    _touch_threads_of(messages.deleted())
    return messages.restore()


def _touch_threads_of(messages: MessageQuerySet) -> None:
    """Move the `updated_at` of the threads of some messages and hold them until commit."""
    threads = Thread.objects.filter(pk__in=messages.order_by().values("thread"))
    # Held in one order, so that two of these never wait for each other.
    held = list(threads.select_for_update().order_by("pk").values_list("pk", flat=True))
    Thread.objects.filter(pk__in=held).update(updated_at=Now())


@transaction.atomic
def drop_tail(*, thread_id: UUID, after: int, by: User) -> int:
    """Take out every turn after a number, so that an answer can be made anew; how many there were."""
    _hold(thread_id, by)
    dropped = Message.objects.visible_to(by).in_thread(thread_id).beyond(after).soft_delete(by=by)
    if dropped:
        _touch(thread_id, by)
    return dropped
