"""What people are handed in secret stands nowhere: not in the database, a log, an error or the studio.

Each ceremony below does what hands out secrets and returns them; a new kind of secret is one more ceremony.
"""

import base64
import logging
import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Session
from accounts.sessions import SessionStore, log_in
from tests.factories import PASSWORD

APP, BROWSER = "/api/auth/app/v1", "/api/auth/browser/v1"
NEW = "another horse battery"


def logging_in_by_the_app(person):
    answer = APIClient().post(f"{APP}/auth/login", {"email": person.email, "password": PASSWORD})
    return [answer.json()["meta"]["session_token"], PASSWORD]


def logging_in_by_a_browser(person):
    browser = APIClient()
    browser.post(f"{BROWSER}/auth/login", {"email": person.email, "password": PASSWORD})
    assert browser.get("/api/v1/me/").status_code == 200
    return [browser.cookies["sessionid"].value]


def opening_the_studio(person):
    studio = Client()
    studio.force_login(person)
    return [studio.cookies["sessionid"].value]


def signing_up(person):
    body = {"email": "new@example.com", "password": NEW, "name": "New"}
    token = APIClient().post("/api/v1/signup/", body).json()["token"]
    return [token, NEW, re.search(r"/verify-email/(\S+)", mail.outbox[-1].body)[1]]


def making_an_api_token(person):
    token = log_in(person, ip_address=None, user_agent="").session_key
    body = {"name": "backup", "expires_in_days": 30}
    answer = APIClient().post("/api/v1/me/tokens/", body, headers={"X-Session-Token": token})
    return [token, answer.json()["token"]]


def asking_for_a_reset(person):
    APIClient().post(f"{APP}/auth/password/request", {"email": person.email})
    return [re.search(r"/password/reset/([^\s\"<]+)", mail.outbox[-1].body)[1]]


def resetting_a_password(person):
    [key] = asking_for_a_reset(person)
    answer = APIClient().post(f"{APP}/auth/password/reset", {"key": key, "password": NEW})
    assert answer.status_code in {200, 401}
    return [key, NEW]


CEREMONIES = [
    logging_in_by_the_app,
    logging_in_by_a_browser,
    opening_the_studio,
    signing_up,
    making_an_api_token,
    asking_for_a_reset,
    resetting_a_password,
]


def dump():
    """Every column of every table, and what is packed in the log-ins."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            rows += cursor.fetchall()
    assert "accounts_session" in tables
    assert "django_migrations" in tables
    packed = [SessionStore().decode(row.session_data) for row in Session.objects.all()]
    return "\n".join(map(repr, [*rows, *packed]))


def forms_of(secret):
    """How a secret might be written down without anybody meaning to hide it."""
    plain = secret.encode()
    # The middle of the text as base64, whatever stands before it.
    shifted = [base64.b64encode(b"x" * before + plain).decode()[4:-4] for before in range(3)]
    return {secret, plain.hex(), secret.removeprefix("lyc_"), *shifted}


def standing_in(text, secrets):
    return [secret for secret in secrets if any(form in text for form in forms_of(secret))]


@pytest.fixture
def person(root):
    EmailAddress.objects.create(user=root, email=root.email, primary=True, verified=True)
    return root


def test_the_search_finds_what_it_should():
    for text in ("token=lyc_abcdefghijkl;", b"lyc_abcdefghijkl".hex(), "abcdefghijkl"):
        assert standing_in(text, ["lyc_abcdefghijkl"])
    for before in range(3):
        text = base64.b64encode(b"?" * before + b"lyc_abcdefghijkl" + b"!").decode()
        assert standing_in(text, ["lyc_abcdefghijkl"])
    assert not standing_in("lyc_another", ["lyc_abcdefghijkl"])


@pytest.mark.parametrize("ceremony", CEREMONIES, ids=lambda ceremony: ceremony.__name__)
def test_no_secret_is_in_the_database_or_a_log(person, caplog, ceremony):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)

    secrets = ceremony(person)

    assert all(len(secret) >= 16 for secret in secrets)
    assert not standing_in(dump(), secrets)
    assert not standing_in(caplog.text, secrets)


def test_no_secret_is_in_the_studio(person):
    secrets = [secret for ceremony in CEREMONIES[:5] for secret in ceremony(person)]
    studio = Client()
    studio.force_login(person)
    pages = ["/admin/accounts/session/", f"/admin/accounts/user/{person.pk}/change/"]
    pages += [f"/admin/accounts/session/{row.pk}/change/" for row in Session.objects.all()]

    for page in pages:
        answer = studio.get(page)
        assert answer.status_code == 200
        text = answer.content.decode()
        digests = [row.token_digest for row in Session.objects.all()]
        assert not standing_in(text, [*secrets, *digests, "argon2$argon2id"])


def test_no_secret_is_in_an_error(person, caplog):
    token = log_in(person, ip_address=None, user_agent="").session_key
    wrong = f"{token}x"

    for answer in (
        APIClient().get("/api/v1/me/", headers={"Authorization": f"Bearer {wrong}"}),
        APIClient().get("/api/v1/me/", headers={"X-Session-Token": wrong}),
        APIClient().get(f"/api/v1/me/?token={token}"),
        APIClient().get(f"/api/v1/me/?{token}=1", headers={"X-Session-Token": token}),
        APIClient().get(f"/api/v1/{token}/"),
        APIClient().post(f"{APP}/auth/login", {"email": person.email, "password": token}),
        APIClient().post("/api/v1/signup/", {"email": token, "password": token, "name": 1}),
    ):
        assert answer.status_code >= 400
        named = answer.json().get("error", {}).get("fields", {})
        text = answer.content.decode()
        # The name of an unknown parameter is the one thing that is said back.
        assert token in named or not standing_in(text, [token])
    assert not standing_in(caplog.text, [token])
