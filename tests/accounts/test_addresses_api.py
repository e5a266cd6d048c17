"""Signing up through allauth, proving an address, changing it."""

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core import mail
from django.utils import timezone

from accounts.models import User
from tests.accounts.flows import App, codes, flows, key_in, last_mail, logged_in, person
from tests.factories import PASSWORD, UserFactory

# Each of these is, to a careless eye or program, alice@example.com.
LOOK_ALIKES = [
    "alic\N{CYRILLIC SMALL LETTER IE}@example.com",
    "alice@examp\N{LATIN SMALL LETTER LONG S}e.com",
    "alice@\N{FULLWIDTH LATIN CAPITAL LETTER E}xample.com",
    "al\N{LATIN SMALL LETTER DOTLESS I}ce@example.com",
    "ali\u0063\u0327e@example.com",
    "alice\u200b@example.com",
]
SPELLINGS = ["ALICE@EXAMPLE.COM", " alice@example.com", "alice@example.com ", "Alice@Example.com\t"]


@pytest.fixture
def alice(db):
    return person(email="alice@example.com", name="Alice", username="alice")


def test_a_sign_up_through_allauth_is_logged_in_and_asked_to_prove_the_address(db):
    app = App()

    answer = app.post("auth/signup", {"email": "New@Example.com", "password": PASSWORD})

    assert answer.status_code == 200
    me = app.me().json()
    assert (me["email"], me["email_verified"], me["username"], me["name"]) == (
        "new@example.com",
        False,
        None,
        "",
    )
    assert last_mail().to == ["new@example.com"]
    assert app.post("auth/email/verify", {"key": key_in(last_mail())}).status_code == 200
    assert app.me().json()["email_verified"] is True


@pytest.mark.parametrize("email", ["alice@example.com", *SPELLINGS])
def test_one_address_is_one_account_however_it_is_spelt(alice, email):
    answer = App().post("auth/signup", {"email": email, "password": PASSWORD})

    assert (answer.status_code, codes(answer)) == (400, ["email_taken"])
    assert User.objects.count() == EmailAddress.objects.count() == 1
    assert mail.outbox == []


@pytest.mark.parametrize("email", LOOK_ALIKES)
@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("auth/signup", {"password": PASSWORD}),
        ("auth/login", {"password": PASSWORD}),
        ("auth/password/request", {}),
    ],
)
def test_a_look_alike_is_nobodys_address(alice, email, path, more):
    answer = App().post(path, {"email": email, **more})

    assert (answer.status_code, codes(answer)) == (400, ["invalid"])
    assert User.objects.count() == 1
    assert mail.outbox == []


def test_a_look_alike_of_a_username_is_nobodys(alice):
    refusals = [
        App().post("auth/login", {"username": name, "password": PASSWORD})
        for name in ("al\N{LATIN SMALL LETTER DOTLESS I}ce", "ALİCE", "nobody")
    ]

    assert {answer.status_code for answer in refusals} == {400}
    assert len({answer.content for answer in refusals}) == 1


def test_a_letter_that_turns_into_another_in_lower_case_is_nobodys(db):
    person(email="kelvin@example.com", username="kelvin")
    kelvin_sign = "\u212a"

    for name in (f"{kelvin_sign}elvin@example.com", f"{kelvin_sign}elvin"):
        answer = App().post("auth/login", {"username": name, "password": PASSWORD})
        assert answer.status_code == 400
    assert App().post("auth/login", {"username": "Kelvin", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_is_not_called_json_is_not_read(alice, kind):
    body = '{"email": "al\N{LATIN SMALL LETTER DOTLESS I}ce@example.com"}'

    answer = App().client.post("/api/auth/app/v1/auth/password/request", body, content_type=kind)

    assert answer.status_code == 415


@pytest.mark.parametrize("email", ["x" * 65 + "@example.com", "a@" + "b" * 60 + ".com" * 60, "no address"])
def test_an_address_is_held_to_the_same_rules_at_every_door(alice, email):
    answers = [
        App().post("auth/signup", {"email": email, "password": PASSWORD}),
        App().post("auth/password/request", {"email": email}),
        logged_in(alice).post("account/email", {"email": email}),
    ]

    assert [(answer.status_code, codes(answer)) for answer in answers] == [(400, ["invalid"])] * 3


@pytest.mark.parametrize("password", ["short", "password", "12345678901", "new@example.com"])
def test_a_weak_password_is_refused(db, password):
    answer = App().post("auth/signup", {"email": "new@example.com", "password": password})

    assert answer.status_code == 400
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_sign_ups_at_once_one_is_told_that_the_address_is_taken(at_once):
    def sign_up():
        return App().post("auth/signup", {"email": "new@example.com", "password": PASSWORD})

    answers = at_once(*[sign_up] * 4)

    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    assert {code for answer in answers for code in codes(answer)} == {"email_taken"}
    assert EmailAddress.objects.count() == 1


def test_a_key_proves_once_and_logs_nobody_in(db):
    new = person(verified=False)
    app, stranger = logged_in(new), App()
    app("put", "account/email", {"email": new.email})
    key = key_in(last_mail())

    proved = stranger.post("auth/email/verify", {"key": key})
    again = stranger.post("auth/email/verify", {"key": key})

    assert (proved.status_code, flows(proved)[0]) == (401, "login")  # proved, and nobody is logged in
    assert stranger.me().status_code == 401
    assert (again.status_code, codes(again)) == (400, ["invalid_or_expired_key"])
    assert app.me().json()["email_verified"] is True


def test_a_key_says_whom_it_is_for(db):
    new = person(verified=False)
    logged_in(new)("put", "account/email", {"email": new.email})

    answer = App().get("auth/email/verify", **{"X-Email-Verification-Key": key_in(last_mail())})

    assert answer.json()["data"]["email"] == new.email


def test_a_late_or_forged_key_proves_nothing(db, monkeypatch):
    new = person(verified=False)
    key = EmailConfirmationHMAC(EmailAddress.objects.get()).key
    forged = [key[:-1] + ("A" if key[-1] != "A" else "B"), key.partition(":")[2], "", "x" * 5000, "é"]

    for wrong in forged:
        assert App().post("auth/email/verify", {"key": wrong}).status_code == 400
    four_days_later = timezone.now().timestamp() + 4 * 86_400
    monkeypatch.setattr("django.core.signing.time.time", lambda: four_days_later)
    assert codes(App().post("auth/email/verify", {"key": key})) == ["invalid_or_expired_key"]
    assert not EmailAddress.objects.filter(user=new, verified=True).exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"deleted_at": timezone.now()}])
def test_who_is_gone_proves_nothing(db, change):
    new = person(verified=False)
    key = EmailConfirmationHMAC(EmailAddress.objects.get()).key
    User.objects.filter(pk=new.pk).update(**change)

    post = App().post("auth/email/verify", {"key": key})
    get = App().get("auth/email/verify", **{"X-Email-Verification-Key": key})

    assert codes(post) == codes(get) == ["invalid_or_expired_key"]


def test_an_address_changes_when_the_new_one_is_proved(alice):
    app = logged_in(alice)

    asked = app.post("account/email", {"email": "Alice@New.example"})

    assert asked.status_code == 200
    assert [one["email"] for one in asked.json()["data"]] == ["alice@example.com", "alice@new.example"]
    assert app.me().json()["email"] == "alice@example.com"
    assert last_mail().to == ["alice@new.example"]
    assert app.post("auth/email/verify", {"key": key_in(last_mail())}).status_code == 200
    me = app.me().json()
    assert (me["email"], me["email_verified"]) == ("alice@new.example", True)
    told = last_mail()
    assert told.to == ["alice@example.com"]
    assert "alice@new.example" in told.body
    assert [one["email"] for one in app.get("account/email").json()["data"]] == ["alice@new.example"]
    assert App().post("auth/login", {"email": "alice@new.example", "password": PASSWORD}).status_code == 200
    assert App().post("auth/login", {"email": "alice@example.com", "password": PASSWORD}).status_code == 400


def test_who_never_proved_an_address_may_change_it_too(db):
    new = person(verified=False)
    app = logged_in(new)

    app.post("account/email", {"email": "typo-mended@example.com"})

    assert app.me().json()["email"] == new.email
    app.post("auth/email/verify", {"key": key_in(last_mail())})
    assert app.me().json()["email"] == "typo-mended@example.com"


def test_a_change_asks_who_is_there(alice):
    app = logged_in(alice, recently=False)

    answer = app.post("account/email", {"email": "new@example.com"})

    assert (answer.status_code, flows(answer)) == (401, ["reauthenticate"])
    assert mail.outbox == []
    assert app.reauthenticate("not it").status_code == 400
    assert app.reauthenticate().status_code == 200
    assert app.post("account/email", {"email": "new@example.com"}).status_code == 200


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("bob@example.com", "email_taken"),
        ("BOB@example.com ", "email_taken"),
        *[(email, "duplicate_email") for email in SPELLINGS],
        *[(email, "invalid") for email in LOOK_ALIKES],
    ],
)
def test_an_address_that_is_taken_or_no_other_is_refused(alice, email, code):
    UserFactory(email="bob@example.com")

    answer = logged_in(alice).post("account/email", {"email": email})

    assert (answer.status_code, codes(answer)) == (400, [code])
    assert mail.outbox == []


def test_an_address_that_is_taken_meanwhile_is_refused_at_the_proof(alice):
    app = logged_in(alice)
    app.post("account/email", {"email": "wanted@example.com"})
    key = key_in(last_mail())
    assert App().post("auth/signup", {"email": "wanted@example.com", "password": PASSWORD}).status_code == 200

    answer = app.post("auth/email/verify", {"key": key})

    assert (answer.status_code, codes(answer)) == (400, ["email_taken"])
    assert app.me().json()["email"] == "alice@example.com"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_prove_an_address_at_once_one_has_it(at_once):
    apps, keys = [], []
    for _ in range(2):
        apps.append(logged_in(person()))
        apps[-1].post("account/email", {"email": "wanted@example.com"})
        keys.append(key_in(last_mail()))

    answers = at_once(
        *(
            lambda app=app, key=key: app.post("auth/email/verify", {"key": key})
            for app, key in zip(apps, keys, strict=True)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert User.objects.filter(email="wanted@example.com").count() == 1
    assert EmailAddress.objects.filter(email="wanted@example.com", verified=True).count() == 1


def test_wanting_an_address_gives_no_hold_of_it(alice):
    """Neither a sign-up with it nor a log-in, a reset or a mail of it meets the one who wants it."""
    logged_in(alice).post("account/email", {"email": "wanted@example.com"})
    mail.outbox.clear()

    as_wanted = App().post("auth/login", {"email": "wanted@example.com", "password": PASSWORD})
    App().post("auth/password/request", {"email": "wanted@example.com"})

    assert as_wanted.status_code == 400
    assert last_mail().subject == "[Lyceum] No account with this address"
    assert App().post("auth/signup", {"email": "wanted@example.com", "password": PASSWORD}).status_code == 200


def test_only_the_last_change_that_was_asked_for_counts(alice):
    app = logged_in(alice)
    keys = []
    for email in ("first@example.com", "second@example.com"):
        app.post("account/email", {"email": email})
        keys.append(key_in(last_mail()))

    assert codes(app.post("auth/email/verify", {"key": keys[0]})) == ["invalid_or_expired_key"]
    assert app.post("auth/email/verify", {"key": keys[1]}).status_code == 200
    assert app.me().json()["email"] == "second@example.com"


def test_a_change_is_called_off(alice):
    app = logged_in(alice)
    app.post("account/email", {"email": "new@example.com"})
    key = key_in(last_mail())

    answer = app("delete", "account/email", {"email": "new@example.com"})

    assert [one["email"] for one in answer.json()["data"]] == ["alice@example.com"]
    assert codes(app.post("auth/email/verify", {"key": key})) == ["invalid_or_expired_key"]


def test_an_account_keeps_its_address(alice):
    app = logged_in(alice)
    app.post("account/email", {"email": "new@example.com"})

    removed = app("delete", "account/email", {"email": "alice@example.com"})
    preferred = app("patch", "account/email", {"email": "new@example.com", "primary": True})
    same = app("patch", "account/email", {"email": "alice@example.com", "primary": True})
    asked_again = app("put", "account/email", {"email": "alice@example.com"})

    assert codes(removed) == ["cannot_remove_primary_email"]
    assert codes(preferred) == ["unverified_primary_email"]
    assert (same.status_code, asked_again.status_code) == (200, 403)
    assert app.me().json()["email"] == "alice@example.com"


def test_another_password_calls_a_change_of_address_off(alice):
    """Whoever stole a log-in and asked for their own address gets nothing when the owner wakes up."""
    app = logged_in(alice)
    app.post("account/email", {"email": "thief@example.com"})
    key = key_in(last_mail())

    app.post("account/password/change", {"current_password": PASSWORD, "new_password": "another horse 9"})

    assert codes(App().post("auth/email/verify", {"key": key})) == ["invalid_or_expired_key"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "account/phone"),
        ("post", "account/phone"),
        ("post", "auth/phone/verify"),
        ("post", "auth/code/request"),
        ("post", "auth/code/confirm"),
        ("post", "auth/email/verify/resend"),
    ],
)
def test_flows_that_lyceum_has_not_are_not_there(alice, method, path):
    assert logged_in(alice)(method, path).status_code == 404


def test_who_came_by_a_command_or_by_sql_has_an_address_too(db):
    staff = User.objects.create_superuser("staff@example.com", PASSWORD, name="Staff")
    app = logged_in(staff)

    listed = app.get("account/email").json()["data"]

    assert listed == [{"email": "staff@example.com", "verified": False, "primary": True}]
    assert app("put", "account/email", {"email": "staff@example.com"}).status_code == 200
    assert app.post("auth/email/verify", {"key": key_in(last_mail())}).status_code == 200


def test_ones_own_address_comes_first_before_the_one_to_change_to(alice):
    app = logged_in(alice)
    app.reauthenticate()
    app.post("account/email", {"email": "a@example.com"})

    listed = [address["email"] for address in app.get("account/email").json()["data"]]

    assert listed == ["alice@example.com", "a@example.com"]
