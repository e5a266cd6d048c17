"""Where one is logged in, and how that ends."""

import sqlite3
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import Session, SessionKind
from accounts.querysets import token_digest
from accounts.sessions import log_in
from tests.factories import PASSWORD, SessionFactory
from tests.processes import at_once_in_processes

URL = "/api/v1/me/sessions/"
ME = "/api/v1/me/"
LOGIN = "/api/auth/app/v1/auth/login"


def log_in_from(person, address="192.0.2.7", agent="Firefox"):
    """The token of another log-in of a person, and its row."""
    token = log_in(person, ip_address=address, user_agent=agent).session_key
    return token, Session.objects.get(token_digest=token_digest(token))


def with_token(token):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def shown(client):
    answer = client.get(URL)
    assert answer.status_code == 200
    return answer.json()["items"]


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_log_ins_are_listed_with_where_and_when_in_two_statements(as_user, alice, bob, queries):
    _, older = log_in_from(alice, "2001:db8::1", "Firefox")
    client = as_user(alice)
    log_in_from(bob)
    SessionFactory(user=alice, expires_at=timezone.now() - timedelta(seconds=1))
    SessionFactory(user=alice, kind=SessionKind.API, name="backup")
    SessionFactory(user=None)

    with queries() as sent:
        answer = client.get(URL)

    assert len(sent) == 2  # the session, the log-ins
    own = Session.objects.get(user=alice, user_agent="tests")
    assert answer.json() == {
        "items": [
            {
                "id": str(row.pk),
                "ip_address": address,
                "user_agent": agent,
                "created_at": iso(row.created_at),
                "last_seen_at": iso(row.last_seen_at),
                "expires_at": iso(row.expires_at),
                "current": row == own,
            }
            for row, address, agent in [(own, "192.0.2.1", "tests"), (older, "2001:db8::1", "Firefox")]
        ]
    }


def test_a_log_in_is_ended_and_opens_nothing_from_then_on(as_user, alice, queries):
    token, row = log_in_from(alice)
    other = with_token(token)
    assert other.get(ME).status_code == 200
    client = as_user(alice)

    with queries() as sent:
        assert client.delete(f"{URL}{row.pk}/").status_code == 204

    assert len(sent) == 2  # the session, the row
    assert other.get(ME).status_code == 401
    assert [item["current"] for item in shown(client)] == [True]
    again = client.delete(f"{URL}{row.pk}/")
    assert (again.status_code, again.json()["error"]["code"]) == (404, "not_found")


def test_one_s_own_log_in_may_be_ended_too(as_user, alice):
    client = as_user(alice)
    own = shown(client)[0]["id"]

    assert client.delete(f"{URL}{own}/").status_code == 204
    assert client.get(ME).status_code == 401


def test_all_others_are_ended_but_neither_this_one_nor_api_tokens(as_user, alice, bob, queries):
    others = [with_token(log_in_from(alice)[0]) for _ in range(3)]
    client, stranger = as_user(alice), as_user(bob)
    made = client.post("/api/v1/me/tokens/", {"name": "backup", "expires_in_days": 1}).json()

    with queries() as sent:
        assert client.delete(URL).status_code == 204

    assert len(sent) == 2  # the session, the rows
    assert [other.get(ME).status_code for other in others] == [401] * 3
    for still in (client, stranger, with_token(made["token"])):
        assert still.get(ME).status_code == 200
    assert client.delete(URL).status_code == 204


def test_with_an_api_token_no_log_in_is_the_current_one(as_user, alice):
    client = as_user(alice)
    made = client.post("/api/v1/me/tokens/", {"name": "backup", "expires_in_days": 1}).json()
    program = with_token(made["token"])

    assert [item["current"] for item in shown(program)] == [False]
    assert program.delete(URL).status_code == 204

    assert shown(program) == []
    assert client.get(ME).status_code == 401
    assert program.get(ME).status_code == 200


def test_the_log_ins_of_others_and_api_tokens_are_not_ended_here(as_user, alice, bob):
    token = SessionFactory(user=alice, kind=SessionKind.API, name="backup")
    expired = SessionFactory(user=alice, expires_at=timezone.now() - timedelta(seconds=1))
    _, theirs = log_in_from(bob)

    answers = [as_user(alice).delete(f"{URL}{key}/") for key in (theirs.pk, token.pk, expired.pk, uuid7())]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["error"]["message"] for answer in answers}) == 1
    assert Session.objects.filter(pk__in=[theirs.pk, token.pk]).count() == 2


def test_the_list_takes_no_questions_and_no_other_method(as_user, alice):
    client = as_user(alice)
    own = shown(client)[0]["id"]

    assert client.get(f"{URL}?page=1").status_code == 400
    assert client.delete(f"{URL}?all=true").status_code == 400
    assert client.post(URL, {}).status_code == 405
    assert client.get(f"{URL}{own}/").status_code == 405
    assert client.get(f"{URL}{uuid7()}/").status_code == 404


def test_a_browser_sees_and_ends_its_log_ins_by_its_cookie(alice):
    browser = APIClient(enforce_csrf_checks=True)
    browser.get("/api/auth/browser/v1/config")
    proof = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    credentials = {"email": alice.email, "password": PASSWORD}
    browser.post("/api/auth/browser/v1/auth/login", credentials, headers={**proof, "User-Agent": "Firefox"})
    token, _ = log_in_from(alice, agent="phone")

    assert [(item["user_agent"], item["current"]) for item in shown(browser)] == [
        ("phone", False),
        ("Firefox", True),
    ]
    assert browser.delete(URL).status_code == 403
    proof = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.delete(URL, headers=proof).status_code == 204
    assert with_token(token).get(ME).status_code == 401
    assert [item["current"] for item in shown(browser)] == [True]


def test_log_ins_that_an_earlier_password_let_in_are_not_listed(as_user, alice):
    as_user(alice)
    alice.set_password("another horse battery")
    alice.save()

    assert [item["user_agent"] for item in shown(with_token(log_in_from(alice)[0]))] == ["Firefox"]


@pytest.mark.django_db(transaction=True)
def test_what_one_process_ends_is_over_in_every_other(as_user, alice):
    token, row = log_in_from(alice)
    assert at_once_in_processes(("GET", ME, token)) == [200]

    as_user(alice).delete(f"{URL}{row.pk}/")

    assert at_once_in_processes(("GET", ME, token), ("GET", URL, token)) == [401, 401]


# When it was last in use.


def seen(row):
    return Session.objects.values_list("last_seen_at", flat=True).get(pk=row.pk)


def long_ago(row, **ago):
    moment = timezone.now() - timedelta(**ago)
    Session.objects.filter(pk=row.pk).update(last_seen_at=moment)
    return moment


def updates(sent):
    return [query["sql"] for query in sent if query["sql"].startswith("UPDATE")]


@pytest.mark.parametrize("kind", list(SessionKind))
def test_use_is_remembered_once_in_five_minutes(alice, queries, kind):
    token, row = log_in_from(alice)
    Session.objects.filter(pk=row.pk).update(kind=kind, name="one")
    client = with_token(token)
    long_ago(row, minutes=5, seconds=1)

    with queries() as first:
        assert client.get(ME).status_code == 200
    with queries() as second:
        assert client.get(ME).status_code == 200

    assert len(updates(first)) == 1
    assert timezone.now() - seen(row) < timedelta(minutes=1)
    assert len(second) == 1  # the session with the account
    before = long_ago(row, minutes=4, seconds=50)
    with queries() as third:
        client.get(ME)
    assert (len(third), seen(row)) == (1, before)


def test_use_moves_nothing_else(alice):
    token, row = log_in_from(alice)
    long_ago(row, hours=1)

    with_token(token).get(ME)

    after = Session.objects.get(pk=row.pk)
    same = ("created_at", "updated_at", "expires_at", "ip_address", "user_agent", "session_data")
    assert [getattr(after, name) for name in same] == [getattr(row, name) for name in same]


def test_who_is_not_let_in_is_not_seen(alice):
    token, row = log_in_from(alice)
    before = long_ago(row, hours=1)
    alice.is_active = False
    alice.save()

    assert with_token(token).get(ME).status_code == 401
    assert seen(row) == before


def test_the_use_of_the_studio_and_of_the_auth_calls_is_remembered_too(root):
    studio = Client()
    studio.force_login(root)
    row = Session.objects.get()
    long_ago(row, hours=1)
    assert studio.get("/admin/").status_code == 200
    assert timezone.now() - seen(row) < timedelta(minutes=1)

    token, row = log_in_from(root)
    long_ago(row, hours=1)
    session = APIClient().get("/api/auth/app/v1/auth/session", headers={"X-Session-Token": token})
    assert session.status_code == 200
    assert timezone.now() - seen(row) < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_one_remembers(alice, at_once, queries):
    token, row = log_in_from(alice)
    long_ago(row, hours=1)

    answers = at_once(*[lambda: with_token(token).get(ME)] * 4)

    assert [answer.status_code for answer in answers] == [200] * 4
    assert timezone.now() - seen(row) < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_a_read_is_answered_at_once_while_another_writes(alice):
    if connection.vendor != "sqlite":
        pytest.skip("elsewhere a writer holds up nobody but who wants the same row")
    token, row = log_in_from(alice)
    before = long_ago(row, hours=1)
    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = timezone.now()
    try:
        assert with_token(token).get(ME).status_code == 200
    finally:
        other.execute("ROLLBACK")
        other.close()

    assert timezone.now() - began < timedelta(seconds=5)
    assert seen(row) == before
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)
    assert with_token(token).get(ME).status_code == 200
    assert seen(row) > before


@pytest.mark.django_db(transaction=True)
def test_a_read_is_answered_where_nothing_can_be_written(alice):
    token, row = log_in_from(alice)
    before = long_ago(row, hours=1)
    off, on = {
        "sqlite": ("PRAGMA query_only = 1", "PRAGMA query_only = 0"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(off)
    try:
        assert with_token(token).get(ME).status_code == 200
        assert seen(row) == before
    finally:
        with connection.cursor() as cursor:
            cursor.execute(on)
