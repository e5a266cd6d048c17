"""`manage.py run`: from an installed project to a served one."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from config.management.commands.seed import is_to_be_seeded, print_logins
from config.management.commands.serve import positive, refuse_taken_port


class Command(BaseCommand):
    """Migrates, seeds a database that may be seeded and is not yet, and serves."""

    help = "Migrate, seed once, serve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=positive, default=8000)

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        refuse_taken_port(host, port)
        self.stdout.write("==> Migrating")
        call_command("migrate", verbosity=1, interactive=False)
        if is_to_be_seeded():
            self.stdout.write("==> Seeding the demo world")
            call_command("seed", stdout=self.stdout)
        else:
            print_logins(self.stdout)
        connection.close()
        base = f"http://{host}:{port}"
        self.stdout.write(f"\nAPI docs  {base}/api/docs/\nStudio    {base}/admin/")
        self.stdout.write(f"Rooms     {base}/demo/room/\nHealth    {base}/readyz\n")
        call_command("serve", host=host, port=port, stdout=self.stdout)
