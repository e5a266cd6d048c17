"""What people do at the same time, over HTTP and through several server processes."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts.sessions import log_in
from tests.server import Line, Server

# The share of the full sizes: `make races` runs them whole.
SHARE = float(os.environ.get("RACES") or 0.04)
AT_ONCE = 8


def sized(full: int) -> int:
    """How many of the full number this run takes."""
    return max(4, int(full * SHARE))


def token_of(person: Any) -> str:
    return log_in(person, ip_address="192.0.2.1", user_agent="races").session_key


class WatchedLine(Line):
    """A connection that keeps what it is told, and what it is refused with all others."""

    def __init__(self, port: int, refused: list[tuple[int, Any]]):
        super().__init__(port)
        self.statuses: Counter[int] = Counter()
        self.refused = refused

    def ask(self, *request: Any) -> tuple[int, Any]:
        answer = super().ask(*request)
        self.statuses[answer[0]] += 1
        if answer[0] >= 300:
            self.refused.append(answer)
        return answer


class Crowd:
    """Those who act at once: threads of this process, each with a connection of its own to the server."""

    def __init__(self, port: int):
        self.port = port
        self.refused: list[tuple[int, Any]] = []
        self.lines = [WatchedLine(port, self.refused) for _ in range(2 * AT_ONCE)]
        self.pool = ThreadPoolExecutor(len(self.lines))

    def act(self, *parts: Callable[[Line], Any]) -> list[Any]:
        """Start all parts at the same moment; what they return, in order."""
        start = threading.Barrier(len(parts))

        def one(part: Callable[[Line], Any], line: Line) -> Any:
            start.wait()
            return part(line)

        return list(self.pool.map(one, parts, self.lines[: len(parts)]))

    def close(self) -> None:
        self.pool.shutdown()
        for line in self.lines:
            line.close()


@pytest.fixture(scope="package")
def server(django_db_setup):
    """Processes on the database of the tests, which is emptied between these."""
    server = Server(workers=2 if connection.vendor == "postgresql" else 4)
    began = time.monotonic()
    server.start()
    server.connect().close()
    first = Line(server.port)
    first.connection.request("GET", "/healthz")
    first.connection.getresponse().read()
    first.close()
    # One process serves, and soon those that began with it. Whoever came before them would stay with the one.
    time.sleep(time.monotonic() - began)
    yield server
    server.kill()


@pytest.fixture
def crowd(transactional_db, server):
    crowd = Crowd(server.port)
    yield crowd
    crowd.close()
    # Whoever meets others may be refused, but no lock and no deadlock ever reaches anybody.
    told = sum((line.statuses for line in crowd.lines), Counter())
    assert not [status for status in told if status >= 500], told


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            if report.when == "call" and (figures := dict(report.user_properties).get("race")):
                name = report.nodeid.rpartition("::test_")[2].replace("_", " ")
                terminalreporter.write_line(f"{name:<70} {figures}")
