"""What browsers, proxies and other sites are told about an answer."""

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from tests.factories import PASSWORD, SubjectFactory

ROOT = Path(__file__).resolve().parent.parent
URL = "/api/v1/subjects/"
FRIEND = "https://app.example.com"
ADDRESSES = [
    URL,
    "/api/auth/app/v1/config",
    "/api/docs/",
    "/admin/login/",
    "/demo/room/",
    "/nowhere",
    "/static/studio/icon.svg",
]


def headers_of(client, address, **headers):
    """What an answer says before its body, which a file would keep open."""
    with closing(client.get(address, headers=headers)) as answer:
        return answer.headers


@pytest.mark.parametrize("address", [*ADDRESSES, "/healthz"])
def test_every_answer_says_how_it_may_be_shown_and_embedded(client, db, address):
    answer = headers_of(client, address)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy or answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("address", [URL, "/api/docs/", "/admin/login/", "/demo/room/", "/nowhere"])
def test_pages_of_other_sites_are_kept_at_a_distance(client, db, address):
    answer = client.get(address)

    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_what_is_ones_own_is_kept_by_nothing_in_between(as_user, alice, anyone):
    subject = SubjectFactory(user=alice)

    for answer in (as_user(alice).get(f"{URL}{subject.pk}/"), as_user(alice).get(URL), anyone.get(URL)):
        assert answer["Cache-Control"] == "private, no-cache"
        assert {"Authorization", "X-Session-Token", "Cookie"} <= set(re.split(", ?", answer["Vary"]))


@pytest.mark.parametrize("address", ["/api/auth/app/v1/config", "/admin/login/", "/readyz", "/nowhere"])
def test_secrets_and_pages_of_staff_are_kept_nowhere(client, db, address):
    assert "no-store" in client.get(address)["Cache-Control"]


def test_the_demo_page_is_everybodys_and_kept_as_long_as_its_scripts(client, db, queries):
    with queries() as sent:
        page = client.get("/demo/room/")
    scripts = headers_of(client, "/static/demo/lyceum.js")

    for answer in (page, scripts):
        assert set(answer["Cache-Control"].split(", ")) == {"max-age=60", "public"}
    assert "Vary" not in page
    assert not page.cookies
    assert len(sent) == 0
    assert client.post("/demo/room/").status_code == 405


def test_over_https_it_is_https_for_a_year(client, db, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True

    answer = client.get(URL, secure=True)

    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_production_settings_leave_nothing_to_warn_of(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "ENVIRONMENT": "production",
        "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "ALLOWED_HOSTS": "api.example.com",
        "CORS_ALLOWED_ORIGINS": FRIEND,
        "DATABASE_URL": "",
    }
    command = [sys.executable, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: S603

    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


@pytest.fixture
def open_to_a_friend(settings):
    """As with CORS_ALLOWED_ORIGINS=https://app.example.com."""
    settings.CORS_ALLOWED_ORIGINS = [FRIEND]
    first, *others = settings.MIDDLEWARE
    settings.MIDDLEWARE = [first, "corsheaders.middleware.CorsMiddleware", *others]


def preflight(client, path, origin=FRIEND, method="PATCH", headers="authorization,if-match"):
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return client.options(path, headers={"Origin": origin, **asked})


def test_a_front_end_that_is_named_may_read_answers_and_refusals(
    open_to_a_friend, as_user, anyone, alice, settings, somewhere
):
    settings.THROTTLE_ANON = (3, 60)
    headers = {"Origin": FRIEND}

    answers = [
        as_user(alice).get(URL, headers=headers),
        as_user(alice).get(f"{URL}nothing/", headers=headers),
        as_user(alice).post(URL, {}, headers=headers),
        anyone.get(URL, headers=headers | {"Host": "evil.example"}, REMOTE_ADDR=somewhere),
        *(anyone.get(URL, headers=headers, REMOTE_ADDR=somewhere) for _ in range(3)),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 400, 400, 401, 401, 429]
    for answer in answers:
        assert answer["Access-Control-Allow-Origin"] == FRIEND
        assert "Access-Control-Allow-Credentials" not in answer
        assert {"X-Request-ID", "Retry-After", "ETag"} <= set(
            answer["Access-Control-Expose-Headers"].split(", ")
        )
        assert "origin" in answer["Vary"].lower()


def test_a_front_end_reads_that_something_broke(open_to_a_friend, as_user, alice, monkeypatch):
    def broken(**_):
        raise ZeroDivisionError

    monkeypatch.setattr("materials.services.create_subject", broken)
    answer = as_user(alice).post(URL, {"name": "x"}, headers={"Origin": FRIEND})

    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (500, FRIEND)


def test_a_front_end_is_told_beforehand_what_it_may_send(open_to_a_friend, settings, somewhere, db):
    settings.THROTTLE_ANON = (2, 60)
    anyone = APIClient(REMOTE_ADDR=somewhere)

    for path in (URL, f"{URL}nothing/", "/api/auth/app/v1/auth/login", "/api/v1/me/"):
        answer = preflight(anyone, path)

        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, FRIEND)
        assert {"PATCH", "DELETE"} <= set(answer["Access-Control-Allow-Methods"].split(", "))
        allowed = set(answer["Access-Control-Allow-Headers"].split(", "))
        assert {"authorization", "x-session-token", "if-match", "last-event-id", "range"} <= allowed
    # None of them has counted as a call.
    assert anyone.get(URL).status_code == 401


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "https://evil.example", "http://app.example.com", "https://app.example.com:8443", "*"),
        *(
            "https://app.example.com.evil.example",
            "https://evilapp.example.com",
            "https://app.example.com@evil",
        ),
        *("https://App.example.com", "https://sub.app.example.com", "https://[", "app.example.com"),
    ],
)
def test_a_page_of_another_site_reads_nothing(open_to_a_friend, as_user, anyone, alice, origin):
    answer = as_user(alice).get(URL, headers={"Origin": origin})

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer
    assert "Access-Control-Allow-Origin" not in preflight(anyone, URL, origin=origin)


def test_the_studio_is_open_to_no_other_site(open_to_a_friend, client, db):
    for address in ("/admin/login/", "/static/studio/icon.svg", "/healthz"):
        assert "Access-Control-Allow-Origin" not in headers_of(client, address, Origin=FRIEND)
        assert preflight(client, address).status_code == 405


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_other_site_reads_anything_where_none_is_named(client, db, address):
    headers = headers_of(client, address, Origin=FRIEND)

    assert not [name for name in headers if name.startswith("Access-Control")]


def test_without_a_named_site_there_is_nothing_to_ask_beforehand(anyone, db):
    assert preflight(anyone, "/api/v1/signup/").status_code == 405


def test_a_log_in_from_a_named_site_is_by_token(open_to_a_friend, alice):
    client = APIClient()
    login = {"email": alice.email, "password": PASSWORD}
    answer = client.post("/api/auth/app/v1/auth/login", login, format="json", headers={"Origin": FRIEND})

    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, FRIEND)
    token = answer.json()["meta"]["session_token"]
    assert client.get("/api/v1/me/", headers={"Origin": FRIEND, "X-Session-Token": token}).status_code == 200
