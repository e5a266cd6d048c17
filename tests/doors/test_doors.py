"""Every operation by everyone who may come along, as `doors.txt` has it."""

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from uuid_utils.compat import uuid7

from tests.doors.conftest import PEOPLE, undone, whole

pytestmark = pytest.mark.django_db


class Door(NamedTuple):
    """One row of the table."""

    method: str
    path: str
    people: tuple[str, ...]
    out: str
    body: str

    @property
    def route(self) -> str:
        """The address as the URLs declare it."""
        path = re.sub(r"\{\w+\}", str(uuid7()), self.path.partition("?")[0])
        # What stands behind all others below ops/ is a pattern of its own.
        return resolve(f"/api/v1/{path}").route.replace("^", "")


def doors():
    for line in (Path(__file__).parent / "doors.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            method, path, *cells = line.split(maxsplit=3 + len(PEOPLE))[: 3 + len(PEOPLE)]
            body = line.split(maxsplit=3 + len(PEOPLE))[3 + len(PEOPLE) :]
            yield Door(method, path, tuple(cells[:-1]), cells[-1], "".join(body))


DOORS = list(doors())
by_door = pytest.mark.parametrize("door", DOORS, ids=[f"{door.method} {door.path}" for door in DOORS])


@by_door
def test_a_door(door, world):
    path, body = world.filled(door.path), world.filled(door.body)
    heard, refusals = [], defaultdict(set)
    for person in PEOPLE:
        client = world.clients[person]
        statements = []

        def noted(execute, sql, *others, statements=statements):
            statements.append(sql)
            return execute(sql, *others)

        with undone(), connection.execute_wrapper(noted):
            answer = world.send(client, door.method, path, body)
        assert not [sql for sql in statements if is_unsure_of_its_row(sql)]
        heard.append(_cell(answer, listed=":" in "".join(door.people)))
        if answer.status_code == 404 or (answer.status_code == 403 and path.startswith("ops/")):
            refusals[answer.status_code].add(whole(answer))
            # What is another's answers as if it were not there.
            with undone():
                nothing = world.send(client, door.method, _elsewhere(door, world), body)
            refusals[answer.status_code].add(whole(nothing))
        is_closed = answer.status_code == 403 or (answer.status_code == 404 and "404" not in heard[:-1])
        if is_closed and not _depends_on_body(door, person):
            # Whatever else is wrong with the request.
            refusals[answer.status_code].add(whole(answer))
            for wrong in _spoilt(door.method, path, body):
                with undone():
                    refusals[answer.status_code].add(whole(world.send(client, *wrong)))

    assert tuple(heard) == door.people
    for status, answers in refusals.items():
        assert len(answers) == 1, (status, answers)


@pytest.mark.parametrize(
    "door",
    {(door.method, door.route): door for door in DOORS}.values(),
    ids=lambda door: f"{door.method} {door.path}",
)
def test_a_door_without_a_valid_log_in(door, world):
    path, body = world.filled(door.path), world.filled(door.body)
    answers = []
    for out in world.out.values():
        with undone():
            answers.append(world.send(out(), door.method, path, body))

    assert {_cell(answer) for answer in answers} == {door.out}
    if door.out == "401":
        answers.append(world.send(world.out["anonymous"](), door.method, _elsewhere(door, world), "{"))
        assert len({whole(answer) for answer in answers}) == 1
        assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="lyceum"'


def _spoilt(method, path, body):
    """The same request with something else wrong about it."""
    yield method, f"{path}{'&' if '?' in path else '?'}nothing=1", body
    if method in {"post", "patch"}:
        yield method, path, "{"


def _depends_on_body(door, person):
    """Whether another body takes this person through the same door."""
    place = PEOPLE.index(person)
    rows = [other for other in DOORS if (other.method, other.path) == (door.method, door.path)]
    return len({other.people[place] for other in rows}) > 1


def _elsewhere(door, world):
    """The same address with keys of no row."""
    return world.filled(door.path, **{name: str(uuid7()) for name in world.keys})


def _cell(answer, listed=False):
    if not listed or answer.status_code != 200:
        return str(answer.status_code)
    page = answer.json()
    assert page.get("total", len(page["items"])) == len(page["items"])
    return f"{answer.status_code}:{len(page['items'])}"


def is_unsure_of_its_row(sql):
    """Whether an UPDATE finds its rows by a subquery on its own table.

    On PostgreSQL one that waits for another then changes the row whatever has become of it. Not so where the
    row above is held first, as with turns and keyframes.
    """
    found = re.match(r'UPDATE "(\w+)" .* WHERE "\1"\."id" IN \(SELECT "\w+"\."id" FROM "\1"', sql)
    return found is not None and found[1] not in {"threads_message", "media_summaries_keyframe"}


def routes(patterns=None, prefix=""):
    """Every (method, route) of the API."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/v1/"):
            # What stands behind all others below ops/ takes no method at all.
            for method in getattr(pattern.callback, "actions", None) or ["get"]:
                if method != "head":
                    yield method, route.replace("^", "")


def test_every_operation_has_a_door():
    assert {(door.method, door.route) for door in DOORS} == set(routes())
