"""`manage.py purge`: what has lain in the trash long enough, and what has expired, goes for good."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress, TaskID

import accounts.purge
import chatrooms.purge
import materials.purge
import media_summaries.purge
import threads.purge
from common.purging import FILES, Doomed, database_time, expect, file_columns, name_of, once, purge
from common.uploads import file_at
from config.management.commands.seed import progress_bar
from config.ops.health import pending_migrations

# In the order of who needs whom: people before what they have left.
APPS = (accounts.purge, materials.purge, media_summaries.purge, threads.purge, chatrooms.purge)
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def span(text: str) -> timedelta:
    """A time as `30d`, `12h` or `4w`."""
    form = re.fullmatch(r"([0-9]{1,4})([hdw])", text, re.ASCII)
    if form is None:
        raise CommandError("--older-than is a number of hours, days or weeks, such as 12h, 30d or 4w.")
    return int(form[1]) * UNITS[form[2]]


class Command(BaseCommand):
    """Removes for good, in short transactions; may be broken off at any moment and run again."""

    help = "Remove for good what was deleted long ago, expired log-ins, and files that belong to nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than", default="30d", help="how long ago it was deleted: 30d (the default), 12h, 4w"
        )
        parser.add_argument("--dry-run", action="store_true", help="only count what would go")

    def handle(self, *, older_than: str, dry_run: bool, **options: Any) -> None:
        retention = span(older_than)
        if pending_migrations():
            raise CommandError("Migrations are pending: run manage.py migrate first.")
        before = database_time() - retention
        doomed = [one for app in APPS for one in app.doomed(before)]
        expected = self._expected(doomed)
        if dry_run:
            self._print(expected, "would go")
            return
        removed: Counter[str] = Counter()
        try:
            self._remove(doomed, expected, removed)
        except KeyboardInterrupt:
            self._print(removed, "gone")
            raise CommandError("Broken off; run it again for the rest.", returncode=130) from None
        self._print(removed, "gone")

    def _expected(self, doomed: list[Doomed]) -> Counter[str]:
        """How many rows of each table would go, and how many files."""
        expected: Counter[str] = Counter()
        for model, reasons in expect(doomed).items():
            expected[name_of(model)] += once(reasons, "pk").count()
            for column in file_columns(model):
                with_file = [rows.exclude(**{column: ""}) for rows in reasons]
                expected[FILES] += sum(1 for name in once(with_file, column).iterator() if file_at(name))
        expected[FILES] += sum(1 for _ in materials.purge.orphaned_files())
        return +expected

    def _remove(self, doomed: list[Doomed], expected: Counter[str], removed: Counter[str]) -> None:
        with progress_bar(self.stdout) as progress:
            tasks = {name: self._task(progress, name, count) for name, count in expected.items()}

            def note(name: str, count: int) -> None:
                removed[name] += count
                if count:
                    if name not in tasks:  # deleted or expired since they were counted
                        tasks[name] = self._task(progress, name, None)
                    progress.advance(tasks[name], count)

            for one in doomed:
                for name, count in purge(one):
                    note(name, count)
            for _ in materials.purge.remove_orphaned_files():
                note(FILES, 1)

    def _task(self, progress: Progress, name: str, count: int | None) -> TaskID:
        return progress.add_task(name.capitalize(), total=count)

    def _print(self, counts: Counter[str], what: str) -> None:
        for name, count in sorted((+counts).items()):
            self.stdout.write(f"{name.capitalize():<32}{count:>12,}")
        self.stdout.write(f"{sum(counts.values()):,} {what}.")
