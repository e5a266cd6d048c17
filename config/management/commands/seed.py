"""`manage.py seed`: a demo world, and volume on top of it."""

import os
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

import accounts.seed
import chatrooms.seed
import materials.seed
import media_summaries.seed
import threads.seed
from common.errors import DomainError
from common.seeding import Made, load
from config.ops.health import pending_migrations

# In the order of who needs whom.
APPS = (accounts.seed, materials.seed, media_summaries.seed, threads.seed, chatrooms.seed)
LOCAL = {"localhost", "127.0.0.1", "::1"}


def is_on_this_host() -> bool:
    """Whether the database is a file or a server of this machine."""
    if connection.vendor == "sqlite":
        return True
    connection.ensure_connection()
    # The address that was reached, whatever URL, options or environment led there; a socket is a path.
    reached = connection.connection.info
    host = reached.hostaddr or reached.host
    return host in LOCAL or host.startswith("/")


def may_be_seeded() -> bool:
    """Demo passwords are known to everyone: they stay on this machine unless SEED=1 says otherwise."""
    return os.environ.get("SEED") == "1" or (is_on_this_host() and not settings.PRODUCTION)


def is_to_be_seeded() -> bool:
    """Whether the first start fills this database: while there is nobody, or where SEED=1 says so."""
    return os.environ.get("SEED") == "1" or (accounts.seed.is_empty() and may_be_seeded())


def print_logins(stdout: Any) -> None:
    """The demo log-ins, where they work."""
    if not accounts.seed.is_there():
        return
    stdout.write("\nDemo log-ins (password for all: " + accounts.seed.PASSWORD + ")")
    for person in accounts.seed.PEOPLE:
        stdout.write(f"  {person.email:<22} {person.username:<8} {person.role}")


def progress_bar(stdout: Any) -> Progress:
    """Bars for what a command counts, wherever its output goes."""
    return Progress(
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(file=getattr(stdout, "_out", None)),
    )


class Command(BaseCommand):
    """Adds the demo world through the services; what is there stays as it is."""

    help = "Add the demo world; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--scale", type=float, default=0, help="volume beside the demo world; 1.0 is two million rows"
        )
        parser.add_argument("--seed", type=int, default=1, help="another number, another volume")

    def handle(self, *, scale: float, seed: int, **options: Any) -> None:
        if not may_be_seeded():
            raise CommandError(
                "This database is not on this machine, or serves production: demo passwords do not belong "
                "there. SEED=1 overrides."
            )
        if not 0 <= scale <= 100:  # nor is "nan"
            raise CommandError("--scale is a number from 0 to 100.")
        if pending_migrations():
            raise CommandError("Migrations are pending: run manage.py migrate first.")
        with progress_bar(self.stdout) as progress:
            task = progress.add_task("Demo world", total=len(APPS))
            try:
                with transaction.atomic():
                    for app in APPS:
                        app.seed()
                        progress.advance(task)
            except DomainError as refusal:
                raise CommandError(
                    f"Something stands in the demo world's place, so nothing was added: {refusal}"
                ) from None
        print_logins(self.stdout)
        if scale:
            self._add_volume(scale, seed)

    def _add_volume(self, scale: float, seed: int) -> None:
        if accounts.seed.has_volume():
            self.stdout.write("The volume is there already; nothing to add.")
            return
        made, count, started = Made(seed), 0, time.perf_counter()
        with progress_bar(self.stdout) as progress, transaction.atomic():
            world: dict[str, Any] = {}
            for app in APPS:
                for volume in app.volume(made, scale, world):
                    name = str(volume.model._meta.verbose_name_plural)
                    task = progress.add_task(name.capitalize(), total=volume.count)
                    for done in load(volume):
                        progress.update(task, completed=done)
                    progress.update(task, completed=volume.count)
                    count += volume.count
        # To the end of the commit, because that is where foreign keys are checked.
        seconds = time.perf_counter() - started
        self.stdout.write(f"{count:,} rows in {seconds:.1f} s: {count / seconds:,.0f} rows/s")
