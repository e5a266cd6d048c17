"""Authenticator apps and recovery codes."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.models import User
from tests.accounts.flows import App, code_of, codes, flows, last_mail, logged_in, person


@pytest.fixture(autouse=True)
def _steady_clock(monkeypatch):
    """Codes change every thirty seconds; within a test time stands still, until the test moves it."""
    clock = {"now": 1_900_000_010}
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: clock["now"])
    now = SimpleNamespace(now=lambda: datetime.fromtimestamp(clock["now"], UTC))
    for module in ("accounts.services.credentials", "allauth.mfa.models"):
        monkeypatch.setattr(f"{module}.timezone", now)
    return clock


@pytest.fixture
def later(_steady_clock):
    def move(seconds):
        _steady_clock["now"] += seconds

    return move


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """What follows a commit, where the test itself is one transaction."""
    return django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def dora(db):
    return person(email="dora@example.com")


def test_an_authenticator_app_is_added_and_asked_for_at_the_next_log_in(dora, later, committed):
    app = logged_in(dora)
    offer = app.get("account/authenticators/totp")
    assert offer.status_code == 404  # allauth's way to say that there is none yet
    assert offer.json()["meta"]["totp_url"].startswith("otpauth://totp/dora%40example.com?secret=")
    assert "issuer=Lyceum" in offer.json()["meta"]["totp_url"]
    secret = offer.json()["meta"]["secret"]
    assert codes(app.post("account/authenticators/totp", {"code": "000000"})) == ["incorrect_code"]
    with committed:
        assert app.post("account/authenticators/totp", {"code": code_of(secret)}).status_code == 200
    assert last_mail().subject == "[Lyceum] An authenticator app was added"
    later(60)

    again = App()
    first = again.log_in(dora)

    assert (first.status_code, flows(first)) == (401, ["mfa_authenticate"])
    assert again.me().status_code == 401
    assert codes(again.post("auth/2fa/authenticate", {"code": "000000"})) == ["incorrect_code"]
    assert again.post("auth/2fa/authenticate", {"code": code_of(secret)}).status_code == 200
    assert again.me().json()["email"] == "dora@example.com"


def test_a_code_lets_in_once_and_in_its_time_only(dora, later):
    secret = logged_in(dora).add_totp()
    later(60)
    code = code_of(secret)

    def try_code():
        app = App()
        app.log_in(dora)
        return app.post("auth/2fa/authenticate", {"code": code}).status_code

    assert try_code() == 200
    assert try_code() == 400
    later(30)
    assert try_code() == 400


def test_a_code_that_was_seen_in_another_process_lets_in_nobody(dora, later):
    """The cache that allauth remembers codes in is each process's own."""
    from django.core.cache import cache

    secret = logged_in(dora).add_totp()
    later(60)
    for status in (200, 400):
        app = App()
        app.log_in(dora)
        answer = app.post("auth/2fa/authenticate", {"code": code_of(secret)})
        assert answer.status_code == status
        cache.clear()


def test_the_code_that_switched_the_app_on_is_used_up(dora, later):
    app = logged_in(dora)
    secret = app.get("account/authenticators/totp").json()["meta"]["secret"]
    assert app.post("account/authenticators/totp", {"code": code_of(secret)}).status_code == 200
    again = App()
    again.log_in(dora)

    assert codes(again.post("auth/2fa/authenticate", {"code": code_of(secret)})) == ["incorrect_code"]
    later(30)
    assert again.post("auth/2fa/authenticate", {"code": code_of(secret)}).status_code == 200


def test_a_code_of_another_account_is_wrong(dora, later):
    logged_in(dora).add_totp()
    other_secret = logged_in(person()).add_totp()
    later(60)
    app = App()
    app.log_in(dora)

    answer = app.post("auth/2fa/authenticate", {"code": code_of(other_secret)})

    assert codes(answer) == ["incorrect_code"]


def test_no_code_without_a_password_first(dora, later):
    secret = logged_in(dora).add_totp()
    later(60)

    answer = App().post("auth/2fa/authenticate", {"code": code_of(secret)})

    assert answer.status_code == 401


def test_a_recovery_code_lets_in_once(dora):
    app = logged_in(dora)
    app.add_totp()
    spare, other = app.recovery_codes()[:2]

    for code, status in ((spare, 200), (spare, 400), (other, 200)):
        again = App()
        again.log_in(dora)
        assert again.post("auth/2fa/authenticate", {"code": code}).status_code == status

    listed = app.get("account/authenticators/recovery-codes").json()["data"]
    assert (listed["total_code_count"], listed["unused_code_count"]) == (10, 8)
    assert spare not in listed["unused_codes"]


def test_new_recovery_codes_end_the_old_ones(dora, committed):
    app = logged_in(dora)
    app.add_totp()
    old = app.recovery_codes()[0]

    with committed:
        new = app.post("account/authenticators/recovery-codes").json()["data"]["unused_codes"]

    assert last_mail().subject == "[Lyceum] New recovery codes"
    for code, status in ((old, 400), (new[0], 200)):
        again = App()
        again.log_in(dora)
        assert again.post("auth/2fa/authenticate", {"code": code}).status_code == status


@pytest.mark.django_db(transaction=True)
def test_of_two_log_ins_with_one_recovery_code_one_succeeds(at_once):
    dora = person()
    app = logged_in(dora)
    app.add_totp()
    code = app.recovery_codes()[0]
    apps = [App(), App()]
    for waiting in apps:
        waiting.log_in(dora)

    answers = at_once(*(lambda one=one: one.post("auth/2fa/authenticate", {"code": code}) for one in apps))

    assert sorted(answer.status_code for answer in answers) == [200, 400]


@pytest.mark.django_db(transaction=True)
def test_of_two_log_ins_with_one_code_of_an_app_one_succeeds(at_once, later, monkeypatch):
    # As in two processes, which know nothing of each other's cache.
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.TOTP._mark_code_used", lambda *_: True)
    dora = person()
    secret = logged_in(dora).add_totp()
    later(60)
    apps = [App(), App()]
    for waiting in apps:
        waiting.log_in(dora)
    code = code_of(secret)

    answers = at_once(*(lambda one=one: one.post("auth/2fa/authenticate", {"code": code}) for one in apps))

    assert sorted(answer.status_code for answer in answers) == [200, 400]


@pytest.mark.django_db(transaction=True)
def test_a_second_click_adds_no_second_app(at_once):
    app = logged_in(person())
    secret = app.get("account/authenticators/totp").json()["meta"]["secret"]
    clicks = [App(), App()]
    for click in clicks:
        click.token = app.token

    answers = at_once(
        *(
            lambda click=click: click.post("account/authenticators/totp", {"code": code_of(secret)})
            for click in clicks
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert Authenticator.objects.filter(type="totp").count() == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "account/authenticators/totp"),
        ("delete", "account/authenticators/totp"),
        ("get", "account/authenticators/recovery-codes"),
        ("post", "account/authenticators/recovery-codes"),
        ("get", "account/authenticators/webauthn"),
    ],
)
def test_who_has_not_shown_themselves_recently_changes_no_factor(dora, method, path):
    fresh = logged_in(dora)
    secret = fresh.add_totp()
    stale = logged_in(dora, recently=False)

    answer = stale(method, path, {"code": code_of(secret)} if method == "post" else None)

    if path.endswith("totp") and method == "post":
        assert answer.status_code == 400  # there is one already, so the code is for no secret
    else:
        assert (answer.status_code, flows(answer)) == (401, ["reauthenticate", "mfa_reauthenticate"])
    assert Authenticator.objects.filter(user=dora).count() == 2


def test_a_code_is_as_good_as_the_password_to_show_oneself(dora, later):
    secret = logged_in(dora).add_totp()
    later(60)
    stale = logged_in(dora, recently=False)

    assert codes(stale.post("auth/2fa/reauthenticate", {"code": "000000"})) == ["incorrect_code"]
    assert stale.post("auth/2fa/reauthenticate", {"code": code_of(secret)}).status_code == 200
    assert codes(stale.post("auth/2fa/reauthenticate", {"code": code_of(secret)})) == ["incorrect_code"]
    assert stale.get("account/authenticators/recovery-codes").status_code == 200


def test_taking_the_app_away_takes_the_recovery_codes_too(dora):
    app = logged_in(dora)
    app.add_totp()

    assert app("delete", "account/authenticators/totp").status_code == 200

    assert not Authenticator.objects.exists()
    assert last_mail().subject == "[Lyceum] The authenticator app was removed"
    assert App().log_in(dora).status_code == 200


def test_an_unproved_address_comes_first(db):
    """Who opens an account in another's name could else lock its owner out for good."""
    app = logged_in(person(verified=False))

    answer = app.get("account/authenticators/totp")

    assert (answer.status_code, codes(answer)) == (409, ["unverified_email"])


@pytest.mark.parametrize("change", [{"is_active": False}, {"deleted_at": timezone.now()}])
def test_who_goes_between_password_and_code_stays_out(dora, later, change):
    secret = logged_in(dora).add_totp()
    later(60)
    app = App()
    app.log_in(dora)
    User.objects.filter(pk=dora.pk).update(**change)

    answer = app.post("auth/2fa/authenticate", {"code": code_of(secret)})

    assert answer.status_code == 401
    User.objects.filter(pk=dora.pk).update(is_active=True, deleted_at=None)
    assert app.me().status_code == 401


def test_a_log_in_that_waits_for_its_code_does_not_wait_long(dora):
    logged_in(dora).add_totp()
    app = App()
    app.log_in(dora)

    waiting = dora.sessions.model.objects.filter(user=None).get()

    assert (waiting.expires_at - waiting.created_at).total_seconds() <= 3601


def test_codes_sealed_under_a_key_that_is_gone_are_wrong_and_no_error(dora, settings):
    logged_in(dora).add_totp()
    settings.SECRET_KEY = "another key"
    app = App()
    app.log_in(dora)

    assert codes(app.post("auth/2fa/authenticate", {"code": "123456"})) == ["incorrect_code"]


def test_codes_sealed_under_the_key_before_still_count(dora, settings, later):
    secret = logged_in(dora).add_totp()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"
    later(60)
    app = App()
    app.log_in(dora)

    assert app.post("auth/2fa/authenticate", {"code": code_of(secret)}).status_code == 200
