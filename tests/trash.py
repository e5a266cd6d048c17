"""What lies in the trash, and `manage.py purge` as a process of its own; for `transaction=True`."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection
from django.utils import timezone

from threads.models import Message, Thread

ROOT = Path(__file__).resolve().parent.parent


def start_purge():
    """The command in a process of its own, on the database of the tests."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    return subprocess.Popen(
        [sys.executable, "manage.py", "purge"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url.geturl()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed


def deleted_threads(owner, count, messages):
    """Threads of so many messages that went into the trash long ago."""
    month = timezone.now() - timedelta(days=31)
    threads = Thread.objects.bulk_create(
        Thread(user=owner, title=f"Thread {n}", last_seq=messages, deleted_at=month) for n in range(count)
    )
    Message.objects.bulk_create(
        Message(thread=thread, seq=seq, role="user", content="Why?")
        for thread in threads
        for seq in range(1, messages + 1)
    )
    return threads
