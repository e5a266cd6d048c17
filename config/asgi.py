"""The ASGI application behind `manage.py serve`: Django answers in threads, live events wait on the loop."""

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# The first of all: it says where the settings are.
from config.wsgi import application as django  # isort: skip

from django.conf import settings
from django.db import close_old_connections
from django.http import StreamingHttpResponse

from chatrooms.live.hub import hub
from chatrooms.live.streams import Stream
from chatrooms.views import EventStream
from config.ops.bridge import Body, Message, Receive, Scope, Send, Start, environ_of, part

# Seconds that a client may take nothing of what is sent in pieces before it is given up.
STALLED = 60
# Seconds that a stream whose end has come has for what it still holds.
FAREWELL = 1
# Seconds that the process waits for its last answers when it stops.
LAST_ANSWERS = 5

threads = ThreadPoolExecutor(settings.SERVER_THREADS, thread_name_prefix="request")
# Files on their way out have threads of their own: who takes one slowly holds up nobody who asks.
downloads = ThreadPoolExecutor(32, thread_name_prefix="download")
at_work: set[Any] = set()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request, or accompany the process from its start to its end."""
    if scope["type"] == "lifespan":
        await _accompany(receive, send)
        return
    at_work.add(task := asyncio.current_task())
    try:
        environ = await environ_of(scope, receive)
        loop = asyncio.get_running_loop()

        def send_from_thread(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(_send(send, message), loop).result()

        start, rest = await loop.run_in_executor(threads, _answer, environ)
        if isinstance(rest, Stream):
            await _follow(rest, start, receive, send)
        else:
            await send(start)
            if isinstance(rest, bytes):
                await send(part(rest, is_last=True))
            else:
                await loop.run_in_executor(downloads, _send_pieces, rest, send_from_thread)
    finally:
        at_work.discard(task)


async def _send(send: Send, message: Message) -> None:
    await asyncio.wait_for(send(message), STALLED)


def _answer(environ: dict[str, Any]) -> tuple[Message, bytes | Stream | StreamingHttpResponse]:
    """Django's answer, in this thread: how it begins, and the rest or where that comes from."""
    start = Start()
    response: Any = django(environ, start)
    if isinstance(response, list):
        return start.message, b"".join(response)
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    if not (is_head or isinstance(response, EventStream)):
        # It is closed where its pieces come to an end; the connection to the database is this thread's.
        close_old_connections()
        return start.message, response
    rest = b"" if is_head else response.stream
    response.close()
    return start.message, rest


def _send_pieces(response: StreamingHttpResponse, send: Callable[[Message], None]) -> None:
    try:
        for piece in response:
            send(part(piece))
        send(part(b"", is_last=True))
    finally:
        response.close()


async def _follow(stream: Stream, start: Message, receive: Receive, send: Send) -> None:
    """Keep a stream open for as long as it stands and its reader is there."""
    hub.open(stream)
    pouring = asyncio.ensure_future(_pour(stream, start, send))
    others = [asyncio.ensure_future(_hang_up(receive)), asyncio.ensure_future(stream.has_ended.wait())]
    try:
        await asyncio.wait([pouring, *others], return_when=asyncio.FIRST_COMPLETED)
        if stream.has_ended.is_set():
            await asyncio.wait([pouring], timeout=FAREWELL)
    finally:
        hub.close(stream)
        for task in (pouring, *others):
            task.cancel()
        await asyncio.gather(pouring, *others, return_exceptions=True)


async def _pour(stream: Stream, start: Message, send: Send) -> None:
    # Only with the first piece: by then the stream is known everywhere, and misses nothing.
    begun: list[Message] = [start]
    async for piece in stream.pieces():
        while begun:
            await send(begun.pop())
        await _send(send, part(piece))
    while begun:
        await send(begun.pop())
    await send(part(b"", is_last=True))


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _accompany(receive: Receive, send: Send) -> None:
    await receive()
    loop = asyncio.get_running_loop()

    def hurry(*_: Any) -> None:
        hub.shut()
        loop.call_soon_threadsafe(Body.hurry)

    for number in (signal.SIGINT, signal.SIGTERM):
        # Beside what the event loop does then: the server waits for all answers, and streams never end.
        signal.signal(number, hurry)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if at_work:
        # Their clients have gone, so nobody else waits for them.
        _, late = await asyncio.wait(at_work, timeout=LAST_ANSWERS)
        for task in late:
            task.cancel()
    await send({"type": "lifespan.shutdown.complete"})
