"""The ASGI application behind `manage.py serve`: Django answers in threads, live events wait on the loop."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# The first of all: it says where the settings are.
from config.wsgi import application as django  # isort: skip

from django.conf import settings

from chatrooms.live.hub import hub
from chatrooms.live.streams import Stream
from chatrooms.views import EventStream
from config.ops.bridge import Message, Receive, Scope, Send, Start, environ_of, part

# Seconds that a client may take nothing of a stream before it is given up.
STALLED = 60
# Seconds that a stream whose end has come has for what it still holds.
FAREWELL = 1
# Seconds that the process waits for its last answers when it stops.
LAST_ANSWERS = 5

threads = ThreadPoolExecutor(settings.SERVER_THREADS, thread_name_prefix="request")
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

        stream, messages = await loop.run_in_executor(threads, _answer, environ, send_from_thread)
        if stream is not None:
            await _follow(stream, messages[0], receive, send)
        else:
            for message in messages:
                await send(message)
    finally:
        at_work.discard(task)


async def _send(send: Send, message: Message) -> None:
    await send(message)


def _answer(environ: dict[str, Any], send: Any) -> tuple[Stream | None, list[Message]]:
    """Django's answer, in this thread: what is to be sent or, for live events, a stream and how it begins."""
    start = Start()
    response: Any = django(environ, start)
    try:
        if not response.streaming:
            return None, [start.message, part(b"".join(response), is_last=True)]
        if environ["REQUEST_METHOD"] == "HEAD":
            return None, [start.message, part(b"", is_last=True)]
        if isinstance(response, EventStream):
            return response.stream, [start.message]
        send(start.message)
        for piece in response:
            send(part(piece))
        return None, [part(b"", is_last=True)]
    finally:
        # Also gives the connection to the database back, here in its thread.
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
        await asyncio.wait_for(send(part(piece)), STALLED)
    while begun:
        await send(begun.pop())
    await send(part(b"", is_last=True))


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _accompany(receive: Receive, send: Send) -> None:
    await receive()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Beside what the event loop does then: the server waits for all answers, and streams never end.
        signal.signal(number, lambda *_: hub.shut())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if at_work:
        # Their clients have gone, so nobody else waits for them.
        _, late = await asyncio.wait(at_work, timeout=LAST_ANSWERS)
        for task in late:
            task.cancel()
    await send({"type": "lifespan.shutdown.complete"})
