"""What comes over the wire and is no sound request: refused in words, at once, and nothing falls over."""

import contextlib
import json
import socket

import pytest
from django.core.files.storage import default_storage

from accounts.sessions import log_in
from tests.factories import FileMaterialFactory
from tests.server import Server

HOST = b"Host: localhost\r\n"
JSON = HOST + b"Content-Type: application/json\r\n"


@pytest.fixture
def server(transactional_db):
    server = Server(LOG_LEVEL="ERROR")
    server.start()
    yield server
    server.kill()


def get(path, headers=HOST):
    return b"GET " + path + b" HTTP/1.1\r\n" + headers + b"\r\n"


def post(headers, body=b"{}", path=b"/api/v1/signup/"):
    return b"POST " + path + b" HTTP/1.1\r\n" + JSON + headers + b"\r\n" + body


def typed(kind):
    length = b"Content-Length: 2\r\n"
    return b"POST /api/v1/signup/ HTTP/1.1\r\n" + HOST + length + b"Content-Type: " + kind + b"\r\n\r\n{}"


ALPHABET = b"a/b; c*=zlib'en'%41\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LOGIN = b"/api/auth/app/v1/auth/login"
ME = b"/api/v1/me/"

# What is sent, and the statuses that will do. The server answers some without Django, and without a body.
PROBES = {
    "no request at all": (b"nonsense\r\n\r\n", {400}),
    "the start of TLS": (b"\x16\x03\x01\x02\x00" + b"a" * 200 + b"\r\n\r\n", {400}),
    "an unknown version": (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", {400}),
    "a megabyte of header": (get(ME, HOST + b"X-A: " + b"a" * 2**20 + b"\r\n"), {431}),
    "two hundred headers": (get(ME, HOST + b"".join(b"X-%d: a\r\n" % n for n in range(200))), {431}),
    "a megabyte of address": (get(b"/" + b"a" * 2**20), {414, 431}),
    "an address of 60 kB": (get(b"/api/v1/subjects/" + b"a" * 60_000 + b"/"), {404}),
    "a header without colon": (get(ME, HOST + b"nonsense\r\n"), {400}),
    "a header folded": (get(ME, HOST + b"X-A: b\r\n c\r\n"), {400}),
    "a header with NUL": (get(ME, HOST + b"Authorization: Bearer a\x00b\r\n"), {400}),
    "a header with a lone return": (get(ME, HOST + b"X-Request-ID: a\rSet-Cookie: b\r\n"), {400}),
    "a header of any bytes": (get(ME, HOST + b"Authorization: Bearer \xff\xfe\r\n"), {401}),
    "two authorizations": (get(ME, HOST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), {401}),
    "HTTP/1.0 without host": (b"GET /api/v1/me/ HTTP/1.0\r\n\r\n", {400}),
    "no host": (get(ME, b""), {400}),
    "two hosts": (get(ME, HOST + b"Host: evil.example\r\n"), {400}),
    "another host": (get(ME, b"Host: evil.example\r\n"), {400}),
    "a host with a path": (get(ME, b"Host: localhost/x\r\n"), {400}),
    "a host with an account": (get(ME, b"Host: localhost@evil.example\r\n"), {400}),
    "a host half in brackets": (get(ME, b"Host: [::1\r\n"), {400}),
    "a host of any bytes": (get(ME, b"Host: \xff\r\n"), {400}),
    "a percent without digits": (get(b"/api/v1/%zz/"), {404}),
    "a percent at the end": (get(b"/api/v1/%"), {404}),
    "NUL in the path": (get(b"/api/v1/a\x00b/"), {400}),
    "NUL in the path, encoded": (get(b"/api/v1/subjects/%00/"), {404}),
    "a path that is no UTF-8": (get(b"/api/v1/\xff/"), {400}),
    "a path that is no UTF-8, encoded": (get(b"/api/v1/%ff/"), {404}),
    "an empty part": (get(b"/api//v1/me/"), {404}),
    "two slashes first": (get(b"//api/v1/me/"), {404}),
    "a step up": (get(b"/api/v1/../v1/me/"), {404}),
    "steps up to a file": (get(b"/static/../../../../etc/passwd"), {404}),
    "steps up to a file, encoded": (get(b"/static/..%2f..%2f..%2fetc/passwd"), {404}),
    "NUL in a file's name": (get(b"/static/%00"), {404}),
    "a folder of files": (get(b"/static/admin/"), {404}),
    "a part of a file beyond its end": (
        get(b"/static/studio/icon.svg", HOST + b"Range: bytes=99999999-\r\n"),
        {416},
    ),
    "the address of another site": (get(b"http://evil.example/nowhere"), {404}),
    "a star": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
    "a tunnel": (b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
    "a negative length": (post(b"Content-Length: -1\r\n"), {400}),
    "a length in letters": (post(b"Content-Length: abc\r\n"), {400}),
    "a length of 23 digits": (post(b"Content-Length: " + b"9" * 23 + b"\r\n"), {400}),
    "two lengths": (post(b"Content-Length: 2\r\nContent-Length: 5\r\n"), {400}),
    "more announced than is taken": (post(b"Content-Length: 9000000000000000000\r\n"), {413}),
    "more announced at the log-in": (post(b"Content-Length: 9000000000000000000\r\n", path=LOGIN), {413}),
    "a length beside chunks": (post(b"Content-Length: 2\r\n" + CHUNKED, b"2\r\n{}\r\n0\r\n\r\n"), {400}),
    "chunks beside a length": (post(CHUNKED + b"Content-Length: 2\r\n", b"2\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk without size": (post(CHUNKED, b"ZZ\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk longer than said": (post(CHUNKED, b"1\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk of 2^76 bytes": (post(CHUNKED, b"F" * 19 + b"\r\n{}\r\n0\r\n\r\n"), {400}),
    "an unknown transfer encoding": (post(b"Transfer-Encoding: gzip\r\n"), {400}),
    "a type of 12,000 characters": (typed(b"a; b=" + b"c" * 12_000), {415}),
    "a type in an unknown alphabet": (typed(b"a; b*=nonsense'en'%41"), {415}),
    "a type that is read and means nothing": (get(b"/healthz", HOST + b"Content-Type: " + ALPHABET), {200}),
    "an accepted type in an unknown alphabet": (get(b"/api/schema/", HOST + b"Accept: " + ALPHABET), {406}),
    "a compressed body": (post(b"Content-Encoding: gzip\r\nContent-Length: 2\r\n"), {400}),
    "a compressed log-in": (post(b"Content-Encoding: gzip\r\nContent-Length: 2\r\n", path=LOGIN), {400}),
    "a body shorter than said": (post(b"Content-Length: 1\r\n"), {400}),
    "a form of the studio without a boundary": (
        b"POST /admin/login/ HTTP/1.1\r\n" + HOST
        + b"Content-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\n{}",
        {403},
    ),
}  # fmt: skip
PATHS = {
    b"/api/v1/subjects/": {401},
    b"/api/v1/signup/": {405},
    b"/api/v1/ops/users/": {401},
    b"/api/auth/app/v1/auth/login": {405},
    b"/api/schema/": {405},
    b"/api/docs/": {405},
    b"/admin/login/": {405},
    b"/static/studio/icon.svg": {405},
    b"/favicon.ico": {405},
    b"/healthz": {405},
    b"/nowhere": {404},
}
for method in (b"TRACE", b"CONNECT", b"OPTIONS", b"PUT", b"BREW", b"A" * 500):
    for path, statuses in PATHS.items():
        raw = method + b" " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n"
        PROBES[f"{method[:8].decode()} {path.decode()}"] = (raw, statuses)


def answer(server, raw):
    """Status, headers and body of what comes back; the connection is left open for whoever wants to wait."""
    with server.connect() as line:
        with contextlib.suppress(OSError):  # refused before all of it was sent
            line.sendall(raw)
        with line.makefile("rb") as reader:
            status = int(reader.readline().split()[1])
            headers = {}
            while header := reader.readline().strip():
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            if headers.get("transfer-encoding") == "chunked":
                body = b"".join(
                    reader.read(int(size, 16) + 2)[:-2] for size in iter(reader.readline, b"0\r\n")
                )
            else:
                # HTTP/1.0 ends with the connection.
                body = reader.read(int(headers.get("content-length", -1)))
            return status, headers, body


def wrong(server, raw, expected):
    """What is wrong with an answer; nothing where it is as it should be."""
    status, headers, body = answer(server, raw)
    if status not in expected:
        return f"{status} {body[:200]!r}"
    if not headers.get("x-request-id"):
        return f"words without Django: {body[:200]!r}" if body else None
    if status == 405 and not headers.get("allow"):
        return "405 without Allow"
    if headers["content-type"].startswith("text/html"):
        return None if raw.split()[1].startswith(b"/admin/") else "a page"
    if status == 200:
        return None
    said = json.loads(body)
    code = said["error"]["code"] if "error" in said else said["errors"][0]["code"]
    return None if code else "no code"


def test_what_is_no_sound_request_is_refused_in_words(server):
    found = {name: wrong(server, raw, expected) for name, (raw, expected) in PROBES.items()}

    assert {name: fault for name, fault in found.items() if fault} == {}
    # The server is as well as before, and still puts a body in chunks together.
    status, _, body = answer(server, post(CHUNKED, b'9\r\n{"name": \r\n4\r\n"a"}\r\n0\r\n\r\n'))
    assert status == 400
    assert set(json.loads(body)["error"]["fields"]) == {"email", "password"}


def test_a_body_that_is_cut_off_changes_nothing(server, alice, settings):
    token = log_in(alice, ip_address="192.0.2.1", user_agent="tests").session_key
    begin = JSON + f"Authorization: Bearer {token}\r\nContent-Length: 90\r\n\r\n".encode()

    with server.connect() as line:
        chunked = begin.replace(b"Content-Length: 90\r\n", CHUNKED)
        line.sendall(b"PATCH /api/v1/me/ HTTP/1.1\r\n" + chunked + b'e\r\n{"name":"Cut"}\r\n')
        line.shutdown(socket.SHUT_WR)
        assert line.makefile("rb").readline().split()[1] == b"400"
    for first, body in ((b"PATCH", b'{"name":"Cut"}'), (b"DELETE", b"")):
        with server.connect() as line:
            line.sendall(first + b" /api/v1/me/ HTTP/1.1\r\n" + begin + body)
            line.shutdown(socket.SHUT_WR)
            assert line.makefile("rb").readline().split()[1] == b"400"

    alice.refresh_from_db()
    assert (alice.name, alice.deleted_at) == ("Alice", None)


def test_who_sends_little_slowly_holds_nobody_up(server):
    slow = []
    for headers in [b"Content-Length: 90\r\n", CHUNKED] * 4:
        slow.append(server.connect())
        slow[-1].sendall(post(headers, b"", path=LOGIN))

    status, _, _ = answer(server, get(b"/healthz"))
    assert status == 200
    # Nor a server that is to stop.
    assert server.stop(seconds=8) == 0
    for line in slow:
        line.close()


def test_who_does_not_take_their_answers_holds_nobody_up(server, alice):
    token = log_in(alice, ip_address="192.0.2.1", user_agent="tests").session_key
    material = FileMaterialFactory(user=alice)
    with default_storage.open(material.file.name, "wb") as file:
        file.write(bytes(20_000_000))
    path = f"/api/v1/materials/{material.pk}/file/".encode()
    lines = []
    for _ in range(8):
        lines.append(server.connect())
        lines[-1].sendall(get(path, HOST + f"Authorization: Bearer {token}\r\n".encode()))
        assert lines[-1].recv(15) == b"HTTP/1.1 200 OK"

    status, _, _ = answer(server, get(b"/healthz"))
    assert status == 200
    for line in lines:
        line.close()
