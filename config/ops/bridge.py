"""Requests and answers of an ASGI server as WSGI has them, so that both servers run the same application."""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# So much of a body is read before a thread is taken: who sends little slowly holds none.
READ_AHEAD = 64 * 2**10
# Seconds that a sender may pause, and that it may when the process stops.
PATIENCE, HURRY = 30, 2


class Body(io.RawIOBase):
    """What a client sends: read ahead on the event loop, or waited for by the thread that reads it."""

    # Those that are waited for, until when.
    _waits: ClassVar[set[asyncio.Timeout]] = set()
    _patience = PATIENCE

    def __init__(self, receive: Receive):
        self._receive, self._loop = receive, asyncio.get_running_loop()
        self._come = bytearray()
        self._has_ended = False
        # Whether the sender has gone, or paused for too long, before the end.
        self.is_cut_off = False

    @classmethod
    def hurry(cls) -> None:
        """Wait for no body much longer: the process stops."""
        cls._patience = HURRY
        for wait in cls._waits:
            if not wait.expired():
                wait.reschedule(asyncio.get_running_loop().time() + HURRY)

    async def read_ahead(self) -> None:
        """Wait for all of it, or for as much as is read ahead."""
        while not self._has_ended and len(self._come) < READ_AHEAD:
            await self._next()

    async def _next(self) -> None:
        message: Message = {"type": "http.disconnect"}
        try:
            async with asyncio.timeout(self._patience) as wait:
                self._waits.add(wait)
                message = await self._receive()
        except TimeoutError:
            pass
        finally:
            self._waits.discard(wait)
        self.is_cut_off = message["type"] == "http.disconnect"
        self._come += message.get("body", b"")
        self._has_ended = not message.get("more_body", False)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._come and not self._has_ended:
            asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
        size = min(len(buffer), len(self._come))
        buffer[:size] = self._come[:size]
        del self._come[:size]
        return size


async def environ_of(scope: Scope, receive: Receive) -> dict[str, Any]:
    """A request as WSGI has it (PEP 3333): each byte of path, query and headers is a letter of Latin 1."""
    body = Body(receive)
    name, port = scope["server"]
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": name,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BufferedReader(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:
            continue  # else X_Forwarded_For would pass for the header that only a proxy may set
        key = raw_name.decode("latin-1").upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        value = raw_value.decode("latin-1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    if "HTTP_TRANSFER_ENCODING" in environ or 0 < int(environ.get("CONTENT_LENGTH") or 0) <= READ_AHEAD:
        await body.read_ahead()
    return environ


class Start:
    """WSGI's `start_response`, which keeps the beginning of the answer."""

    message: Message

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self.message = {"type": "http.response.start", "status": int(status[:3]), "headers": raw}


def part(body: bytes, *, is_last: bool = False) -> Message:
    """A piece of an answer's body."""
    return {"type": "http.response.body", "body": body, "more_body": not is_last}
