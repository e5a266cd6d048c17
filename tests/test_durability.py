"""What was answered stays: a server of several processes, written to from all sides and killed."""

import http.client
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from accounts.sessions import log_in
from chatrooms.models import RoomMessage
from tests.factories import RoomFactory
from tests.server import Server

ROOT = Path(__file__).resolve().parent.parent
WRITERS, POSTS = 8, 12


@pytest.fixture
def served(transactional_db):
    """`manage.py serve` on the database of the tests."""
    server = Server(workers=3)
    yield server
    server.kill()


class Writer:
    """Somebody who says things in a room, each again under the same id until it is acknowledged."""

    def __init__(self, server, room, token, posts):
        self.server, self.path, self.left = server, f"/api/v1/rooms/{room.pk}/messages/", posts
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.acknowledged, self.refused, self.line = {}, [], None

    def write(self):
        deadline = time.monotonic() + 60
        for _ in range(self.left):
            message = {"id": str(uuid7()), "content": "Still there?"}
            while (answer := self.post(message)) is None and time.monotonic() < deadline:
                time.sleep(0.02)
            if answer is not None:
                self.acknowledged[message["id"]] = answer["seq"]

    def post(self, message):
        """The message as stored; None where no answer came."""
        if self.line is None:
            self.line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            self.line.request("POST", self.path, json.dumps(message), self.headers)
            answer = self.line.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.line.close()
            self.line = None
            return None
        if answer.status in (200, 201):
            return json.loads(body)
        self.refused.append((answer.status, body))
        return None

    def close(self):
        if self.line:
            self.line.close()


def test_what_was_acknowledged_outlives_a_kill(served, alice):
    rooms = [RoomFactory(members=[alice]) for _ in range(2)]
    token = log_in(alice, ip_address="192.0.2.1", user_agent="tests").session_key
    writers = [Writer(served, rooms[number % 2], token, POSTS) for number in range(WRITERS)]
    # From here on the server has the database to itself, its log included.
    connection.close()

    def written():
        return sum(len(writer.acknowledged) for writer in writers)

    with ThreadPoolExecutor(WRITERS) as threads:
        served.start()
        writing = [threads.submit(writer.write) for writer in writers]
        while written() < WRITERS * POSTS // 2 and not all(one.done() for one in writing):
            time.sleep(0.01)
        served.kill()
        served.start()
        for one in writing:
            one.result()
    served.kill()

    for writer in writers:
        writer.close()
    assert [refusal for writer in writers for refusal in writer.refused] == []
    assert written() == WRITERS * POSTS
    for room in rooms:
        acknowledged = {}
        for writer in writers:
            if str(room.pk) in writer.path:
                acknowledged |= writer.acknowledged
        stored = RoomMessage.objects.filter(room=room)
        assert {str(message.pk): message.seq for message in stored} == acknowledged
        room.refresh_from_db()
        assert sorted(acknowledged.values()) == list(range(1, room.last_seq + 1))
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert cursor.execute("PRAGMA foreign_key_check").fetchall() == []


OPEN_AND_CLOSE = """
import pathlib

import config.wsgi
from django.db import connection

connection.cursor().execute("CREATE TABLE one (two)")
connection.close()
assert pathlib.Path(connection.settings_dict["NAME"] + "-wal").exists()
"""


def test_a_serving_process_keeps_its_sqlite_file_open(tmp_path):
    # Whatever database the run is on. SQLite's log goes when the last connection closes.
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/lyceum.sqlite3"}
    command = [sys.executable, "-c", OPEN_AND_CLOSE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: S603

    assert done.returncode == 0, done.stderr
