"""Logging in by an outside provider; allauth's own dummy stands for Google and GitHub."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.dummy.provider import DummyProvider
from django.core import mail
from django.db import IntegrityError
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import User
from tests.accounts.flows import App, codes, flows, last_mail, logged_in, person
from tests.factories import PASSWORD, UserFactory


@pytest.fixture(autouse=True)
def _dummy(monkeypatch):
    registry.get_class_list()
    monkeypatch.setitem(registry.provider_map, "dummy", DummyProvider)


@pytest.fixture
def google(settings):
    """As with GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET in the environment."""
    app = {"client_id": "id-of-lyceum", "secret": "secret-of-lyceum", "key": ""}
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def come(app, process="login", **claims):
    """Arrive from the provider, which says this of the person."""
    known = {"id": 7, "email": "dora@example.com", "email_verified": True} | claims
    token = {"client_id": "any", "id_token": json.dumps(known)}
    return app.post("auth/provider/token", {"provider": "dummy", "process": process, "token": token})


def test_a_newcomer_is_signed_up_with_the_address_that_the_provider_proved(db):
    app = App()

    answer = come(app, username="dora99", first_name="Dora", last_name="Döring", email="Dora@Example.com")

    assert answer.status_code == 200
    me = app.me().json()
    assert (me["email"], me["email_verified"]) == ("dora@example.com", True)
    assert (me["username"], me["name"]) == (None, "Dora Döring")
    assert EmailAddress.objects.count() == 1
    assert mail.outbox == []
    assert not User.objects.get().has_usable_password()
    assert not SocialToken.objects.exists()


def test_the_same_person_of_the_provider_comes_back_to_the_same_account(db):
    come(App())
    app = App()

    answer = come(app, email="another@example.com")

    assert answer.status_code == 200
    assert app.me().json()["email"] == "dora@example.com"
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["\u202eevil", "x" * 101, " \u200b ", ""])
def test_a_name_that_is_none_is_left_empty(db, name):
    app = App()

    assert come(app, first_name=name).status_code == 200
    assert app.me().json()["name"] == ""


def test_an_unproved_address_is_to_be_proved_here(db):
    app = App()

    come(app, email_verified=False)

    assert app.me().json()["email_verified"] is False
    assert last_mail().subject == "[Lyceum] Confirm your e-mail address"


def test_a_proved_account_is_opened_by_a_provider_that_proved_the_same_address(db):
    dora = person(email="dora@example.com")
    app = App()

    assert come(app).status_code == 200

    assert app.me().json()["id"] == str(dora.pk)
    assert last_mail().subject == "[Lyceum] A log-in was connected"
    assert last_mail().to == ["dora@example.com"]
    assert app.log_in(dora).status_code == 409  # logged in already; and the password still stands
    assert App().log_in(dora).status_code == 200


@pytest.mark.parametrize(
    ("here", "there"), [(False, True), (True, False), (False, False)], ids=["here", "there", "neither"]
)
def test_an_account_is_not_opened_where_one_side_has_no_proof(db, here, there):
    """Of one side alone: somebody may have opened that account in another's name, here or there."""
    squatted = person(email="dora@example.com", verified=here)
    app = App()

    answer = come(app, email_verified=there)

    assert (answer.status_code, flows(answer)) == (401, ["provider_signup"])
    assert app.me().status_code == 401
    assert not SocialAccount.objects.filter(user=squatted).exists()
    taken = app.post("auth/provider/signup", {"email": "dora@example.com"})
    assert codes(taken) == ["email_taken"]
    other = app.post("auth/provider/signup", {"email": "dora.2@example.com"})
    assert other.status_code == 200
    me = app.me().json()
    assert (me["email"], me["email_verified"]) == ("dora.2@example.com", False)


def test_whoever_wants_an_address_does_not_stand_in_the_way_of_who_proved_it(db):
    logged_in(person()).post("account/email", {"email": "dora@example.com"})
    app = App()

    assert come(app).status_code == 200
    assert app.me().json()["email"] == "dora@example.com"


@pytest.mark.parametrize("email", ["döra@example.com", "", "x" * 65 + "@example.com"])
def test_an_address_that_is_none_is_asked_for(db, email):
    app = App()

    answer = come(app, email=email)

    if answer.status_code != 400:  # the dummy itself refuses some
        assert (answer.status_code, flows(answer)) == (401, ["provider_signup"])
    assert not User.objects.exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"deleted_at": timezone.now()}])
@pytest.mark.parametrize("known", [True, False])
def test_a_provider_lets_nobody_in_who_is_gone(db, change, known):
    if known:
        come(App())
    else:
        person(email="dora@example.com")
    User.objects.update(**change)
    app = App()

    answer = come(app)

    assert answer.status_code == 401
    assert User.objects.count() == 1
    User.objects.update(is_active=True, deleted_at=None)
    assert app.me().status_code == 401


def test_who_is_gone_is_not_even_asked_for_a_code(db):
    come(App())
    dora = User.objects.get()
    logged_in(dora).add_totp()
    User.objects.update(deleted_at=timezone.now())

    assert "mfa_authenticate" not in flows(come(App()))


def test_a_provider_is_connected_and_disconnected_by_who_is_logged_in(db):
    dora = person(email="dora@example.com")
    app, stale = logged_in(dora), logged_in(dora, recently=False)

    refused = come(stale, process="connect", email="at-work@example.com")
    assert refused.status_code == 401
    come(app, process="connect", email="at-work@example.com")
    assert [one["uid"] for one in app.get("account/providers").json()["data"]] == ["7"]
    assert app.me().json()["email"] == "dora@example.com"
    again = App()
    come(again, email="at-work@example.com")
    assert again.me().json()["id"] == str(dora.pk)

    gone = app("delete", "account/providers", {"provider": "dummy", "account": "7"})
    assert gone.json()["data"] == []
    assert last_mail().subject == "[Lyceum] A log-in was disconnected"


def test_an_account_keeps_one_way_in(db):
    app = App()
    come(app)

    answer = app("delete", "account/providers", {"provider": "dummy", "account": "7"})

    assert answer.status_code == 400
    assert SocialAccount.objects.count() == 1


def test_a_person_of_a_provider_belongs_to_one_account(db):
    come(App())
    thief = logged_in(person())

    answer = come(thief, process="connect")

    assert codes(answer) == ["connected_other"]


def test_a_provider_is_asked_for_its_second_factor_too(db):
    dora = person(email="dora@example.com")
    logged_in(dora).add_totp()

    answer = come(App())

    assert (answer.status_code, flows(answer)) == (401, ["mfa_authenticate"])


@pytest.mark.parametrize(
    "token",
    [None, 5, {}, {"client_id": 5}, {"client_id": "x", "id_token": 5}, {"client_id": "x", "id_token": "{"}],
)
@pytest.mark.parametrize("provider", ["dummy", "google", "nobody"])
def test_a_token_that_is_none_opens_nothing(db, provider, token):
    body = {"provider": provider, "process": "login", "token": token}

    assert App().post("auth/provider/token", body).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_two_arrivals_at_once_one_account_is_made(at_once):
    answers = at_once(*(lambda: come(App()) for _ in range(3)))

    assert all(answer.status_code in {200, 400, 401, 409} for answer in answers)
    assert User.objects.count() == SocialAccount.objects.count() == 1


def test_an_arrival_that_meets_another_is_a_conflict_and_no_error(db, monkeypatch):
    def taken(*_, **__):
        raise IntegrityError

    monkeypatch.setattr(SocialAccount, "save", taken)

    assert come(App()).status_code == 409
    assert User.objects.count() == 0


def test_without_its_variables_a_provider_is_not_there(db):
    configured = App().get("config").json()["data"]["socialaccount"]["providers"]

    assert [one["id"] for one in configured if one["id"] != "dummy"] == []


@pytest.mark.parametrize("provider", ["google", "github", "nobody"])
@pytest.mark.parametrize(
    "rest", ["login/", "login/callback/", "login/callback/?state=x&code=x", "login/token/"]
)
def test_there_is_no_way_back_from_a_provider_that_is_not_there(db, provider, rest):
    for method in ("get", "post"):
        assert getattr(App().client, method)(f"/api/auth/{provider}/{rest}").status_code == 404


def test_with_its_variables_a_provider_is_offered_and_sent_to(db, google):
    listed = App().get("config").json()["data"]["socialaccount"]["providers"]
    assert [one["id"] for one in listed if one["id"] != "dummy"] == ["google"]
    assert "secret-of-lyceum" not in json.dumps(listed)

    form = urlencode({"provider": "google", "process": "login", "callback_url": "http://127.0.0.1:8000/in"})
    answer = App().client.post(
        "/api/auth/browser/v1/auth/provider/redirect", form, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 302
    assert answer["Location"].startswith("https://accounts.google.com/")
    for part in ("client_id=id-of-lyceum", "code_challenge=", "state=", "google%2Flogin%2Fcallback"):
        assert part in answer["Location"]


def test_nobody_is_sent_on_to_another_site(db, google):
    form = urlencode({"provider": "google", "process": "login", "callback_url": "https://evil.example/in"})

    answer = App().client.post(
        "/api/auth/browser/v1/auth/provider/redirect", form, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 302
    assert "evil.example" not in answer["Location"]
    assert not answer["Location"].startswith("https://accounts.google.com/")


def test_a_way_back_that_was_not_asked_for_opens_nothing(db, google):
    answer = App().client.get("/api/auth/google/login/callback/?state=forged&code=x")

    assert answer.status_code == 302
    assert "error=" in answer["Location"]
    assert not User.objects.exists()


def test_who_came_by_a_provider_may_set_a_password(db):
    app = App()
    come(app)

    answer = app.post("account/password/change", {"new_password": PASSWORD})

    assert answer.status_code == 200
    assert App().log_in(UserFactory.build(email="dora@example.com")).status_code == 200
