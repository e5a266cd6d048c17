"""Requests that meet: threads with connections of their own, for tests with `transaction=True`."""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


class _Runner(threading.Thread):
    """Runs one call and keeps what it answers or raises."""

    def __init__(self, call: Callable[[], Any], start: threading.Barrier | None = None):
        super().__init__()
        self.call, self.barrier = call, start
        self.answer: Any = None

    def run(self) -> None:
        try:
            if self.barrier:
                self.barrier.wait()
            self.answer = self.call()
        except Exception as error:
            self.answer = error
        finally:
            connection.close()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Start all calls at the same moment; their answers in order."""
    start = threading.Barrier(len(calls))
    runners = [_Runner(call, start) for call in calls]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    return [runner.answer for runner in runners]


@contextmanager
def arriving_before_commit(call: Callable[[], Any], arrived: threading.Event | None = None):
    """Start a call when the block is done but not yet committed; yields a list that gets its answer.

    Long enough before that the call has asked whatever it asks without waiting; on a busy machine that is
    certain only with an event that says so.
    """
    answers: list[Any] = []
    runner = _Runner(call)
    with transaction.atomic():
        yield answers
        runner.start()
        if arrived:
            assert arrived.wait(timeout=30)
        time.sleep(0.4)
    runner.join()
    answers.append(runner.answer)
