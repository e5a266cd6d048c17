"""What lists and histories cost as they grow, on both databases: a table, and `docs/growth.png`.

`make bench-growth`, or `.venv/bin/python benchmarks/growth.py 100000`: up to a million rows, or fewer.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402

from benchmarks.databases import on_both, run  # noqa: E402

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PLOT = ROOT / "docs" / "growth.png"
DRAWER = ROOT / "benchmarks" / ".venv" / "bin" / "python"  # has matplotlib, which Lyceum has not

measured: dict[str, list[dict[str, Any]]] = {}


def measure(name: str, url: str, folder: Path, largest: str) -> None:
    """Fill one database step by step, and measure after each."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    environment |= {"DATABASE_URL": url, "DATA_DIR": str(folder / name), "LOG_LEVEL": "ERROR"}
    environment |= {"THROTTLE_USER": "", "THROTTLE_ANON": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
    # One connection, so that one process of PostgreSQL is the one that works for all requests.
    environment |= {"DB_POOL_SIZE": "1"}

    on_postgresql = url.startswith("postgresql")
    if on_postgresql:
        with psycopg.connect(url, autocommit=True) as database:
            # One process does the work of a request, so that its processor time is all there is.
            database.execute("ALTER SYSTEM SET max_parallel_workers_per_gather = 0")
            database.execute("SELECT pg_reload_conf()")
    # The person is one of many.
    for arguments in (["migrate", "-v0"], ["seed"], ["seed", "--scale", "0.05"]):
        run(environment, "manage.py", *arguments)
    measured[name] = []
    for size in (size for size in SIZES if size <= int(largest)):
        started = time.monotonic()
        run(environment, "-m", "benchmarks.growing", "fill", str(size))
        if on_postgresql:
            with psycopg.connect(url, autocommit=True) as database:
                database.execute("VACUUM ANALYZE")
        filled = time.monotonic()
        measured[name] += json.loads(run(environment, "-m", "benchmarks.growing", "measure", str(size)))
        print(
            f"{name}, {size:,} rows: filled in {filled - started:.0f} s,"
            f" measured in {time.monotonic() - filled:.0f} s",
            flush=True,
        )


def cost(figure: dict[str, Any]) -> float:
    """Milliseconds of processor time."""
    return figure["own"] + figure["database"]


def table(title: str, figures: list[dict[str, Any]], column: str) -> None:
    """A line for each name, a column for each size or depth, and how the last compares with the first."""
    columns = sorted({figure[column] for figure in figures})
    heads = "".join(f"{head:>16,}" for head in columns)
    print(f"\n{title}\n  {column:<40}{heads}{'last ÷ first':>14}")
    for name in dict.fromkeys(figure["name"] for figure in figures):
        line = {figure[column]: figure for figure in figures if figure["name"] == name}
        cells = "".join(
            f"{cost(line[at]):>8.2f} ({line[at]['wall']:.2f})".rjust(16) if at in line else " " * 16
            for at in columns
        )
        print(f"  {name:<40}{cells}{cost(line[max(line)]) / cost(line[min(line)]):>14.2f}")


def report(name: str, figures: list[dict[str, Any]]) -> None:
    """How the first page costs at each size, and each depth at the largest."""
    largest = max(figure["rows"] for figure in figures)
    print(
        f"\n{name}: milliseconds of processor time for one request, the database's included (and of waiting)"
    )
    table("As rows grow", [figure for figure in figures if figure["page"] == 1], "rows")
    deep = {figure["name"] for figure in figures if figure["page"] > 1}
    at_largest = [figure for figure in figures if figure["rows"] == largest and figure["name"] in deep]
    if at_largest:
        table(f"As one turns pages, of {largest:,} rows", at_largest, "page")


def draw() -> None:
    if not DRAWER.exists():
        sys.exit("Nothing to draw with: make bench-growth installs it.")
    subprocess.run(  # noqa: S603
        [DRAWER, ROOT / "benchmarks" / "drawing.py", PLOT], input=json.dumps(measured), text=True, check=True
    )
    print(f"\n{PLOT.relative_to(ROOT)} is drawn anew.")


if __name__ == "__main__":
    if len(sys.argv) > 1 and int(sys.argv[1]) < SIZES[0]:
        sys.exit(f"ROWS: at least {SIZES[0]}.")
    on_both(measure, scale=str(SIZES[-1]))
    for name, figures in measured.items():
        report(name, figures)
    draw()
