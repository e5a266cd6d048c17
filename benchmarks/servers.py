"""Lyceum and its peers as processes: how each is started, and what its processors have done."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """What a process and all below it have used so far, children that have ended included."""
    parents: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            # The name in parentheses may hold anything.
            columns = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        parents.setdefault(int(columns[1]), []).append(int(folder.name))
        used[int(folder.name)] = sum(map(int, columns[11:15]))
    todo, ticks = [pid], 0
    while todo:
        one = todo.pop()
        ticks += used.get(one, 0)
        todo += parents.get(one, [])
    return ticks / TICKS


@dataclass
class Server:
    """One of those that are compared: two processes on one port."""

    name: str
    command: list[str]
    folder: Path = ROOT
    environment: dict[str, str] = field(default_factory=dict)
    copies: int = 1  # of the command; 1 where it starts its workers itself
    needs: tuple[str, ...] = ()  # commands, by name or by path
    install: str = ""  # how what it needs is had
    is_limit: bool = False  # does less than Lyceum's work, to show what more cannot be had
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def missing(self) -> bool:
        return not all(shutil.which(command) for command in self.needs)

    def start(self, log: Path, environment: dict[str, str]) -> None:
        """Start it, and wait until it answers."""
        self.port = free_port()
        environment = environment | self.environment | {"PORT": str(self.port)}
        command = [part.format(port=self.port) for part in self.command]
        with log.open("wb") as output:
            for _ in range(self.copies):
                self.processes.append(
                    subprocess.Popen(  # noqa: S603
                        command,
                        cwd=self.folder,
                        env=environment,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
        for _ in range(300):
            if any(process.poll() is not None for process in self.processes):
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{self.name} does not start:\n{log.read_text(errors='replace')[-2000:]}")

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(process.pid) for process in self.processes)

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


# A connection for each thread, as docs/operations.md has it for such workers.
KEPT = {"DB_POOL_SIZE": "0"}


def wsgi(application: str) -> list[str]:
    workers = ["--workers", "2", "--blocking-threads", "1", "--log-level", "warning"]
    serving = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}"]
    return [sys.executable, "-m", "granian", *serving, *workers, application]


def drizzle(name: str, runtime: str, mode: str, *, one_statement: bool = False) -> Server:
    folder = PEERS / "drizzle"
    is_bun = runtime == "bun"
    command = str(folder / "node_modules/.bin/bun") if is_bun else "node"
    return Server(
        name,
        [command, "serve.js", mode],
        folder=folder,
        environment={"ONE_STATEMENT": "1" if one_statement else "", "WORKERS": "2"},
        copies=2 if is_bun else 1,
        needs=(command, str(folder / "node_modules/.bin/bun")),
        install="make bench-install, which needs Node.js with npm",
    )


def fastapi() -> Server:
    folder = PEERS / "fastapi"
    python = str(folder / ".venv/bin/python")
    serving = ["--host", "127.0.0.1", "--port", "{port}", "--workers", "2", "--log-level", "warning"]
    return Server(
        "FastAPI",
        [python, "-m", "uvicorn", "app:app", "--no-access-log", *serving],
        folder=folder,
        needs=(python,),
        install="make bench-install",
    )


def all_servers() -> dict[str, Server]:
    """By what `--servers` calls them; Lyceum is the first."""
    one_port = [sys.executable, "manage.py", "serve", "--port", "{port}", "--workers", "2"]
    return {
        "lyceum": Server("Lyceum", wsgi("config.wsgi:application"), environment=KEPT),
        "one-port": Server("Lyceum, one port", one_port),
        "bun": drizzle("Bun, stock", "bun", "stock"),
        "bun-prepared": drizzle("Bun, prepared", "bun", "prepared"),
        "bun-one": drizzle("Bun, prepared, one statement", "bun", "prepared", one_statement=True),
        "node": drizzle("Node, stock", "node", "stock"),
        "node-prepared": drizzle("Node, prepared", "node", "prepared"),
        "fastapi": fastapi(),
        "plain": Server("plain DRF", wsgi("benchmarks.peers.plain:application"), environment=KEPT),
        "granian": Server("limit: granian", wsgi("benchmarks.peers.bare:application"), is_limit=True),
    }
