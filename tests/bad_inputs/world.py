"""A world with one row of each kind, and what every answer to a nasty input must keep to."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from django.db import connection, transaction

SECONDS = 2
# What only the inside of the server knows.
INSIDE = re.compile(
    r"Traceback|site-packages|\.py\b|/(home|usr|tmp|var|opt|root)/|SELECT |INSERT |UPDATE |sqlite|psycopg"
)
READS = re.compile("SELECT |SAVEPOINT |RELEASE SAVEPOINT |ROLLBACK TO SAVEPOINT ")


class World:
    """Alice's rows by the words that stand for them, and how she and staff ask."""

    def __init__(self, owner: Any, staff: Any, keys: dict[str, Any]):
        self.owner, self.staff, self.keys = owner, staff, {word: str(key) for word, key in keys.items()}
        self.accepted = False
        self.unread: set[str] = set()

    def filled(self, text: str) -> str:
        """A text with every word in angle brackets replaced by its row's key."""
        return re.sub("<([a-z -]+)>", lambda word: self.keys.get(word[1], word[0]), text)

    def client_for(self, path: str) -> Any:
        return self.staff if path.startswith("ops/") else self.owner

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is written meanwhile is taken back."""
        before = transaction.savepoint_create()
        try:
            yield
        finally:
            transaction.savepoint_rollback(before)

    @contextmanager
    def unharmed(self, rows: str) -> Iterator[None]:
        """Whatever is sent meanwhile, the list at `rows` answers its owner.

        What is accepted is taken back. Refusals add up: were one of them to leave something behind, it would
        be there when the test ends and the lists are read. One that has only read leaves nothing.
        """
        statements: list[str] = []

        def noted(execute: Any, sql: str, *others: Any) -> Any:
            statements.append(sql)
            return execute(sql, *others)

        before = transaction.savepoint_create()
        self.accepted = False
        with connection.execute_wrapper(noted):
            yield
        if self.accepted:
            self.still_lists(rows)
            transaction.savepoint_rollback(before)
        else:
            transaction.savepoint_commit(before)
            if not all(map(READS.match, statements)):
                self.unread.add(rows)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The answer of an address below /api/v1/, given in time and without a word of the inside.

        `body` is sent as it is, or as JSON where it is no text.
        """
        if not isinstance(body, str | bytes | None):
            body = self.filled(json.dumps(body))
        more.setdefault("content_type", "application/json")
        ask = self.client_for(path).generic
        start = perf_counter()
        answer = ask(method, f"/api/v1/{self.filled(path)}", body or "", **more)
        answer.seconds = perf_counter() - start
        self.accepted |= method != "GET" and answer.status_code < 400
        assert answer.seconds < SECONDS
        assert answer.status_code < 500, answer.content[:500]
        if answer.status_code >= 400:
            refusal = answer.json()["error"]
            assert refusal["code"]
            assert refusal["message"]
            assert refusal["request_id"] == answer.headers["X-Request-ID"]
            assert not INSIDE.search(answer.content.decode())
        return answer

    def still_lists(self, path: str) -> None:
        """Nothing that was sent may keep its owner from reading the rest."""
        assert self.ask("GET", path).status_code == 200
