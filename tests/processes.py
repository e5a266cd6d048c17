"""Requests from processes of their own, as from several workers of a server; for `transaction=True`."""

import atexit
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection

_ROOT = Path(__file__).resolve().parent.parent
_WORKER = """
import json, sys
import django
django.setup()
from django.db import connection
from django.test import Client
client = Client(raise_request_exception=False, SERVER_NAME="localhost")
for line in sys.stdin:
    method, path, token, body = json.loads(line)
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.generic(method, path, body, content_type="application/json", headers=headers)
    connection.close()
    print(answer.status_code, flush=True)
"""
_workers: list[subprocess.Popen] = []


def database_url() -> str:
    """The address of the tests' own database."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    host = urlencode({"host": database["HOST"] or database["OPTIONS"].get("host", "")})
    return f"postgresql://{database['USER']}@/{database['NAME']}?{host}"


def _worker(place: int) -> subprocess.Popen:
    """One of the processes, started when it is first needed: that takes them a second."""
    while len(_workers) <= place:
        worker = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", _WORKER],
            cwd=_ROOT,
            env={**os.environ, "DATABASE_URL": database_url(), "DB_POOL_SIZE": "0"}
            | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(worker.wait)
        atexit.register(worker.stdout.close)
        atexit.register(worker.stdin.close)
        _workers.append(worker)
    return _workers[place]


def at_once_in_processes(*requests: tuple[str, str, str] | tuple[str, str, str, dict]) -> list[int]:
    """Send (method, path, token[, body]) at once, each from a process of its own; their statuses in order."""
    workers = [_worker(place) for place in range(len(requests))]
    for worker, (method, path, token, *body) in zip(workers, requests, strict=True):
        _tell(worker, json.dumps([method, path, token, json.dumps(body[0]) if body else ""]))
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        _tell(worker, "go")
    return [int(worker.stdout.readline()) for worker in workers]


def _tell(worker: subprocess.Popen, line: str) -> None:
    worker.stdin.write(f"{line}\n")
    worker.stdin.flush()
