"""`manage.py process_videos` in processes of their own, on the tests' database; for `transaction=True`."""

import os
import subprocess
import sys
import time
from pathlib import Path

from media_summaries.models import VideoSummary
from tests.processes import database_url

ROOT = Path(__file__).resolve().parent.parent.parent


def named(processor):
    """The name of a function, as VIDEO_PROCESSOR takes it."""
    return f"{processor.__module__}.{processor.__name__}"


class Process:
    """The command as a process of its own, on the database of the tests."""

    def __init__(self, *options, processor):
        self.running = subprocess.Popen(  # noqa: S603
            [sys.executable, "manage.py", "process_videos", *options],
            cwd=ROOT,
            env=os.environ
            | {"DATABASE_URL": database_url(), "VIDEO_PROCESSOR": named(processor)}
            | {"VIDEO_POLL_SECONDS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self):
        said, _ = self.running.communicate(timeout=60)
        return self.running.returncode, said


def wait_for(count, **columns):
    deadline = time.monotonic() + 60
    while VideoSummary.objects.filter(**columns).count() < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)
