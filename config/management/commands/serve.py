"""`manage.py serve`: the API, the studio and live events on one port."""

import os
import resource
import socket
import sys
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

# That a process keeps open at once.
MOST_CONNECTIONS = 16_384


def refuse_taken_port(host: str, port: int) -> None:
    """Say in one line that the port is in use, instead of a server's stack trace."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            raise CommandError(f"{port} is no port: 1 to 65535.") from None
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port} ({error.strerror}). Another port: make run PORT={port + 1}"
            ) from None


def positive(text: str) -> int:
    """A whole number from 1, as an option of a command."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("a whole number from 1")
    return int(text)


class Command(BaseCommand):
    """Serves with granian until it is interrupted; neither migrates nor seeds."""

    help = "Serve the API, the studio and live events."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=positive, default=8000)
        parser.add_argument("--workers", type=positive, default=1, help="processes; one is enough for SQLite")
        parser.add_argument(
            "--threads",
            type=positive,
            default=settings.SERVER_THREADS,
            help="requests that a process works on at once; open streams take none",
        )

    def handle(self, *, host: str, port: int, workers: int, threads: int, **options: Any) -> None:
        refuse_taken_port(host, port)
        if settings.PRODUCTION and "console" in settings.MAILERS["default"]["BACKEND"]:
            self.stdout.write("No EMAIL_URL: mails, with their keys, are written to the log.")
        self.stdout.write(f"Serving on http://{host}:{port}/ (stop with Ctrl-C)")
        self.stdout.flush()
        os.chdir(settings.BASE_DIR)
        os.environ["SERVER_THREADS"] = str(threads)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, MOST_CONNECTIONS), most))
        # The server takes this process over, so that signals reach it and its exit is this command's.
        os.execv(  # noqa: S606
            sys.executable,
            [
                *(sys.executable, "-m", "granian", "--interface", "asgi", "--no-ws"),
                *("--host", host, "--port", str(port), "--workers", str(workers)),
                # Open streams count as well, and must not keep others out.
                *("--backpressure", str(MOST_CONNECTIONS)),
                # A process that dies is replaced.
                *("--respawn-failed-workers", "--respawn-interval", "1"),
                *("--log-level", "warning", "--workers-kill-timeout", "10"),
                "config.asgi:application",
            ],
        )
