"""Nasty bodies, queries, keys, headers and methods, at every address that has such a thing."""

import json

import pytest

from tests.bad_inputs.cases import cases_of, expected, value_of
from tests.bad_inputs.places import BODIES, ORGANIZATION, ROOM, THREAD, VIDEO_KEYFRAMES

# Every collection that a GET lists.
LISTS = [
    "subjects/",
    "materials/",
    "threads/",
    THREAD,
    "video-summaries/",
    VIDEO_KEYFRAMES,
    "tags/",
    "categories/",
    "rooms/",
    f"{ROOM}members/",
    f"{ROOM}messages/",
    "organizations/",
    ORGANIZATION,
    "users/",
    "me/sessions/",
    "me/tokens/",
    "ops/users/",
]
# And those of them whose rows have addresses of their own.
ROWS = [path for path in LISTS if path not in {"tags/", "categories/", "me/sessions/", "me/tokens/"}]
FAST = 0.25  # seconds


@pytest.mark.parametrize("case", cases_of("body"))
def test_bodies(case, world):
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in case.get("headers", {}).items()
    }
    body = value_of(case)
    # What is made by an expression is a body in JSON, unless it is one as it stands.
    text = body if isinstance(body, bytes) or case.get("gen_raw") else json.dumps(body)
    for method, path, rows in {(body.method, body.path, body.rows): None for body in BODIES}:
        with world.unharmed(rows):
            more = {"content_type": case["content_type"]} if "content_type" in case else {}
            answer = world.ask(method, path, text, **more, **headers)
            assert answer.status_code in expected(case), (method, path, answer.content)


@pytest.mark.parametrize("case", cases_of("pagination", "ordering", "search", "filter", "query"))
def test_queries(case, world):
    then = case.get("then", "")
    for path in LISTS:
        # Twice where time counts: the first may have waited for something else.
        answers = [
            world.ask("GET", path, QUERY_STRING=value_of(case)) for _ in range(2 if "fast" in then else 1)
        ]
        answer = answers[-1]
        assert answer.status_code in expected(case), (path, answer.content)
        if "fast" in then:
            assert min(answer.seconds for answer in answers) < FAST
        if answer.status_code == 200:
            items = answer.json()["items"]
            assert len(items) <= 100
            if then == "literal_match":
                assert all("%" in json.dumps(item) for item in items)
            if then in {"not_applied", "only_own_rows"}:
                assert items == world.ask("GET", path).json()["items"]


@pytest.mark.parametrize("case", cases_of("path"))
def test_keys_in_addresses(case, world):
    which = {"<other user's id>": "foreign", "<soft-deleted own id>": "deleted"}.get(case.get("value"))
    for path in ROWS:
        if which:
            rows = {THREAD: "", ROOM: "", f"{ROOM}messages/": "room messages"}.get(path, path.rstrip("/"))
            key = f"<{which} {rows}>"
            if key[1:-1] not in world.keys:
                continue
        else:
            key = value_of(case)
        for method, body in (("GET", None), ("PATCH", "{}"), ("DELETE", None)):
            with world.undone():
                answer = world.ask(method, f"{path}{key}/", body)
                assert answer.status_code in expected(case), (method, path, answer.content)


@pytest.mark.parametrize("case", cases_of("header"))
def test_headers(case, world, settings):
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in value_of(case).items()}
    method = case.get("method", "GET")
    usual = world.ask("GET", "subjects/")
    if "throttle_not_reset" in case.get("then", ""):
        settings.THROTTLE_USER = (3, 60)
        for _ in range(3):
            world.ask("GET", "subjects/")
        assert world.ask("GET", "subjects/", **headers).status_code == 429
        return
    path = "subjects/" if method == "GET" else "subjects/<subjects>/"
    if headers.keys() & {"HTTP_AUTHORIZATION", "HTTP_COOKIE"}:
        world.owner.credentials()  # in place of the token
    with world.undone():
        body = None if method == "GET" else {"name": "Other"}
        answers = [world.ask(method, path, body, **headers) for _ in range(2)]
    for answer in answers:
        assert answer.status_code in expected(case), answer.content
        assert "Access-Control-Allow-Origin" not in answer.headers
        if method == "GET" and answer.status_code == 200:
            assert answer.json() == usual.json()
    if "fast" in case.get("then", ""):
        assert min(answer.seconds for answer in answers) < FAST


@pytest.mark.parametrize("case", cases_of("live"))
def test_places_to_follow_from(case, world):
    name, _, value = value_of(case).partition(": ")
    answer = world.ask("GET", f"{ROOM}events/", headers={name: value})
    assert str(answer.status_code) in expected(case), answer.content


@pytest.mark.parametrize("case", cases_of("method"))
def test_methods(case, world):
    for path in LISTS:
        if case["value"] == "PUT" and path == "ops/users/":
            continue
        with world.undone():
            answer = world.ask(case["value"], path)
            assert answer.status_code in expected(case), (path, answer.content)
            if answer.status_code == 405:
                assert "GET" in answer.headers["Allow"]
        world.still_lists(path)
