"""`manage.py serve` as in use, on the database of the tests; for `transaction=True`."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

_ROOT = Path(__file__).resolve().parent.parent


class Server:
    """Processes on a free port, in a group of their own that is killed as one."""

    def __init__(self, workers: int = 1, **variables: str):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.workers = workers
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
        self.environment = os.environ | {"DATABASE_URL": url.geturl()} | variables
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(  # noqa: S603
            [*command, "--workers", str(self.workers)],
            cwd=_ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def connect(self) -> socket.socket:
        """A connection, once the server listens."""
        deadline = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=10)
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def processes(self) -> list[int]:
        """The processes that serve."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def stop(self, seconds: float) -> int:
        """Ask it to end; with which status it does."""
        assert self.process
        self.process.terminate()
        status = self.process.wait(seconds)
        self.process = None
        return status

    def kill(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


class Listener:
    """Somebody who follows a room live: a thread that notes each event as it comes."""

    def __init__(self, port: int, token: str, path: str, **headers: str):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request(
            "GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}", **headers}
        )
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.events: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self.ended_at: float | None = None
        self.is_whole = False
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        event: dict[str, Any] = {}
        while line := self._line():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name in {"id", "event"}:
                event[name] = int(value) if name == "id" else value
            elif name == "data":
                with self.changed:
                    self.events.append(event | {"data": json.loads(value)})
                    self.changed.notify_all()
                event = {}
        with self.changed:
            self.ended_at = time.monotonic()
            self.changed.notify_all()

    def _line(self) -> bytes:
        """The next line; none where the stream has ended as it should, or the line was lost or hung up."""
        try:
            line = self.answer.readline()
        except (OSError, http.client.HTTPException, AttributeError):
            # AttributeError is what the library makes of a connection that another thread has closed.
            return b""
        self.is_whole = not line
        return line

    def hear(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        """The events so far, once there are so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.events) >= count, seconds), self.events
            return list(self.events)

    def end(self, seconds: float = 10) -> float:
        """When the stream ended, by the monotonic clock."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.ended_at is not None, seconds), "still open"
            assert self.ended_at is not None
            return self.ended_at

    def close(self) -> None:
        if self.connection.sock is not None:
            # From another thread, closing alone would leave the reading one where it is.
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.connection.close()


class Line:
    """A kept connection to a served process, over which people speak."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status of an answer below /api/v1/, and what it says."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.connection.request(
            method, f"/api/v1/{path}", None if body is None else json.dumps(body), headers
        )
        answer = self.connection.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said else None

    def close(self) -> None:
        self.connection.close()
