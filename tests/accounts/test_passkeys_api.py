"""Passkeys: registered while logged in, then good for a log-in without a password."""

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.models import User
from tests.accounts.flows import App, codes, flows, last_mail, logged_in, person, with_passkey
from tests.authenticator import Passkey


@pytest.fixture
def dora(db):
    return person(email="dora@example.com")


def answer_to(challenge_of, passkey, **claims):
    """What the passkey says to the challenge that this app has asked for."""
    return {"credential": passkey.get(challenge_of.challenge(), **claims)}


def test_a_passkey_logs_in_without_a_password(dora):
    _, passkey = with_passkey(dora)
    assert last_mail().subject == "[Lyceum] A passkey was added"
    app = App()

    answer = app.log_in_by(passkey)

    assert answer.status_code == 200
    assert app.me().json()["email"] == "dora@example.com"
    method = answer.json()["data"]["methods"][-1]
    assert (method["type"], method["passwordless"]) == ("webauthn", True)


def test_the_options_name_lyceum_the_host_and_the_person(dora):
    options = logged_in(dora).get("account/authenticators/webauthn?passwordless").json()
    public = options["data"]["creation_options"]["publicKey"]

    assert public["rp"] == {"id": "localhost", "name": "Lyceum"}
    assert (public["user"]["name"], public["user"]["displayName"]) == (dora.email, dora.name)
    assert public["authenticatorSelection"]["residentKey"] == "required"


def test_a_domain_of_the_settings_serves_pages_on_other_hosts(dora, settings):
    settings.PASSKEY_DOMAIN = "example.com"
    app, passkey = logged_in(dora), Passkey("https://www.example.com", rp_id="example.com")

    assert app.add_passkey(passkey).status_code == 200
    assert App().log_in_by(passkey).status_code == 200


def test_a_passkey_is_a_second_factor_for_the_password(dora):
    _, passkey = with_passkey(dora)
    app = App()

    first = app.log_in(dora)

    assert (first.status_code, flows(first)) == (401, ["mfa_authenticate"])
    credential = passkey.get(app.challenge("auth/webauthn/authenticate"))
    assert app.post("auth/webauthn/authenticate", {"credential": credential}).status_code == 200
    assert app.me().status_code == 200


def test_an_answer_is_good_once(dora):
    _, passkey = with_passkey(dora)
    app = App()
    body = answer_to(app, passkey)
    waiting = app.token
    assert app.post("auth/webauthn/login", body).status_code == 200

    with_the_old_token = App().post("auth/webauthn/login", body, **{"X-Session-Token": waiting})
    without_a_challenge = App().post("auth/webauthn/login", body)
    to_another_challenge = App()
    to_another_challenge.challenge()

    assert with_the_old_token.status_code == 410
    assert codes(without_a_challenge) == ["incorrect_code"]
    assert codes(to_another_challenge.post("auth/webauthn/login", body)) == ["incorrect_code"]


@pytest.mark.parametrize(
    "claims",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://evil.localhost.example"},
        {"origin": "https://localhost.evil.example"},
        {"type": "webauthn.create"},
        {"challenge": b"x" * 32},
    ],
)
def test_an_answer_that_was_given_elsewhere_is_refused(dora, claims):
    _, passkey = with_passkey(dora)
    app = App()

    answer = app.post("auth/webauthn/login", answer_to(app, passkey, **claims))

    assert (answer.status_code, codes(answer)) == (400, ["incorrect_code"])
    assert app.me().status_code == 401


def test_an_answer_for_another_site_is_refused(dora):
    _, passkey = with_passkey(dora)
    passkey.rp_id = "evil.example"

    assert codes(App().log_in_by(passkey)) == ["incorrect_code"]


def test_an_answer_signed_by_another_key_or_for_another_person_is_refused(dora):
    _, passkey = with_passkey(dora)
    _, other = with_passkey(person())
    forged = Passkey()
    forged.id, forged.user_handle = passkey.id, passkey.user_handle
    other_handle = other.user_handle

    assert codes(App().log_in_by(forged)) == ["incorrect_code"]
    other.user_handle = passkey.user_handle
    assert codes(App().log_in_by(other)) == ["incorrect_code"]
    passkey.user_handle = other_handle
    assert codes(App().log_in_by(passkey)) == ["incorrect_code"]


def test_a_passkey_that_was_not_unlocked_logs_nobody_in(dora):
    _, passkey = with_passkey(dora)
    passkey.unlocked = False

    assert codes(App().log_in_by(passkey)) == ["incorrect_code"]


@pytest.mark.parametrize("claims", [{"origin": "https://evil.example"}, {"challenge": b"x" * 32}])
def test_a_registration_that_was_made_elsewhere_is_refused(dora, claims):
    app = logged_in(dora)
    options = app.get("account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]

    answer = app.post("account/authenticators/webauthn", {"credential": Passkey().create(options, **claims)})

    assert codes(answer) == ["incorrect_code"]
    assert not Authenticator.objects.exists()


def test_a_registration_is_good_once_and_for_its_own_account(dora):
    app, thief = logged_in(dora), logged_in(person())
    options = app.get("account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]
    thief.get("account/authenticators/webauthn?passwordless")
    body = {"credential": Passkey().create(options)}

    assert codes(thief.post("account/authenticators/webauthn", body)) == ["incorrect_code"]
    assert app.post("account/authenticators/webauthn", body).status_code == 200
    assert codes(app.post("account/authenticators/webauthn", body)) == ["incorrect_code"]


def test_a_registration_asks_who_is_there_and_for_a_proved_address(dora):
    stale, unproved = logged_in(dora, recently=False), logged_in(person(verified=False))

    assert stale.get("account/authenticators/webauthn?passwordless").status_code == 401
    answer = unproved.get("account/authenticators/webauthn?passwordless")
    assert (answer.status_code, codes(answer)) == (409, ["unverified_email"])


def test_passkeys_are_listed_renamed_and_removed(dora):
    app, passkey = with_passkey(dora)
    listed = next(one for one in app.get("account/authenticators").json()["data"] if "id" in one)
    assert (listed["name"], listed["is_passwordless"]) == ("Phone", True)

    renamed = app("put", "account/authenticators/webauthn", {"id": listed["id"], "name": "Old phone"})
    removed = app("delete", "account/authenticators/webauthn", {"authenticators": [listed["id"]]})

    assert renamed.json()["data"]["name"] == "Old phone"
    assert removed.status_code == 200
    assert last_mail().subject == "[Lyceum] A passkey was removed"
    assert codes(App().log_in_by(passkey)) == ["incorrect_code"]


def test_nobody_renames_or_removes_anothers_passkey(dora):
    _, passkey = with_passkey(dora)
    thief, key = logged_in(person()), Authenticator.objects.get(type="webauthn").pk

    assert thief("put", "account/authenticators/webauthn", {"id": key, "name": "Mine"}).status_code == 400
    assert thief("delete", "account/authenticators/webauthn", {"authenticators": [key]}).status_code == 400
    assert App().log_in_by(passkey).status_code == 200


@pytest.mark.parametrize("change", [{"is_active": False}, {"deleted_at": timezone.now()}])
def test_a_passkey_lets_nobody_in_who_is_gone(dora, change):
    _, passkey = with_passkey(dora)
    User.objects.filter(pk=dora.pk).update(**change)
    app = App()

    assert app.log_in_by(passkey).status_code == 401
    User.objects.filter(pk=dora.pk).update(is_active=True, deleted_at=None)
    assert app.me().status_code == 401


EMPTY = {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA", "attestationObject": "AA"}


@pytest.mark.parametrize(
    "credential",
    [
        None,
        0,
        True,
        "text",
        [],
        [1],
        {},
        {"response": 5},
        {"type": "public-key", "id": "AA", "rawId": "AA", "response": {}},
        {"type": "public-key", "id": "AA", "rawId": "AA", "response": EMPTY},
        {"type": "public-key", "id": "A", "rawId": "A", "response": EMPTY | {"userHandle": None}},
        {"type": "public-key", "id": "AA", "rawId": "AA", "response": EMPTY | {"clientDataJSON": "e30"}},
    ],
)
def test_an_answer_that_is_none_is_refused(dora, credential):
    app, _ = with_passkey(dora)
    stranger, waiting = App(), App()
    stranger.challenge()
    waiting.log_in(dora)
    waiting.challenge("auth/webauthn/authenticate")
    app.get("account/authenticators/webauthn?passwordless")

    for one, path in [
        (app, "account/authenticators/webauthn"),
        (app, "auth/webauthn/reauthenticate"),
        (stranger, "auth/webauthn/login"),
        (waiting, "auth/webauthn/authenticate"),
    ]:
        assert one.post(path, {"credential": credential}).status_code == 400


@pytest.mark.parametrize("handle", [None, "", "AA", "bm9ib2R5", "____", 5])
def test_an_answer_that_names_nobody_is_refused_alike(dora, handle):
    _, passkey = with_passkey(dora)
    passkey.user_handle = handle

    answer = App().log_in_by(passkey)

    assert (answer.status_code, codes(answer)) == (400, ["incorrect_code"])


@pytest.mark.django_db(transaction=True)
def test_of_answers_to_one_challenge_that_come_at_once_one_counts(at_once):
    _, passkey = with_passkey(person(email="dora@example.com"))
    app = App()
    body = answer_to(app, passkey)

    answers = at_once(*(lambda: app.post("auth/webauthn/login", body) for _ in range(5)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {400, 410}


def test_a_wrong_answer_uses_the_challenge_up_too(dora):
    _, passkey = with_passkey(dora)
    app = App()
    challenge = app.challenge()
    wrong = {"credential": passkey.get(challenge, origin="https://evil.example")}

    assert codes(app.post("auth/webauthn/login", wrong)) == ["incorrect_code"]
    assert codes(app.post("auth/webauthn/login", {"credential": passkey.get(challenge)})) == [
        "incorrect_code"
    ]
    assert app.log_in_by(passkey).status_code == 200


def test_a_passkey_is_added_once(dora):
    app, passkey = with_passkey(dora)

    again = app.add_passkey(passkey, name="The same")

    assert codes(again) == ["authenticator_there"]
    assert Authenticator.objects.filter(type="webauthn").count() == 1
