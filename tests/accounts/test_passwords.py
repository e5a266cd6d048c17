"""What a new password ends, whichever way it is set."""

import io
import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts import services
from accounts.models import Session, User
from accounts.services import credentials
from accounts.sessions import log_in
from tests.factories import PASSWORD, UserFactory
from tests.processes import at_once_in_processes

ME = "/api/v1/me/"
AUTH = "/api/auth/app/v1"
NEW = "another horse battery"


def api(token):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_X_SESSION_TOKEN=token)
    return client


@pytest.fixture
def doors(alice):
    """Three ways in: the log-in that will change the password, another one, an API token."""
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    this, other = (
        log_in(alice, ip_address="192.0.2.1", user_agent=agent).session_key for agent in ("this", "other")
    )
    _, token = services.create_api_token(person=alice, name="backup", expires_in_days=1)
    return this, other, token


def statuses(doors):
    return [APIClient().get(ME, headers={"Authorization": f"Bearer {door}"}).status_code for door in doors]


def change(client, current=PASSWORD, new=NEW):
    body = {"current_password": current, "new_password": new}
    return client.post(f"{AUTH}/account/password/change", body)


def test_a_change_ends_all_others_and_keeps_the_one_it_came_by(alice, doors):
    before = Session.objects.get(user_agent="this")

    answer = change(api(doors[0]))

    assert answer.status_code == 200
    assert statuses(doors) == [200, 401, 401]
    after = Session.objects.get(user_agent="this")
    same = ("pk", "token_digest", "ip_address", "created_at")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    listed = api(doors[0]).get("/api/v1/me/sessions/").json()["items"]
    assert [(item["user_agent"], item["current"]) for item in listed] == [("this", True)]
    assert api(doors[0]).get("/api/v1/me/tokens/").json() == {"items": []}
    assert APIClient().post(f"{AUTH}/auth/login", {"email": alice.email, "password": NEW}).status_code == 200
    assert (
        APIClient().post(f"{AUTH}/auth/login", {"email": alice.email, "password": PASSWORD}).status_code
        == 400
    )


def test_a_change_in_a_browser_keeps_the_browser(alice, doors):
    browser = APIClient()
    login = "/api/auth/browser/v1/auth/login"
    browser.post(login, {"email": alice.email, "password": PASSWORD})
    path = "/api/auth/browser/v1/account/password/change"

    answer = browser.post(path, {"current_password": PASSWORD, "new_password": NEW})

    assert answer.status_code == 200
    assert browser.get(ME).status_code == 200
    assert statuses(doors) == [401, 401, 401]


@pytest.mark.parametrize(("current", "new"), [("wrong", NEW), (PASSWORD, "short"), (PASSWORD, ""), ("", NEW)])
def test_a_change_that_is_refused_ends_nothing(doors, current, new):
    assert change(api(doors[0]), current, new).status_code == 400
    assert statuses(doors) == [200, 200, 200]


def reset_key(address):
    APIClient().post(f"{AUTH}/auth/password/request", {"email": address})
    return re.search(r"/password/reset/([^\s\"<]+)", mail.outbox[-1].body)[1]


def test_a_reset_ends_everything(alice, doors):
    body = {"key": reset_key(alice.email), "password": NEW}

    answer = APIClient().post(f"{AUTH}/auth/password/reset", body)

    assert answer.status_code in {200, 401}  # 401 is allauth's way to say that one is not logged in by it
    assert statuses(doors) == [401, 401, 401]
    assert not Session.objects.filter(user=alice).api_tokens().exists()
    assert APIClient().post(f"{AUTH}/auth/password/reset", body).status_code == 400


def test_a_change_in_the_studio_ends_all_but_the_studio(root):
    studio = Client()
    studio.post("/admin/login/", {"username": root.email, "password": PASSWORD})
    other = log_in(root, ip_address=None, user_agent="").session_key
    _, token = services.create_api_token(person=root, name="backup", expires_in_days=1)
    page = studio.get("/admin/password_change/")
    assert "ends all other log-ins and all API tokens" in page.content.decode()

    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert studio.post("/admin/password_change/", form).status_code == 302

    assert studio.get("/admin/").status_code == 200
    assert statuses([other, token]) == [401, 401]


def test_a_change_in_the_terminal_ends_everything(alice, doors, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: NEW)

    call_command("changepassword", alice.email, stdout=io.StringIO())

    assert statuses(doors) == [401, 401, 401]


def test_a_hash_that_is_merely_renewed_ends_no_api_token(db):
    person = UserFactory(password=make_password(PASSWORD, hasher="bcrypt"))
    _, token = services.create_api_token(person=person, name="backup", expires_in_days=1)

    login = APIClient().post(f"{AUTH}/auth/login", {"email": person.email, "password": PASSWORD})

    assert login.status_code == 200
    assert User.objects.get(pk=person.pk).password.startswith("argon2$")
    assert statuses([token]) == [200]


def test_a_change_writes_the_password_and_nothing_else(alice, doors):
    """Somebody renames or promotes the person while a new password is being hashed."""
    stale = User.objects.get(pk=alice.pk)
    User.objects.filter(pk=alice.pk).update(name="Renamed", is_staff=True)

    credentials.change_password(person=stale, password=NEW)

    now = User.objects.get(pk=alice.pk)
    assert (now.name, now.is_staff, now.check_password(NEW)) == ("Renamed", True, True)


@pytest.mark.parametrize(("client", "status"), [("app", 410), ("browser", 400)])
def test_a_change_whose_log_in_is_ended_meanwhile_is_refused(alice, monkeypatch, client, status):
    caller = APIClient(raise_request_exception=False)
    answer = caller.post(f"/api/auth/{client}/v1/auth/login", {"email": alice.email, "password": PASSWORD})
    if client == "app":
        caller.credentials(HTTP_X_SESSION_TOKEN=answer.json()["meta"]["session_token"])
    change_password = credentials.change_password

    def ended(**given):
        change_password(**given)
        services.end_sessions(person=alice)

    monkeypatch.setattr(credentials, "change_password", ended)
    path = f"/api/auth/{client}/v1/account/password/change"

    refused = caller.post(path, {"current_password": PASSWORD, "new_password": NEW})

    assert refused.status_code == status


@pytest.mark.django_db(transaction=True)
def test_a_change_is_known_to_every_process(doors):
    tokens = [("GET", ME, door) for door in doors]
    assert at_once_in_processes(*tokens) == [200, 200, 200]

    change(api(doors[0]))

    assert at_once_in_processes(*tokens) == [200, 401, 401]


def test_the_first_superuser_has_an_address_that_is_to_be_proved(db):
    call_command("createsuperuser", email="Boss@Example.com", name="Boss", interactive=False, verbosity=0)

    boss = User.objects.get()
    address = EmailAddress.objects.get()
    assert (boss.email, boss.is_staff, boss.is_superuser) == ("boss@example.com", True, True)
    assert (address.user, address.email, address.primary, address.verified) == (
        boss,
        "boss@example.com",
        True,
        False,
    )
