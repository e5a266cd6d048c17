"""People who want back what a purge is about to remove."""

import threading
import time

from django.db import connection
from django.db.models import Count

from tests.races.conftest import AT_ONCE, sized, token_of
from tests.races.test_rooms import told
from tests.trash import deleted_threads, finish, start_purge
from threads.models import Message, Thread

MESSAGES = 60
# About what a purge needs to begin: some come before it and some meet it; the last wait for it.
SECONDS = 4


def test_what_is_restored_while_it_is_purged_comes_back_whole_or_not_at_all(crowd, alice, record_property):
    threads = deleted_threads(alice, sized(400), messages=MESSAGES)
    token = token_of(alice)

    def restore(mine):
        def each(line):
            answers = {}
            for thread in mine:
                if thread == mine[-1]:
                    begun.wait(60)
                answers[thread.pk], _ = line.ask(token, "POST", f"threads/{thread.pk}/restore/")
                time.sleep(SECONDS / len(mine))
            return answers

        return each

    def watch(line):
        while running.poll() is None and Message.objects.count() == everything:
            time.sleep(0.01)
        begun.set()
        connection.close()
        return {}

    everything, begun = Message.objects.count(), threading.Event()
    running, answers = start_purge(), {}
    for some in crowd.act(watch, *(restore(threads[place::AT_ONCE]) for place in range(AT_ONCE))):
        answers |= some
    finish(running)

    record_property("race", f"{len(threads)} threads: {told(answers.values())}")
    assert set(answers.values()) <= {200, 404}
    whole = dict(Message.objects.values_list("thread").annotate(Count("pk")))
    assert whole == {key: MESSAGES for key, answer in answers.items() if answer == 200}
    assert set(Thread.objects.alive().values_list("pk", flat=True)) == set(whole)
    assert Thread.objects.count() == len(whole)
