"""What PostgreSQL needs of a process that serves."""

import select
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool


def refuse_broken(connection: Connection) -> None:
    """Raise where the server has hung up, so that the pool takes another connection.

    A silent line is taken for a whole one: asking would cost every request a round trip. A server that
    shuts down or restarts says so, and then there is something to read.
    """
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    if line.poll(0):
        ConnectionPool.check_connection(connection)


def limit_waiting(database: dict[str, Any], *, lock_seconds: int, statement_seconds: int) -> None:
    """Let statements wait for a lock, and run, no longer than this; what the URL says counts more."""
    options = database["OPTIONS"]
    limits = f"-c lock_timeout={lock_seconds}s -c statement_timeout={statement_seconds}s"
    options["options"] = f"{limits} {options.get('options', '')}".strip()
