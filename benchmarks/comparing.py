"""Lyceum beside its peers on one PostgreSQL: how fast, and by how much work, they give the same answers.

`make bench`, or `.venv/bin/python benchmarks/comparing.py --help`.
"""

import argparse
import atexit
import http.client
import json
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402

from benchmarks.databases import bin_folder, run, start_roomy_postgresql  # noqa: E402
from benchmarks.servers import Server, all_servers, cpu_seconds  # noqa: E402

CONNECTIONS = 16
STATEMENTS_COUNTED_OVER = 20  # requests
PGBENCH = "limit: pgbench, its statement"
# In PostgreSQL's log: before the text of a statement; and a span of time as a value.
SENT = re.compile(r"LOG:  (?:statement|execute [^:]*): ")
SPAN = re.compile(r"'\d\d:\d\d:\d\d'")


class Endpoint(NamedTuple):
    """One of the requests that are compared."""

    name: str
    path: str
    body: dict[str, Any] | None = None


ENDPOINTS = {
    "thread": Endpoint("single thread", "threads/{thread}/"),
    "threads": Endpoint("thread list with counts", "threads/"),
    "messages": Endpoint("thread messages, 50", "threads/{thread}/messages/"),
    "room": Endpoint("room messages with authors, 50", "rooms/{room}/messages/"),
    "videos": Endpoint("video list with tags", "video-summaries/"),
    "post": Endpoint("post a room message", "rooms/{room}/messages/", {"content": "Is the sea still there?"}),
}
FOREIGN = (
    "threads/{foreign_thread}/",
    "threads/{foreign_thread}/messages/",
    "rooms/{foreign_room}/messages/",
)
# What no two posts have in common, and what moves by itself.
OF_ONE_POST = {"id", "seq", "revision", "created_at", "updated_at"}


class Run(NamedTuple):
    """What one server did under load for a while."""

    rate: float
    p50: float
    p99: float
    own_cpu: float  # milliseconds a request
    database_cpu: float


class Bench:
    """The database, those who serve it, and what has been measured."""

    def __init__(self, folder: Path, url: str, facts: dict[str, str]):
        self.folder, self.url, self.facts = folder, url, facts
        self.postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])

    def ask(self, server: Server, endpoint: Endpoint, token: str | None = None) -> tuple[int, Any]:
        """One request: status and parsed answer."""
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        headers = {"Authorization": f"Bearer {token or self.facts['token']}"}
        method, body = "GET", None
        if endpoint.body is not None:
            method, body, headers["Content-Type"] = "POST", json.dumps(endpoint.body), "application/json"
        try:
            line.request(method, self.path(endpoint), body, headers)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read() or "null")
        finally:
            line.close()

    def path(self, endpoint: Endpoint) -> str:
        return "/api/v1/" + endpoint.path.format(**self.facts)

    def compare_answers(self, lyceum: Server, peer: Server, endpoint: Endpoint) -> None:
        """Stop unless both give the same answer, and both refuse whoever has no token."""
        expected, got = self.ask(lyceum, endpoint), self.ask(peer, endpoint)
        if endpoint.body is not None:
            for _, answer in (expected, got):
                moving = OF_ONE_POST & answer.keys()
                for name in moving:
                    answer[name] = "…"
        if expected[0] not in {200, 201} or expected != got:
            where = difference(expected, got)
            sys.exit(f"{peer.name} does not answer {self.path(endpoint)} as {lyceum.name} does: {where}")
        if self.ask(peer, endpoint, "nobody's")[0] != 401:
            sys.exit(f"{peer.name} answers {self.path(endpoint)} without a token that opens a session.")

    def compare_refusals(self, peer: Server) -> None:
        """Stop unless what is somebody else's is not there."""
        for path in FOREIGN:
            status, _ = self.ask(peer, Endpoint("", path))
            if status != 404:
                sys.exit(f"{peer.name} answers {path} with {status}: it is somebody else's.")

    def statements(self, server: Server, endpoint: Endpoint) -> float:
        """How many statements a request sends, by the database's own log."""
        self.ask(server, endpoint)
        with self._logged() as seen:
            for _ in range(STATEMENTS_COUNTED_OVER):
                self.ask(server, endpoint)
        return sum(SENT.search(line) is not None for line in seen) / STATEMENTS_COUNTED_OVER

    @contextmanager
    def _logged(self) -> Iterator[list[str]]:
        """What the database says of the statements it is sent meanwhile, a line each."""
        log, seen = self.folder / "data" / "log", []
        with psycopg.connect(self.url, autocommit=True) as database:
            database.execute("ALTER SYSTEM SET log_statement = 'all'")
            database.execute("SELECT pg_reload_conf()")
            time.sleep(0.5)
            start = log.stat().st_size
            yield seen
            with log.open("rb") as lines:
                lines.seek(start)
                seen += lines.read().decode().splitlines()
            database.execute("ALTER SYSTEM RESET log_statement")
            database.execute("SELECT pg_reload_conf()")
            time.sleep(0.5)

    def keep_answers(self, lyceum: Server, endpoints: Iterable[Endpoint]) -> None:
        """Write down what is answered to reads, for servers that only send it."""
        reads = [endpoint for endpoint in endpoints if endpoint.body is None]
        kept = {
            self.path(read): json.dumps(self.ask(lyceum, read)[1], separators=(",", ":")) for read in reads
        }
        (self.folder / "answers.json").write_text(json.dumps(kept))

    def load_database(self, lyceum: Server, endpoint: Endpoint, seconds: int) -> Run:
        """Lyceum's own statement, prepared with its values written in, sent by pgbench as fast as it can."""
        with self._logged() as seen:
            self.ask(lyceum, endpoint)
        (at,) = (index for index, line in enumerate(seen) if SENT.search(line))
        statement = seen[at][SENT.search(seen[at]).end() :]  # type: ignore[union-attr]
        given = dict(re.findall(r"(\$\d+) = ('(?:[^']|'')*'|NULL)", seen[at + 1]))
        # A bare text beside a time is read as a time.
        given = {hole: f"{value}::interval" if SPAN.match(value) else value for hole, value in given.items()}
        script = self.folder / "statement.sql"
        whole = re.sub(r"\$\d+", lambda hole: given[hole[0]], statement)
        script.write_text(re.sub(r"'(?:[^']|'')*'", without_colons, whole) + ";\n")
        database = cpu_seconds(self.postmaster)
        options = [
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={CONNECTIONS}",
            "--jobs=1",
            f"--time={seconds}",
        ]
        done = subprocess.run(  # noqa: S603
            [bin_folder(self.folder) / "pgbench", *options, f"--file={script}", self.url],
            capture_output=True,
            text=True,
            check=True,
        )
        rate = float(re.findall(r"tps = ([\d.]+)", done.stdout)[0])
        used = (cpu_seconds(self.postmaster) - database) * 1000 / (rate * seconds)
        return Run(rate, math.nan, math.nan, math.nan, used)

    def load(self, server: Server, endpoint: Endpoint, seconds: int) -> Run:
        """Sixteen connections that ask as fast as they are answered."""
        own, database = server.cpu_seconds(), cpu_seconds(self.postmaster)
        environment = os.environ | {"BENCH_TOKEN": self.facts["token"]}
        if endpoint.body is not None:
            environment["BENCH_BODY"] = json.dumps(endpoint.body)
        url = f"http://127.0.0.1:{server.port}{self.path(endpoint)}"
        options = [
            "-t",
            "1",
            "-c",
            str(CONNECTIONS),
            "-d",
            f"{seconds}s",
            "-s",
            str(ROOT / "benchmarks/load.lua"),
        ]
        done = subprocess.run(  # noqa: S603
            ["wrk", *options, url],  # noqa: S607
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        told = json.loads(done.stdout.splitlines()[-1])
        if told["refused"] or told["broken"] or not told["requests"]:
            sys.exit(f"{server.name} failed under load on {self.path(endpoint)}: {told}")
        milliseconds = 1000 / told["requests"]
        return Run(
            told["requests"] / told["seconds"],
            told["p50"],
            told["p99"],
            (server.cpu_seconds() - own) * milliseconds,
            (cpu_seconds(self.postmaster) - database) * milliseconds,
        )


def without_colons(text: re.Match[str]) -> str:
    """A text in SQL with its colons escaped: behind one, pgbench looks for a variable of its own."""
    return "E" + text[0].replace("\\", "\\\\").replace(":", "\\x3a")


def difference(one: Any, other: Any, where: str = "answer") -> str:
    """The first place at which two answers are not the same."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{where}.{name}", one[name], other[name]) for name in one]
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        pairs = [(f"{where}[{index}]", *pair) for index, pair in enumerate(zip(one, other, strict=True))]
    else:
        return f"{where} is {str(other)[:200]} instead of {str(one)[:200]}"
    return next(difference(a, b, place) for place, a, b in pairs if a != b)


def report(
    endpoint: Endpoint, runs: dict[str, list[Run]], names: dict[str, str], counts: dict[str, float]
) -> None:
    """A table of one endpoint: medians of the rounds, and of each round's ratio to Lyceum."""
    print(f"\n{endpoint.name}")
    print(
        f"  {'':<30}{'statements':>11}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}"
        f"{'CPU-ms app':>12}{'database':>10}{'Lyceum ÷ it':>13}"
    )
    for key, own in runs.items():
        middle = Run(*map(statistics.median, zip(*own, strict=True)))
        ratios = [lyceum.rate / peer.rate for lyceum, peer in zip(runs["lyceum"], own, strict=True)]
        ratio = f"{statistics.median(ratios):.2f}" if key != "lyceum" else ""
        line = (
            f"  {names.get(key, key):<30}{counts.get(key, 1):>11.4g}{middle.rate:>9,.0f}"
            f"{middle.p50:>9.1f}{middle.p99:>9.1f}"
            f"{middle.own_cpu:>12.2f}{middle.database_cpu:>10.2f}{ratio:>13}"
        )
        print(line.replace("nan", "  -").rstrip())


def prepared_database(folder: Path, environment: dict[str, str], scale: str) -> dict[str, str]:
    """Fill the database, and tell what is to be asked for."""

    for arguments in (["migrate", "-v0"], ["seed"], ["seed", "--scale", scale]):
        run(environment, "manage.py", *arguments)
    facts: dict[str, str] = json.loads(run(environment, "-m", "benchmarks.cases"))
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as database:
        database.execute("VACUUM ANALYZE")
    return facts


def chosen(names: str | None, known: dict[str, Any], what: str) -> dict[str, Any]:
    if not names:
        return known
    unknown = set(names.split(",")) - known.keys()
    if unknown:
        sys.exit(f"No such {what}: {', '.join(sorted(unknown))}. There are: {', '.join(known)}")
    return {name: known[name] for name in known if name in names.split(",")}


def main() -> None:
    parser = argparse.ArgumentParser(description="Lyceum beside its peers on one PostgreSQL.")
    parser.add_argument("--scale", default="0.1", help="of `manage.py seed`; 1.0 is two million rows")
    parser.add_argument("--seconds", type=int, default=4, help="that one run lasts")
    parser.add_argument("--rounds", type=int, default=3, help="in which each server has one run")
    parser.add_argument(
        "--servers", help="of these, by commas; Lyceum is always there: " + ", ".join(all_servers())
    )
    parser.add_argument("--endpoints", help="of these, by commas: " + ", ".join(ENDPOINTS))
    parser.add_argument("--no-pgbench", dest="pgbench", action="store_false", help="leave that limit out")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed, which drives the servers: apt-get install wrk")
    endpoints = chosen(options.endpoints, ENDPOINTS, "endpoint")
    servers = {"lyceum": all_servers()["lyceum"]} | chosen(options.servers, all_servers(), "server")
    for key, server in list(servers.items()):
        if server.missing():
            print(f"Without {server.name}, which is not installed: {server.install}")
            del servers[key]
    if len(servers) == 1:
        sys.exit("Nobody is there to compare Lyceum with.")

    # Whoever ends the benchmark ends the servers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="lyceum-bench-"))
        # At exit, after PostgreSQL has stopped: its own farewell is registered later and so runs earlier.
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        url = start_roomy_postgresql(folder)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
        environment |= {"DATABASE_URL": url, "DATA_DIR": str(folder / "lyceum"), "LOG_LEVEL": "ERROR"}
        environment |= {"BENCH_ANSWERS": str(folder / "answers.json")}
        environment |= {"THROTTLE_USER": "", "THROTTLE_ANON": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
        print(f"Filling PostgreSQL with the demo world and volume at scale {options.scale}", flush=True)
        bench = Bench(folder, url, prepared_database(folder, environment, options.scale))
        for key, server in servers.items():
            stack.callback(server.stop)
            server.start(folder / f"{key}.log", environment)
        lyceum, *others = servers.values()
        peers = [server for server in others if not server.is_limit]
        bench.keep_answers(lyceum, endpoints.values())
        for peer in peers:
            bench.compare_refusals(peer)
            for endpoint in endpoints.values():
                bench.compare_answers(lyceum, peer, endpoint)
        print(f"The same answers from {len(peers) + 1} servers of two processes each. By wrk:")
        print(f"{options.rounds} rounds, each in turn for {options.seconds} s, {CONNECTIONS} connections.")
        print("CPU-ms are of one request.", flush=True)
        for endpoint in endpoints.values():
            driven = {
                key: server for key, server in servers.items() if not (endpoint.body and server.is_limit)
            }
            counts = {key: bench.statements(server, endpoint) for key, server in driven.items()}
            runs = defaultdict(list)
            for server in driven.values():
                bench.load(server, endpoint, 1)
            for _ in range(options.rounds):
                for key, server in driven.items():
                    runs[key].append(bench.load(server, endpoint, options.seconds))
                if not endpoint.body and options.pgbench:
                    runs[PGBENCH].append(bench.load_database(lyceum, endpoint, options.seconds))
            report(endpoint, runs, {key: server.name for key, server in driven.items()}, counts)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
