"""Bodies: one reading of a JSON text, the same for every client."""

import contextlib
import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from common.parsers import StrictJSONParser
from tests.factories import SubjectFactory

URL = "/api/v1/subjects/"

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(-1e15, 1e15)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_json_says_is_what_is_read(value):
    assert StrictJSONParser().parse(io.BytesIO(json.dumps(value).encode())) == value
    assert StrictJSONParser().parse(io.BytesIO(json.dumps(value, ensure_ascii=False).encode())) == value


@given(
    st.binary(max_size=60) | st.text(st.sampled_from('{}[]:,"\\u0dc8e19.-NaN '), max_size=30).map(str.encode)
)
def test_any_bytes_are_read_or_refused(body):
    with contextlib.suppress(ParseError):
        json.dumps(StrictJSONParser().parse(io.BytesIO(body)), allow_nan=False).encode()


def nested(levels):
    return b'{"name":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": "x"}}',
        b'{"name": "x",}',
        b"{'name': 'x'}",
        b'{"name": "a\x01b"}',
        b'{"name": "\xff\xfe"}',
        b'{"name": "\xc0\x80"}',
        b'{"name": "\xed\xa0\x80"}',
        '{"name": "x"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"name": "x"}',
        rb'{"name": "\ud800"}',
        rb'{"name": "a\u0000b"}',
        rb'{"name": "x", "\udc00": 1}',
        b'{"name": "x", "name": "y"}',
        b'{"name": "x", "deep": [[{"a": 1, "a": 2}]]}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": 1e400}',
        b'{"name": 9223372036854775808}',
        b'{"name": -9223372036854775809}',
        b'{"name": 1e19}',
        b'{"name": ' + b"9" * 5000 + b"}",
        nested(21),
        b"[" * 100_000,
        json.dumps({"name": "x", "deep": [dict.fromkeys(map(str, range(2001)))]}).encode(),
    ],
)
def test_a_body_that_is_in_doubt_is_refused_without_an_echo(as_user, alice, body):
    answer = as_user(alice).post(URL, body, content_type="application/json")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "parse_error")
    assert "fields" not in answer.json()["error"]
    for part in ("9999", "ud800", "\ufffd", "name"):
        assert part not in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"1", b"true"])
def test_a_body_that_is_no_object_is_refused(as_user, alice, body):
    answer = as_user(alice).post(URL, body, content_type="application/json")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error")
    assert list(answer.json()["error"]["fields"]) == ["_"]


def test_twenty_levels_are_read(as_user, alice):
    answer = as_user(alice).post(URL, nested(20), content_type="application/json")

    assert list(answer.json()["error"]["fields"]) == ["name"]


def test_an_object_has_up_to_two_thousand_keys(as_user, alice):
    keys = dict.fromkeys((f"{number:x}" for number in range(2000)), 1)

    assert as_user(alice).patch("/api/v1/me/settings/", {"preferences": keys}).status_code == 200


def test_of_many_unknown_fields_some_are_named(as_user, alice):
    answer = as_user(alice).post(URL, dict.fromkeys((f"k{number}" for number in range(2000)), 1))

    assert answer.status_code == 400
    assert len(answer.content) < 10_000


def test_numbers_of_64_bits_are_kept_exactly(as_user, alice):
    preferences = {"low": -(2**63), "high": 2**63 - 1, "small": 5e-324, "tenth": 0.1, "large": 1e18}

    as_user(alice).patch("/api/v1/me/settings/", {"preferences": preferences})

    assert as_user(alice).get("/api/v1/me/settings/").json()["preferences"] == preferences


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/api/v1/subjects/", 2**20), ("/api/v1/me/profile/", 2**20), ("/api/v1/materials/", 10 * 2**20)],
)
def test_a_body_has_a_limit_in_bytes_on_the_wire(as_user, alice, path, limit):
    def send(size):
        body = b'{"x": "' + b"y" * (size - 9) + b'"}'
        method = "PATCH" if "me" in path else "POST"
        return as_user(alice).generic(method, path, body, content_type="application/json")

    assert send(limit).status_code == 400
    too_long = send(limit + 1)
    assert (too_long.status_code, too_long.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("body", [b"[" + b"1," * 5_000_000 + b"1]", b"[" + b"[]," * 3_000_000 + b"[]]"])
def test_ten_megabytes_of_small_things_are_read_in_time(as_user, alice, body):
    client, body = as_user(alice), b'{"x":' + body + b"}"

    def cost(read: Callable[[], Any]) -> float:
        # Of the processor: a busy machine is no finding.
        began = time.thread_time()
        read()
        return time.thread_time() - began

    def post() -> None:
        answer = client.post("/api/v1/materials/", body, content_type="application/json")
        assert answer.status_code == 400

    # Beside what JSON alone costs here; nor is a machine that stands still for a while.
    alone = min(cost(lambda: json.loads(body)) for _ in range(2))
    assert any(cost(post) < 13 * alone for _ in range(3))


@pytest.mark.parametrize(
    "content_type",
    [
        *("", "text/plain", "application/xml", "////", "multipart/form-data", "application/vnd.api+json"),
        *("*/*", "application/*", "application/json, text/plain", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_of_another_type_is_refused(as_user, alice, content_type):
    answer = as_user(alice).generic("POST", URL, b'{"name": "x"}', content_type=content_type)

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("parameter", ["; charset=utf-8", "; charset=utf-99", ";charset=zlib", ""])
def test_the_charset_of_json_means_nothing(as_user, alice, parameter):
    content_type = f"application/json{parameter}"

    answer = as_user(alice).generic("POST", URL, '{"name": "é"}'.encode(), content_type=content_type)

    assert (answer.status_code, answer.json()["name"]) == (201, "é")


def test_a_change_says_what_it_changes(as_user, alice):
    empty = as_user(alice).generic("PATCH", "/api/v1/me/", b"", content_type="application/json")
    nothing = as_user(alice).patch("/api/v1/me/", {})

    assert (empty.status_code, empty.json()["error"]["code"]) == (400, "parse_error")
    assert nothing.status_code == 200


def test_the_name_of_a_type_is_the_same_in_capitals(as_user, alice):
    answer = as_user(alice).generic("POST", URL, b'{"name": "x"}', content_type="Application/JSON")

    assert answer.status_code == 201


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity", "nonsense"])
def test_a_compressed_body_is_refused(as_user, alice, encoding):
    headers = {"Content-Encoding": encoding}

    answer = as_user(alice).post(URL, {"name": "x"}, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "parse_error")
    assert (
        as_user(alice).post(URL, {"name": "x"}, headers={"Content-Encoding": "identity"}).status_code == 201
    )


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "9" * 30])
def test_a_length_that_is_none_is_no_error_of_ours(as_user, anyone, alice, length):
    for client, path in ((as_user(alice), URL), (anyone, "/api/auth/app/v1/auth/login")):
        answer = client.post(path, {"name": "x"}, CONTENT_LENGTH=length)

        assert answer.status_code in {400, 413}


def test_what_a_deletion_does_not_take_stops_it(as_user, alice):
    one = f"{URL}{SubjectFactory(user=alice).pk}/"

    def delete(body, content_type="application/json"):
        answer = as_user(alice).generic("DELETE", one, body, content_type=content_type)
        return answer.status_code, answer.content and answer.json()["error"]["code"]

    assert delete(b'{"dry_run": true}') == (400, "validation_error")
    assert delete(b"[]") == (400, "validation_error")
    assert delete(b"{") == (400, "parse_error")
    assert delete(b"x", "text/plain") == (415, "unsupported_media_type")
    assert delete(b"{}") == (204, b"")
    assert delete(b'{"dry_run": true}') == (404, "not_found")


def test_what_comes_with_a_reading_means_nothing(as_user, alice):
    assert as_user(alice).generic("GET", URL, b"{", content_type="text/plain").status_code == 200
