"""Logging in and out, and what a token opens in between."""

import json
import time
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, SessionKind
from accounts.querysets import token_digest
from tests.factories import PASSWORD, UserFactory

LOGIN = "/api/auth/app/v1/auth/login"
SESSION = "/api/auth/app/v1/auth/session"
ME = "/api/v1/me/"


@pytest.fixture
def dora(db):
    return UserFactory(name="Dora", username="Dora.D", email="dora@example.com")


def log_in(client, password=PASSWORD, **who):
    return client.post(LOGIN, {**who, "password": password})


def token_of(answer):
    return answer.json()["meta"]["session_token"]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "who",
    [
        {"email": "dora@example.com"},
        {"email": "Dora@Example.COM"},
        {"username": "Dora.D"},
        {"username": "dora.d"},
        {"username": "dora@example.com"},
    ],
)
def test_a_person_logs_in_by_address_or_username_whatever_the_case(anyone, dora, who):
    answer = log_in(anyone, **who)

    assert answer.status_code == 200
    assert answer.json()["meta"]["is_authenticated"] is True
    assert answer.json()["data"]["user"]["id"] == str(dora.pk)
    assert anyone.get(ME, headers=bearer(token_of(answer))).json()["email"] == "dora@example.com"


def test_either_header_carries_the_token(anyone, dora):
    token = token_of(log_in(anyone, email=dora.email))
    anyone.logout()

    for headers in (bearer(token), {"Authorization": f"bearer {token}"}, {"X-Session-Token": token}):
        assert anyone.get(ME, headers=headers).status_code == 200
    for headers in ({}, {"Authorization": token}, {"Authorization": f"Token {token}"}, bearer(token[:-1])):
        assert anyone.get(ME, headers=headers).status_code == 401
    assert anyone.get(f"{ME}?session_token={token}").status_code == 401


def test_knowing_who_asks_costs_one_statement(anyone, dora, queries):
    token = token_of(log_in(anyone, email=dora.email))

    with queries() as sent:
        anyone.get("/api/v1/me/settings/", headers=bearer(token))
    with queries() as for_nobody:
        anyone.get("/api/v1/me/settings/", headers=bearer("nonsense"))

    assert len(sent) == 2  # the session with its person, then the settings
    assert len(for_nobody) == 1


def test_the_database_knows_a_digest_and_where_the_log_in_came_from(anyone, dora):
    token = token_of(
        anyone.post(LOGIN, {"email": dora.email, "password": PASSWORD}, headers={"User-Agent": "u" * 600})
    )

    session = Session.objects.get()
    assert (session.user, session.kind, session.token_digest) == (dora, "login", token_digest(token))
    assert (session.ip_address, session.user_agent) == ("127.0.0.1", "u" * 512)
    assert not any(token in str(value) for value in vars(session).values())


def test_a_log_out_ends_the_log_in_at_once_and_no_other(anyone, dora):
    token, other = (token_of(log_in(APIClient(), email=dora.email)) for _ in range(2))

    ended = anyone.delete(SESSION, headers={"X-Session-Token": token})

    assert ended.status_code == 401  # allauth's way to say that nobody is logged in now
    assert anyone.get(ME, headers=bearer(token)).status_code == 401
    assert anyone.get(SESSION, headers={"X-Session-Token": token}).status_code == 410
    assert anyone.get(ME, headers=bearer(other)).status_code == 200


def refusals(dora):
    UserFactory(username="inactive", email="inactive@example.com", is_active=False)
    UserFactory(username="deleted", email="deleted@example.com", deleted_at=timezone.now())
    return {
        "wrong password": (dora, "wrong password"),
        "nobody": (UserFactory.build(username="nobody", email="nobody@example.com"), PASSWORD),
        "inactive": (UserFactory.build(username="inactive", email="inactive@example.com"), PASSWORD),
        "deleted": (UserFactory.build(username="deleted", email="deleted@example.com"), PASSWORD),
    }


@pytest.mark.parametrize("by", ["email", "username"])
def test_a_refused_log_in_never_tells_why(anyone, dora, by):
    answers = [
        log_in(anyone, password, **{by: getattr(person, by)}) for person, password in refusals(dora).values()
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.content for answer in answers}) == 1
    assert not Session.objects.filter(user__isnull=False).exists()


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a\0b", "password": "x"},
        {"username": "a\0b", "password": "x"},
        {"username": "dora", "password": "\ud800"},
        {"username": "\ud800", "password": "x"},
        {"username": {"$gt": ""}, "password": {"$gt": ""}},
        {"username": "dora"},
        {"password": "x"},
        [],
    ],
)
def test_a_log_in_of_the_wrong_shape_is_refused(anyone, dora, body):
    assert anyone.post(LOGIN, json.dumps(body), content_type="application/json").status_code == 400


@pytest.mark.parametrize("body", ["[]", "[null]", "null", '"dora"', "0", "false"])
def test_a_log_in_that_is_no_object_is_refused_in_words(anyone, body):
    answer = anyone.post(LOGIN, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json() == {"status": 400, "errors": [{"code": "invalid", "message": "Not a JSON object."}]}


@pytest.mark.parametrize("change", [{"is_active": False}, {"deleted_at": timezone.now()}])
def test_who_is_deactivated_or_deleted_is_out_at_once(anyone, dora, change):
    token = token_of(log_in(anyone, email=dora.email))
    for name, value in change.items():
        setattr(dora, name, value)
    dora.save()

    assert anyone.get(ME, headers=bearer(token)).status_code == 401
    assert anyone.get(ME).status_code == 401  # with the cookie, where there is one
    assert anyone.get(SESSION, headers={"X-Session-Token": token}).json()["meta"]["is_authenticated"] is False


def test_another_password_ends_the_log_ins_of_the_old_one(anyone, dora):
    token = token_of(log_in(anyone, email=dora.email))
    dora.set_password("another horse battery")
    dora.save()

    assert anyone.get(ME, headers=bearer(token)).status_code == 401


def test_a_log_in_ends_by_itself(anyone, dora):
    token = token_of(log_in(anyone, email=dora.email))
    assert Session.objects.get().expires_at > timezone.now() + timedelta(days=13)
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert anyone.get(ME, headers=bearer(token)).status_code == 401


def test_a_log_in_works_before_the_address_is_proved(anyone, db):
    anyone.post("/api/v1/signup/", {"email": "new@example.com", "password": PASSWORD, "name": "New"})

    answer = log_in(APIClient(), email="new@example.com")

    assert answer.status_code == 200
    assert anyone.get(ME, headers=bearer(token_of(answer))).json()["email_verified"] is False


def test_the_password_hash_of_an_old_system_is_good_once_and_then_replaced(anyone, dora):
    dora.password = make_password(PASSWORD, hasher="bcrypt")
    dora.save()
    assert dora.password.startswith("bcrypt$")

    assert log_in(anyone, email=dora.email).status_code == 200

    dora.refresh_from_db()
    assert dora.password.startswith("argon2$")
    assert log_in(anyone, email=dora.email).status_code == 200


def test_an_api_token_opens_the_api_but_no_log_in(anyone, dora):
    Session.objects.create(
        kind=SessionKind.API,
        user=dora,
        name="backup",
        token_digest=token_digest("lyc_secret"),
        expires_at=timezone.now() + timedelta(days=1),
    )

    assert anyone.get(ME, headers=bearer("lyc_secret")).status_code == 200
    as_log_in = anyone.get(SESSION, headers={"X-Session-Token": "lyc_secret"})
    as_cookie = anyone.get(ME, headers={"Cookie": "sessionid=lyc_secret"})
    assert as_log_in.status_code == 410
    assert as_cookie.status_code == 401


def test_a_browser_reads_with_its_cookie_and_writes_with_proof(dora):
    browser = APIClient(enforce_csrf_checks=True)
    browser.get("/api/auth/browser/v1/config")
    login = "/api/auth/browser/v1/auth/login"
    credentials = {"email": dora.email, "password": PASSWORD}

    unproved = browser.post(login, credentials)
    assert (unproved.status_code, unproved.json()["error"]["code"]) == (403, "permission_denied")
    proof = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.post(login, credentials, headers=proof).status_code == 200

    assert browser.get(ME).json()["name"] == "Dora"
    refused = browser.patch(ME, {"name": "Mallory"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")
    assert browser.patch(ME, {"name": "Mallory"}, headers={"X-CSRFToken": "x" * 32}).status_code == 403
    assert browser.get(ME).json()["name"] == "Dora"
    proof = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.patch(ME, {"name": "Dora D."}, headers=proof).json()["name"] == "Dora D."


def test_a_token_needs_no_proof_even_beside_a_cookie(dora):
    client = APIClient(enforce_csrf_checks=True)
    token = token_of(log_in(client, email=dora.email))

    answer = client.patch(ME, {"name": "Dora D."}, headers={**bearer(token), "Cookie": "sessionid=x"})

    assert answer.status_code == 200


@pytest.mark.parametrize("by", ["email", "username"])
def test_a_refused_log_in_takes_the_time_of_one_hash_whoever_is_named(anyone, dora, by, monkeypatch):
    hashed = []
    for method in ("encode", "verify"):
        original = getattr(Argon2PasswordHasher, method)
        monkeypatch.setattr(
            Argon2PasswordHasher,
            method,
            lambda self, *args, original=original: hashed.append(1) or original(self, *args),
        )
    people = refusals(dora)
    people["no password"] = (
        UserFactory(username="provider", email="provider@example.com", password=make_password(None)),
        PASSWORD,
    )
    counts = {}
    for why, (person, password) in people.items():
        hashed.clear()
        log_in(anyone, password, **{by: getattr(person, by)})
        counts[why] = len(hashed)

    assert counts == dict.fromkeys(people, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "auth/session"),
        ("get", "account/email"),
        ("post", "account/email"),
        ("post", "account/password/change"),
        ("post", "auth/reauthenticate"),
        ("get", "account/authenticators"),
        ("get", "account/authenticators/totp"),
        ("get", "account/authenticators/webauthn"),
        ("get", "account/providers"),
    ],
)
@pytest.mark.parametrize("header", ["X-Session-Token", "Authorization"])
def test_an_api_token_changes_nothing_of_what_opens_the_account(anyone, dora, method, path, header):
    Session.objects.create(
        kind=SessionKind.API,
        user=dora,
        name="backup",
        token_digest=token_digest("lyc_secret"),
        expires_at=timezone.now() + timedelta(days=1),
    )
    value = "Bearer lyc_secret" if header == "Authorization" else "lyc_secret"

    for client in ("app", "browser"):
        answer = getattr(anyone, method)(
            f"/api/auth/{client}/v1/{path}",
            {"password": PASSWORD} if method == "post" else None,
            headers={header: value, "Cookie": "sessionid=lyc_secret"},
        )
        # What an app presents as a log-in, and is none, is gone; the rest is not looked at.
        presented = client == "app" and header == "X-Session-Token"
        assert answer.status_code == (410 if presented else 401)


@pytest.mark.parametrize("hasher", ["argon2", "bcrypt"])
def test_no_refusal_comes_so_soon_that_it_tells_of_the_hash(anyone, dora, settings, hasher):
    dora.password = make_password(PASSWORD, hasher=hasher)
    dora.save()
    settings.LOGIN_REFUSAL_SECONDS = 1.2

    for who in ({"email": dora.email}, {"email": "nobody@example.com"}):
        began = time.monotonic()
        assert log_in(anyone, "wrong", **who).status_code == 400
        assert time.monotonic() - began >= 1.2
