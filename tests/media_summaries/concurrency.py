"""Several people at once."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def started(*calls: Callable[[], Any]) -> Callable[[], list[Any]]:
    """Make each call in a thread of its own; what this returns waits for them and gives their answers."""
    answers: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            answers[place] = call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()

    def wait() -> list[Any]:
        for thread in threads:
            thread.join()
        return answers

    return wait
