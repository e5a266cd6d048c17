"""`manage.py process_videos`: a worker that summarises the videos that wait."""

import logging
import os
import signal
import socket
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.utils.module_loading import import_string
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from config.ops.health import pending_migrations
from media_summaries.models import MAX_LEASE, MIN_LEASE, VideoSummary
from media_summaries.work import Processor, work_on_next_job

logger = logging.getLogger("lyceum.videos")


def lease(text: str) -> int:
    """The length of a lease, as an option of the command."""
    if not text.isdecimal() or not MIN_LEASE <= int(text) <= MAX_LEASE:
        raise ArgumentTypeError(f"a whole number of seconds from {MIN_LEASE} to {MAX_LEASE}")
    return int(text)


class Bars:
    """A progress bar for each job."""

    def __init__(self, progress: Progress):
        self.progress = progress
        self.task: TaskID | None = None
        self.done = 0

    def show(self, video: VideoSummary, percent: int, step: str) -> None:
        """How far a job is: 0 begins its bar, 100 ends it."""
        if percent == 0:
            self.task = self.progress.add_task(video.title[:40], total=100, step=step)
        elif self.task is not None:
            self.progress.update(self.task, completed=percent, step=step)
        if percent == 100 and self.task is not None:
            # What has ended stands above, so that a worker of many days keeps one bar.
            self.progress.console.print(f"{video.title[:40]}: {step}", markup=False, highlight=False)
            self.progress.remove_task(self.task)
            self.task, self.done = None, self.done + 1


class Command(BaseCommand):
    """Takes one job after the other; stops between two of them, at the second signal at once."""

    help = "Summarise the videos that wait, by the function that VIDEO_PROCESSOR names."

    def add_arguments(self, parser: CommandParser) -> None:
        how_long = parser.add_mutually_exclusive_group(required=True)
        how_long.add_argument("--once", action="store_true", help="until no job waits")
        how_long.add_argument("--forever", action="store_true", help="until it is stopped")
        parser.add_argument("--worker", default="", help="the worker's name; host and process otherwise")
        parser.add_argument(
            "--lease", type=lease, default=60, help="seconds after which its silence loses a job"
        )

    def handle(self, *, once: bool, worker: str, lease: int, **options: Any) -> None:
        if pending_migrations():
            raise CommandError("Migrations are pending: run manage.py migrate first.")
        process = self._processor()
        name = worker or f"{socket.gethostname()[:150]}:{os.getpid()}"
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
        console = Console(file=getattr(self.stdout, "_out", None))
        with (
            stopping() as stop,
            Progress(*columns, TextColumn("{task.fields[step]}"), console=console) as bars,
        ):
            shown = Bars(bars)
            while not stop.asked:
                try:
                    found = work_on_next_job(
                        worker=name, lease_seconds=lease, process=process, show=shown.show
                    )
                except OperationalError:
                    if once:
                        raise
                    logger.warning("the database is busy or away", exc_info=True)
                    connection.close()
                    found = False
                if not found:
                    if once:
                        break
                    # An idle worker holds no connection.
                    connection.close()
                    stop.wait(settings.VIDEO_POLL_SECONDS)
        self.stdout.write(f"{shown.done:,} jobs.")

    def _processor(self) -> Processor:
        try:
            return import_string(settings.VIDEO_PROCESSOR)
        except ImportError:
            raise CommandError("VIDEO_PROCESSOR names nothing that can be imported.") from None


class Stop:
    """Whether somebody has asked to stop."""

    asked = False

    def wait(self, seconds: float) -> None:
        """Sleep so long, or until then."""
        # In small pieces and without a lock, which a signal's handler might find taken.
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))


@contextmanager
def stopping() -> Iterator[Stop]:
    """Hears the first SIGTERM or SIGINT; the second one ends the process as usual."""
    stop = Stop()

    def on_signal(number: int, frame: Any) -> None:
        stop.asked = True
        for each, handler in before.items():
            signal.signal(each, handler)

    before = {each: signal.signal(each, on_signal) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
