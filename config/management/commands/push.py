"""`manage.py push`: the shortest way from changed models to a changed database, while developing."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    """Writes migrations for what changed, shows their SQL, asks, and applies them."""

    help = "Generate and apply migrations in one step; DEBUG only."

    def handle(self, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("push is for development: set DEBUG=true, or use makemigrations and migrate.")
        call_command("makemigrations", interactive=True)
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not pending:
            self.stdout.write("The database is up to date.")
            return
        for migration, _ in pending:
            self.stdout.write(f"\n-- {migration}")
            call_command("sqlmigrate", migration.app_label, migration.name)
        if not self._is_confirmed():
            self.stdout.write("Nothing was applied; the migrations are written.")
            return
        call_command("migrate")

    def _is_confirmed(self) -> bool:
        try:
            return input("\nApply this to the database? [y/N] ").strip().lower() == "y"
        except EOFError:  # nobody is there to ask
            return False
