"""How many rows a second the seed adds, on SQLite and on PostgreSQL, with every constraint in place.

`make bench`, or `.venv/bin/python benchmarks/seeding.py 1.0` for the full two million rows.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.postgresql import start_postgresql  # noqa: E402


def measure(name: str, url: str, folder: Path, scale: str) -> None:
    """Migrate and seed one database; the command itself prints the rate."""
    environment = os.environ | {"DATABASE_URL": url, "DATA_DIR": str(folder / name)}
    for arguments in (["migrate", "-v0"], ["seed"], ["seed", "--scale", scale]):
        done = subprocess.run(  # noqa: S603
            [sys.executable, ROOT / "manage.py", *arguments],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    print(f"{name:<12} {done.stdout.splitlines()[-1]}")


def main() -> None:
    """Measure both databases one after the other."""
    scale = sys.argv[1] if len(sys.argv) > 1 else "0.2"
    folder = Path(tempfile.mkdtemp(prefix="lyceum-bench-"))
    # At exit, after the server has stopped: its own farewell is registered later and so runs earlier.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    measure("SQLite", f"sqlite:///{folder}/lyceum.sqlite3", folder, scale)
    measure("PostgreSQL", start_postgresql(folder), folder, scale)


if __name__ == "__main__":
    main()
