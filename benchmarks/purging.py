"""How long `manage.py purge` takes, and how long whoever writes meanwhile waits for it, on both databases.

`make bench-purge`, or `.venv/bin/python benchmarks/purging.py 1.0`: a million messages deleted one by one and
a million in deleted threads, removed while somebody posts over HTTP into the room that loses most.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.databases import on_both  # noqa: E402
from benchmarks.servers import free_port  # noqa: E402

# Puts all but the last ten messages of each room of the volume into the trash, and all threads; tells
# the room that loses most, and a token of somebody in it.
PREPARE = """
import datetime
import django
django.setup()
from django.db.models import F
from django.utils import timezone
from accounts.sessions import log_in
from chatrooms.models import Room, RoomMessage
from threads.models import Thread
month = timezone.now() - datetime.timedelta(days=31)
RoomMessage.objects.filter(room__last_seq__gt=F("seq") + 10).update(deleted_at=month)
Thread.objects.update(deleted_at=month)
room = Room.objects.order_by("-last_seq").first()
member = room.members.first().user
print(room.pk, log_in(member, ip_address=None, user_agent="").session_key)
"""


class Poster:
    """Somebody who says one thing after the other."""

    def __init__(self, port: int, room: str, token: str):
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.path = f"/api/v1/rooms/{room}/messages/"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self) -> float:
        """The milliseconds until the answer."""
        started = time.perf_counter()
        self.line.request("POST", self.path, json.dumps({"content": "Still there?"}), self.headers)
        answer = self.line.getresponse()
        answer.read()
        assert answer.status == 201, answer.status
        return (time.perf_counter() - started) * 1000


def measure(name: str, url: str, folder: Path, scale: str) -> None:
    """Fill, delete, purge with a writer beside it, and print what came of it."""
    environment = os.environ | {"DATABASE_URL": url, "DATA_DIR": str(folder / name), "THROTTLE_USER": ""}
    environment |= {"THROTTLE_ANON": "", "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "ERROR"}

    def start(*command: Any, **options: Any) -> subprocess.Popen[str]:
        options = {"stdout": subprocess.PIPE, "text": True, "cwd": ROOT, "env": environment} | options
        return subprocess.Popen([sys.executable, *command], **options)  # noqa: S603

    def run(*command: Any) -> str:
        process = start(*command)
        printed = process.communicate()[0]
        assert process.returncode == 0, printed
        return printed

    for arguments in (["migrate", "-v0"], ["seed"], ["seed", "--scale", scale]):
        run("manage.py", *arguments)
    room, token = run("-c", PREPARE).split()
    port = free_port()
    server = start("manage.py", "serve", "--port", str(port), stdout=subprocess.DEVNULL)
    try:
        poster = Poster(port, room, token)
        while True:
            try:
                poster.post()
                break
            except OSError:
                poster.line.close()
                time.sleep(0.2)
        for _ in range(50):
            poster.post()
        idle = [poster.post() for _ in range(500)]
        started = time.perf_counter()
        purge = start("manage.py", "purge")
        beside = []
        while purge.poll() is None:
            beside.append(poster.post())
        seconds = time.perf_counter() - started
        assert purge.stdout is not None
        gone = purge.stdout.read().strip().splitlines()[-1]
    finally:
        server.terminate()
        server.wait()
    usual = statistics.median(idle)
    print(f"{name:<12} {gone} in {seconds:.0f} s; {len(beside):,} posts beside it")
    for title, times in (("idle", idle), ("beside", beside)):
        ordered = sorted(times)
        shares = {"median": 0.5, "99 %": 0.99, "99.9 %": 0.999, "slowest": 1.0}
        marks = [
            ordered[min(len(ordered) - 1, int(len(ordered) * share))] / usual for share in shares.values()
        ]
        line = ", ".join(f"{mark} {time:.1f}" for mark, time in zip(shares, marks, strict=True))
        print(f"  {title:<10} {line}  (times the idle median of {usual:.1f} ms)")


if __name__ == "__main__":
    on_both(measure, scale="0.1")
