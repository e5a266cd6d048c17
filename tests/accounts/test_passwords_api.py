"""Forgetting, resetting and changing a password."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.utils import timezone

from accounts.authentication import ResetKeys
from accounts.models import Session, SessionKind, User
from accounts.querysets import token_digest
from tests.accounts.flows import App, codes, key_in, last_mail, logged_in, person, with_passkey
from tests.factories import PASSWORD, UserFactory

NEW = "another horse 9"


@pytest.fixture
def dora(db):
    return person(email="dora@example.com", name="Dora", username="dora")


def api_token(somebody):
    token = "lyc_secret"
    Session.objects.create(
        kind=SessionKind.API,
        user=somebody,
        name="backup",
        token_digest=token_digest(token),
        expires_at=timezone.now() + timedelta(days=1),
    )
    return {"Authorization": f"Bearer {token}"}


def reset_key(somebody):
    assert App().post("auth/password/request", {"email": somebody.email}).status_code == 200
    return key_in(last_mail())


def reset(key, password=NEW):
    return App().post("auth/password/reset", {"key": key, "password": password})


def opens(somebody, password):
    return App().log_in(somebody, password).status_code == 200


def test_a_forgotten_password_is_reset_by_mail(dora):
    app = logged_in(dora)
    token = api_token(dora)
    key = reset_key(dora)

    answer = reset(key)

    assert answer.status_code == 401  # done; nobody is logged in by it
    assert (opens(dora, PASSWORD), opens(dora, NEW)) == (False, True)
    assert app.me().status_code == 401
    assert app.client.get("/api/v1/me/", headers=token).status_code == 401
    assert last_mail().subject == "[Lyceum] Your password has been reset"


def test_a_key_says_whom_it_is_for_and_is_asked_without_being_used(dora):
    key = reset_key(dora)

    for _ in range(2):
        answer = App().get("auth/password/reset", **{"X-Password-Reset-Key": key})
        assert answer.json()["data"]["user"]["email"] == "dora@example.com"
    assert reset(key).status_code == 401


def test_a_key_works_once(dora):
    key = reset_key(dora)
    reset(key)

    again = reset(key, "yet another horse 9")

    assert (again.status_code, codes(again)) == (400, ["invalid_password_reset"])
    assert opens(dora, NEW)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_with_one_key_one_is_too_late(at_once):
    dora = person(email="dora@example.com")
    key = reset_key(dora)

    answers = at_once(lambda: reset(key, NEW), lambda: reset(key, "yet another horse 9"))

    assert sorted(answer.status_code for answer in answers) == [400, 401]
    assert opens(dora, NEW) != opens(dora, "yet another horse 9")


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_one_is_too_late(at_once):
    dora = person(email="dora@example.com")
    apps = [logged_in(dora), logged_in(dora)]

    answers = at_once(
        *(
            lambda app=app, new=new: app.post(
                "account/password/change", {"current_password": PASSWORD, "new_password": new}
            )
            for app, new in zip(apps, (NEW, "yet another horse 9"), strict=True)
        )
    )

    assert sorted(answer.status_code for answer in answers) in ([200, 400], [200, 401])
    assert sorted(app.me().status_code for app in apps) == [200, 401]


def test_a_key_ends_with_the_password_that_it_was_for(dora):
    app, key = logged_in(dora), reset_key(dora)

    app.post("account/password/change", {"current_password": PASSWORD, "new_password": NEW})

    assert codes(reset(key, "yet another horse 9")) == ["invalid_password_reset"]
    assert opens(dora, NEW)


def test_a_key_ends_with_the_address_that_it_went_to(dora):
    app, key = logged_in(dora), reset_key(dora)
    app.post("account/email", {"email": "new@example.com"})
    app.post("auth/email/verify", {"key": key_in(last_mail())})

    assert codes(reset(key)) == ["invalid_password_reset"]


def test_a_key_of_one_account_opens_no_other(dora):
    victim = person()
    own = reset_key(dora)

    stolen = f"{victim.pk.hex}-{own.partition('-')[2]}"

    assert codes(reset(stolen)) == ["invalid_password_reset"]
    assert opens(victim, PASSWORD)


def test_a_reset_ends_the_log_in_that_sends_it_too(dora):
    app, key = logged_in(dora), reset_key(dora)

    answer = app.post("auth/password/reset", {"key": key, "password": NEW})

    assert (answer.status_code, answer.json()["meta"]["is_authenticated"]) == (401, False)
    assert app.me().status_code == 401


def test_a_log_in_that_ends_in_the_middle_of_its_own_call_is_gone(dora, monkeypatch):
    app = logged_in(dora)

    def end_meanwhile(*_):
        Session.objects.all().delete()
        return True

    monkeypatch.setattr("accounts.adapters.AccountAdapter.reauthenticate", end_meanwhile)

    answer = app.reauthenticate()
    assert answer.status_code == 410, answer.content


def test_a_late_or_broken_key_opens_nothing(dora, monkeypatch):
    key = reset_key(dora)
    for wrong in (key[:-1], f"x{key}", "-", "x", "", f"{dora.pk.hex}-", "é-é", "x" * 5000):
        assert reset(wrong).status_code == 400
    later = ResetKeys()._now() + timedelta(minutes=61)
    monkeypatch.setattr(ResetKeys, "_now", lambda self: later)

    assert codes(reset(key)) == ["invalid_password_reset"]
    assert opens(dora, PASSWORD)


def test_a_weak_password_is_refused_and_the_key_stays_good(dora):
    key = reset_key(dora)

    weak = reset(key, "password")

    assert (weak.status_code, weak.json()["errors"][0]["param"]) == (400, "password")
    assert reset(key).status_code == 401


def missing():
    person(email="inactive@example.com", is_active=False)
    person(email="deleted@example.com", deleted_at=timezone.now())
    return ["inactive@example.com", "deleted@example.com", "nobody@example.com"]


def test_asking_for_a_reset_never_tells_who_has_an_account(dora):
    password_less = person(email="provider@example.com", password=make_password(None))
    emails = [dora.email, " DORA@example.com", password_less.email, *missing()]

    answers = [App().post("auth/password/request", {"email": email}) for email in emails]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    # One mail each, so that the time tells nothing either; always to the address that stands in the account.
    assert [message.to for message in mail.outbox] == [[email.strip().lower()] for email in emails]
    assert [message.subject for message in mail.outbox[:3]] == ["[Lyceum] Reset your password"] * 3
    assert [message.subject for message in mail.outbox[3:]] == ["[Lyceum] No account with this address"] * 3


@pytest.mark.parametrize("change", [{"is_active": False}, {"deleted_at": timezone.now()}])
def test_who_is_gone_resets_nothing(dora, change):
    key = reset_key(dora)
    User.objects.filter(pk=dora.pk).update(**change)

    answer = reset(key)

    assert codes(answer) == ["invalid_password_reset"]
    User.objects.filter(pk=dora.pk).update(is_active=True, deleted_at=None)
    assert opens(dora, PASSWORD)


def test_a_reset_that_cannot_be_mailed_answers_like_any_other(dora, monkeypatch):
    usual = App().post("auth/password/request", {"email": dora.email})
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)

    answer = App().post("auth/password/request", {"email": dora.email})

    assert (answer.status_code, answer.content) == (200, usual.content)


def refuse(*args, **kwargs):
    raise ConnectionRefusedError


def test_a_reset_by_the_owner_of_an_unproved_address_turns_out_whoever_opened_the_account(db):
    """Somebody signs up with another's address and waits; the owner of the mailbox takes the account over."""
    victim = "victim@example.com"
    squatter = App()
    squatter.post("auth/signup", {"email": victim, "password": PASSWORD})
    squatted = User.objects.get(email=victim)
    token = api_token(squatted)
    # allauth asks for a proof first, so a passkey could only come by another way.
    Authenticator.objects.create(user=squatted, type="webauthn", data={})
    SocialAccount.objects.create(user=squatted, provider="google", uid="1")
    squatter.reauthenticate()
    squatter.post("account/email", {"email": "squatter@example.com"})
    change = key_in(last_mail())

    assert reset(reset_key(squatted)).status_code == 401

    assert opens(squatted, NEW)
    assert not opens(squatted, PASSWORD)
    assert squatter.me().status_code == 401
    assert squatter.client.get("/api/v1/me/", headers=token).status_code == 401
    assert not Authenticator.objects.exists()
    assert not SocialAccount.objects.exists()
    assert codes(App().post("auth/email/verify", {"key": change})) == ["invalid_or_expired_key"]
    assert EmailAddress.objects.get().verified is True


def test_a_reset_leaves_the_second_factors_of_a_proved_account(dora):
    with_passkey(dora)

    reset(reset_key(dora))

    answer = App().log_in(dora, NEW)
    assert (answer.status_code, Authenticator.objects.filter(user=dora, type="webauthn").count()) == (401, 1)


def test_a_change_of_the_password_ends_all_other_log_ins_and_tokens(dora):
    app, other = logged_in(dora), logged_in(dora)
    token, old = api_token(dora), app.token

    answer = app.post("account/password/change", {"current_password": PASSWORD, "new_password": NEW})

    assert answer.status_code == 200
    assert app.token == old
    assert app.me().status_code == 200
    assert other.me().status_code == 401
    assert app.client.get("/api/v1/me/", headers=token).status_code == 401
    assert list(Session.objects.filter(user=dora).values_list("kind", flat=True)) == ["login"]
    assert (opens(dora, PASSWORD), opens(dora, NEW)) == (False, True)
    assert last_mail().subject == "[Lyceum] Your password has changed"


@pytest.mark.parametrize(
    "body",
    [
        {"current_password": "not it", "new_password": NEW},
        {"new_password": NEW},
        {"current_password": PASSWORD, "new_password": "password"},
        {"current_password": PASSWORD},
    ],
)
def test_a_change_needs_the_old_password_and_a_good_new_one(dora, body):
    app = logged_in(dora)

    assert app.post("account/password/change", body).status_code == 400
    assert opens(dora, PASSWORD)
    assert App().post("account/password/change", body).status_code == 401


def test_a_change_writes_only_the_password(dora):
    """What staff did meanwhile stays: the request has read the person before."""
    from accounts.services.credentials import change_password

    seen_before = User.objects.get(pk=dora.pk)
    User.objects.filter(pk=dora.pk).update(name="Renamed")

    change_password(person=seen_before, password=NEW)

    assert User.objects.get(pk=dora.pk).name == "Renamed"


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
@pytest.mark.parametrize("password", [PASSWORD, "long " * 30])
def test_a_hash_of_an_older_system_opens_once_and_is_made_anew(db, prefix, password):
    import bcrypt

    raw = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    somebody = person(password=f"bcrypt${prefix}{raw[4:]}")

    assert not opens(somebody, "wrong " * 30)
    assert opens(somebody, password.strip())
    somebody.refresh_from_db()
    assert somebody.password.startswith("argon2$")
    assert opens(somebody, password.strip())


def test_an_account_without_a_password_refuses_like_any_other(db):
    nobody = UserFactory.build(email="nobody@example.com")
    provider_only = person(password=make_password(None))

    answers = [App().log_in(somebody) for somebody in (nobody, provider_only, person(password="!"))]

    assert len({answer.content for answer in answers}) == 1
