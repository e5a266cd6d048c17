"""What a SQLite file needs where several threads and processes write to it."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError

# Seconds between two tries to begin a transaction while another one writes, at first and at most.
SHORT, LONG = 0.002, 0.02

_held: list[Any] = []
_holding = threading.Lock()


def hold_open(connection: Any, **_: Any) -> None:
    """Beside the first connection to a SQLite file, open one that stays for as long as the process does.

    Closing a file takes away every lock that the process has on it, the ones of other connections too.
    SQLite knows that and keeps the file open while it counts a lock, but a thread that takes the first one
    just then loses it unnoticed. Another process may then find nobody there and delete the log that this one
    writes to: commits are lost, the file is damaged. With a lock that is never given back there is no first.
    """
    if connection.vendor == "sqlite":
        with _holding:
            if not _held:
                # The settings' journal_mode=WAL reads the file, and in WAL a connection that has read it
                # stays in the count until it closes.
                _held.append(connection.get_new_connection(connection.get_connection_params()))


def wait_in_short_steps(connection: Any, **_: Any) -> None:
    """Let a connection's transactions begin soon after the one that they wait for has ended.

    SQLite itself sleeps longer and longer between its tries, up to a tenth of a second: who has waited
    longest comes last, and nobody comes while all sleep.
    """
    if connection.vendor == "sqlite" and _begin not in connection.execute_wrappers:
        connection.execute_wrappers.append(_begin)


def _begin(execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if not sql.startswith("BEGIN"):
        return execute(sql, params, many, context)
    database = context["connection"].connection
    (patience,) = database.execute("PRAGMA busy_timeout").fetchone()
    until, pause = time.monotonic() + patience / 1000, SHORT
    database.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                return execute(sql, params, many, context)
            except OperationalError as error:
                left = until - time.monotonic()
                if not _is_busy(error) or left <= 0:
                    raise
            # Not all at the same moment.
            time.sleep(min(left, pause * random.uniform(0.5, 1.5)))  # noqa: S311
            pause = min(pause * 1.5, LONG)
    finally:
        database.execute(f"PRAGMA busy_timeout = {patience}")


def _is_busy(error: OperationalError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY
