"""What PostgreSQL needs of a process that serves."""

import select
from typing import Any

from django.db import connection as of_this_thread
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool


def has_spoken(connection: Connection) -> bool:
    """Whether the server has said something unasked, as it does when it hangs up.

    A silent line is taken for a whole one: asking would cost every request a round trip. A server that
    shuts down or restarts says so, and then there is something to read.
    """
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    return bool(line.poll(0))


def refuse_broken(connection: Connection) -> None:
    """Raise where the server has hung up, so that the pool takes another connection."""
    if has_spoken(connection):
        try:
            ConnectionPool.check_connection(connection)
        except Error:
            # After a restart all idle ones are broken, and the pool waits twice as long after each that it
            # hands out: with six, a request would wait for its whole ten seconds in vain.
            database: Any = of_this_thread
            database.pool.check()
            raise


def drop_broken(**kwargs: Any) -> None:
    """Close the connection that this thread has kept, where the server has hung up."""
    kept = of_this_thread.connection
    if kept is not None and not kept.closed and has_spoken(kept) and not of_this_thread.is_usable():
        of_this_thread.close()


def limit_waiting(database: dict[str, Any], *, lock_seconds: int, statement_seconds: int) -> None:
    """Let statements wait for a lock, and run, no longer than this; what the URL says counts more."""
    options = database["OPTIONS"]
    limits = f"-c lock_timeout={lock_seconds}s -c statement_timeout={statement_seconds}s"
    options["options"] = f"{limits} {options.get('options', '')}".strip()
