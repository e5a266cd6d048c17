"""How many rows a second the seed adds, on SQLite and on PostgreSQL, with every constraint in place.

`make bench-seed`, or `.venv/bin/python benchmarks/seeding.py 1.0` for the full two million rows.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.databases import on_both  # noqa: E402


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


if __name__ == "__main__":
    on_both(measure, scale="0.2")
