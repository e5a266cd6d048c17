"""What a SQLite file needs of a process with several threads."""

import threading
from typing import Any

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
