"""`manage.py purge` beside others: killed, run twice at once, met by restores and by people who write."""

import signal
import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from uuid_utils.compat import uuid7

from chatrooms import services
from chatrooms.models import Room, RoomMessage
from common.purging import Doomed, purge
from tests.factories import DirectRoomFactory, MaterialFactory, RoomFactory, ThreadFactory
from tests.racing import arriving_before_commit, at_once
from tests.trash import deleted_threads, finish, start_purge
from threads.models import Message, Thread

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_killed_run_leaves_nothing_half_that_can_come_back_and_the_next_one_goes_on(alice, as_user):
    threads = deleted_threads(alice, 40, messages=200)
    total = Message.objects.count()

    killed = start_purge()
    deadline = time.monotonic() + 60
    while Message.objects.count() > total - 400 and time.monotonic() < deadline:
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    assert 0 < Message.objects.count() < total
    restored = [
        thread
        for thread in threads
        if as_user(alice).post(f"/api/v1/threads/{thread.pk}/restore/").status_code == 200
    ]
    assert len(restored) < len(threads)
    for thread in restored:
        assert as_user(alice).get(f"/api/v1/threads/{thread.pk}/").json()["message_count"] == 200
    finish(start_purge())
    assert set(Thread.objects.all()) == set(restored)
    assert Message.objects.count() == 200 * len(restored)


def test_two_runs_at_once_do_what_one_would(alice):
    deleted_threads(alice, 30, messages=100)
    room = RoomFactory(messages=100)
    room.messages.update(deleted_at=timezone.now() - timedelta(days=31))
    kept = ThreadFactory(user=alice, messages=2)

    for process in [start_purge(), start_purge()]:
        finish(process)

    assert list(Thread.objects.all()) == [kept]
    assert Message.objects.count() == 2
    room.refresh_from_db()
    assert (room.messages.count(), room.purged_revision) == (0, 100)


def test_of_threads_that_are_restored_meanwhile_each_is_whole_or_gone(alice, as_user):
    threads = deleted_threads(alice, 60, messages=40)
    client = as_user(alice)

    running, answers = start_purge(), {}
    for thread in threads:
        if running.poll() is None:
            time.sleep(0.05)
        answers[thread.pk] = client.post(f"/api/v1/threads/{thread.pk}/restore/").status_code
    finish(running)

    whole = dict(Message.objects.values_list("thread").annotate(Count("pk")))
    for key, answer in answers.items():
        assert whole.get(key) == {200: 40, 404: None}[answer]
        assert Thread.objects.filter(pk=key).exists() == (answer == 200)


def test_a_restore_that_is_not_committed_yet_wins(alice, as_user):
    (thread,) = deleted_threads(alice, 1, messages=30)

    with arriving_before_commit(lambda: list(purge(Doomed(Thread.objects.deleted_before(timezone.now()))))):
        Thread.objects.filter(pk=thread.pk).restore()

    assert as_user(alice).get(f"/api/v1/threads/{thread.pk}/").json()["message_count"] == 30


def test_a_material_that_is_restored_meanwhile_keeps_its_threads(alice, as_user):
    material = MaterialFactory(user=alice)
    thread = ThreadFactory(user=alice, material=material)
    as_user(alice).delete(f"/api/v1/materials/{material.pk}/")
    rows = type(material).objects.deleted_before(timezone.now())

    with arriving_before_commit(lambda: list(purge(Doomed(rows)))):
        type(material).objects.filter(pk=material.pk).restore()

    assert as_user(alice).get(f"/api/v1/threads/{thread.pk}/").json()["material"] == str(material.pk)


def test_who_writes_to_each_other_while_their_room_is_purged_gets_another(alice, bob):
    for _ in range(5):
        room = DirectRoomFactory(people=[alice, bob])
        for _ in range(20):
            services.post_message(room_id=room.pk, author=alice, content="Hello")
        Room.objects.filter(pk=room.pk).update(deleted_at=timezone.now() - timedelta(days=31))
        rows = Room.objects.deleted_before(timezone.now())

        (opened, _), _ = at_once(
            lambda: services.open_direct_room(by=alice, user=bob),
            lambda rows=rows: list(purge(Doomed(rows))),
        )

        # What one of them held when the other came to it waits for the next run.
        list(purge(Doomed(rows)))
        # The old one, whole, or a new one.
        assert list(Room.objects.all()) == [opened]
        assert opened.messages.count() == (20 if opened.pk == room.pk else 0)
        assert opened.members.count() == 2
        Room.objects.all().delete()


def test_a_pair_whose_room_is_purged_while_they_wait_for_it_gets_another(alice, bob):
    room = DirectRoomFactory(people=[alice, bob])
    Room.objects.filter(pk=room.pk).soft_delete()

    with arriving_before_commit(lambda: services.open_direct_room(by=alice, user=bob)) as opened:
        Room.objects.filter(pk=room.pk).claim()

    ((found, is_new),) = opened
    assert is_new
    assert found.pk != room.pk


def test_nothing_is_lost_of_what_is_said_while_old_messages_go(alice):
    room = RoomFactory(members=[alice], messages=400)
    room.messages.update(deleted_at=timezone.now() - timedelta(days=31))
    ids = [uuid7() for _ in range(20)]

    def say():
        for id in ids:
            services.post_message(room_id=room.pk, author=alice, content="On we go.", id=id)

    rows = RoomMessage.objects.deleted_before(timezone.now())

    def remove():
        doomed = Doomed(rows, first=lambda some: services.raise_purged_revisions(messages=some))
        return sum(count for _, count in purge(doomed))

    said, removed = at_once(say, remove)

    assert (said, removed) == (None, 400)
    room.refresh_from_db()
    assert (room.last_seq, room.last_revision, room.purged_revision) == (420, 420, 400)
    assert list(room.messages.values_list("pk", "seq", "revision")) == [
        (id, 401 + n, 401 + n) for n, id in enumerate(ids)
    ]


def test_a_message_that_is_brought_back_meanwhile_stays_and_moves_nothing(alice):
    room = RoomFactory(members=[alice], messages=3)
    room.messages.filter(seq__gt=1).update(deleted_at=timezone.now() - timedelta(days=31))
    rows = RoomMessage.objects.deleted_before(timezone.now())
    doomed = Doomed(rows, first=lambda some: services.raise_purged_revisions(messages=some))

    with arriving_before_commit(lambda: list(purge(doomed))):
        services.bring_messages_back(messages=RoomMessage.objects.filter(room=room, seq=3))

    room.refresh_from_db()
    assert list(room.messages.values_list("seq", flat=True)) == [1, 3]
    assert (room.purged_revision, room.last_revision) == (2, 4)


def test_purging_is_no_part_of_anybody_elses_transaction(alice):
    deleted_threads(alice, 1, messages=1)

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        list(purge(Doomed(Thread.objects.deleted_before(timezone.now()))))

    assert Thread.objects.count() == 1
