"""How often an address may try to log in, to sign up, to have mail sent, and to call at all."""

import time
from ipaddress import ip_network
from itertools import count
from uuid import uuid4

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AttemptCounter, Session
from tests.factories import PASSWORD, UserFactory

LOGIN = "/api/auth/app/v1/auth/login"
RESET = "/api/auth/app/v1/auth/password/request"
SIGN_UP = "/api/v1/signup/"
ME = "/api/v1/me/"
HERE, THERE = "198.51.100.7", "198.51.100.8"


@pytest.fixture
def dora(db):
    return UserFactory(name="Dora", username="Dora.D", email="dora@example.com")


@pytest.fixture
def at():
    """A client at an address."""
    return lambda address, **headers: APIClient(REMOTE_ADDR=address, **headers)


def log_in(client, password=PASSWORD, **who):
    return client.post(LOGIN, {**who, "password": password})


def statuses(*answers):
    return [answer.status_code for answer in answers]


def test_the_log_ins_of_one_address_to_one_account_are_limited(at, settings, dora):
    settings.THROTTLE_LOGIN = (3, 60)
    other = UserFactory()

    tries = [log_in(at(HERE), "wrong", email=dora.email), log_in(at(HERE), "wrong", username="dora.d")]
    tries += [log_in(at(HERE), email="DORA@example.com"), log_in(at(HERE), email=dora.email)]

    assert statuses(*tries) == [400, 400, 200, 429]
    assert tries[-1].json() == {"status": 429}
    assert 50 <= int(tries[-1].headers["Retry-After"]) <= 60
    assert statuses(log_in(at(HERE), email=other.email), log_in(at(THERE), email=dora.email)) == [200, 200]


def test_an_account_that_does_not_exist_is_limited_in_the_same_words(at, settings, dora):
    settings.THROTTLE_LOGIN = (2, 60)

    def answers(login):
        tries = [log_in(at(HERE), "wrong", username=login) for _ in range(3)]
        return [(answer.status_code, answer.json()) for answer in tries]

    assert answers(dora.username) == answers("nobody")


def test_a_log_in_is_possible_again_after_the_time_that_the_refusal_names(at, settings, dora):
    settings.THROTTLE_LOGIN = (1, 2)
    assert log_in(at(HERE), email=dora.email).status_code == 200
    refused = log_in(at(HERE), email=dora.email)
    assert refused.status_code == 429

    time.sleep(int(refused.headers["Retry-After"]))

    assert log_in(at(HERE), email=dora.email).status_code == 200


def test_failures_of_an_address_count_whatever_account_it_tries(at, settings, dora):
    settings.THROTTLE_LOGIN_FAILURES = (3, 900)
    assert statuses(*(log_in(at(HERE), email=dora.email) for _ in range(5))) == [200] * 5

    wrong = [log_in(at(HERE), "wrong", email=f"{n}@example.com") for n in range(4)]

    assert statuses(*wrong) == [400, 400, 400, 429]
    assert 890 <= int(wrong[-1].headers["Retry-After"]) <= 900
    # The owner elsewhere is not locked out.
    assert statuses(log_in(at(HERE), email=dora.email), log_in(at(THERE), email=dora.email)) == [429, 200]


def test_the_log_in_of_the_studio_counts_too(settings, root):
    settings.THROTTLE_LOGIN = (2, 60)
    browser = Client(REMOTE_ADDR=HERE)

    def studio(password):
        return browser.post("/admin/login/?next=/admin/", {"username": root.email, "password": password})

    assert statuses(studio("wrong"), studio("wrong")) == [200, 200]
    refused = studio(PASSWORD)
    assert refused.status_code == 429
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert "Too many attempts" in refused.content.decode()
    assert refused.headers["Content-Type"].startswith("text/html")
    assert log_in(APIClient(REMOTE_ADDR=HERE), email=root.email).status_code == 429


def test_the_confirmation_of_a_log_in_counts_too(at, settings, dora):
    settings.THROTTLE_LOGIN = (3, 60)
    client = at(HERE)
    token = log_in(client, email=dora.email).json()["meta"]["session_token"]

    def confirm(password):
        return client.post(
            "/api/auth/app/v1/auth/reauthenticate",
            {"password": password},
            headers={"X-Session-Token": token},
        )

    assert statuses(confirm("wrong"), confirm(PASSWORD), confirm(PASSWORD)) == [400, 200, 429]


def test_whoever_is_logged_in_cannot_guess_at_the_password_by_changing_it(at, settings, dora):
    settings.THROTTLE_LOGIN = (2, 60)
    client = at(HERE)
    token = log_in(client, email=dora.email).json()["meta"]["session_token"]

    def change():
        return client.post(
            "/api/auth/app/v1/account/password/change",
            {"current_password": "wrong", "new_password": "a new one 4711"},
            headers={"X-Session-Token": token},
        )

    assert statuses(change(), change(), change()) == [400, 400, 429]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("call", ["account/password/change", "auth/2fa/authenticate", "auth/reauthenticate"])
def test_a_method_that_a_call_does_not_take_tells_nothing_of_what_was_sent(at, dora, method, call):
    client = at(HERE)
    token = log_in(client, email=dora.email).json()["meta"]["session_token"]
    right = {"current_password": PASSWORD, "new_password": "a new one 4711", "password": PASSWORD}

    for body in (right, right | {"current_password": "wrong", "password": "wrong"}):
        answer = getattr(client, method)(f"/api/auth/app/v1/{call}", body, headers={"X-Session-Token": token})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_header_that_counts_for_nothing_buys_no_more_tries(settings, dora):
    settings.THROTTLE_LOGIN = (2, 60)
    browser = APIClient(REMOTE_ADDR=HERE)
    path = "/api/auth/browser/v1"
    assert browser.post(f"{path}/auth/login", {"email": dora.email, "password": PASSWORD}).status_code == 200

    def change():
        body = {"current_password": "wrong", "new_password": "a new one 4711"}
        nonsense = {"X-Session-Token": uuid4().hex}
        return browser.post(f"{path}/account/password/change", body, headers=nonsense)

    assert statuses(change(), change(), change()) == [400, 400, 429]


def test_sign_ups_of_an_address_are_limited_at_both_doors_together_and_failed_ones_count(at, settings, db):
    settings.THROTTLE_SIGNUP = (3, 3600)
    client, number = at(HERE), count()

    def ours(**change):
        person = {"email": f"{next(number)}@example.com", "password": "correct horse 9", "name": "New"}
        return client.post(SIGN_UP, person | change)

    def allauths():
        person = {"email": f"{next(number)}@example.com", "password": "correct horse 9"}
        return client.post("/api/auth/app/v1/auth/signup", person)

    assert client.get(SIGN_UP).status_code == 405
    assert statuses(ours(), ours(password="short"), allauths()) == [201, 400, 200]
    refused = ours(name="")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "throttled")
    assert 3590 <= int(refused.headers["Retry-After"]) <= 3600
    assert allauths().status_code == 429
    assert at(THERE).post(SIGN_UP, {}).status_code == 400


@pytest.mark.parametrize("addressee", ["dora@example.com", "nobody@example.com"])
def test_the_mails_that_somebody_asks_for_are_limited_for_one_addressee(at, settings, dora, addressee):
    settings.THROTTLE_LOGIN = (2, 60)

    asked = [at(HERE).post(RESET, {"email": addressee.upper()}) for _ in range(3)]

    assert statuses(*asked) == [200, 200, 429]
    assert at(HERE).post(RESET, {"email": "other@example.com"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_tries_that_come_at_once_exactly_as_many_as_allowed_get_in(at, at_once, settings, dora):
    settings.THROTTLE_LOGIN, settings.THROTTLE_LOGIN_FAILURES = (8, 60), (5, 900)

    tries = at_once(*(lambda: log_in(at(HERE), "wrong", email=dora.email) for _ in range(12)))

    assert sorted(statuses(*tries)) == [400] * 5 + [429] * 7
    settings.THROTTLE_LOGIN_FAILURES = None
    more = at_once(*(lambda: log_in(at(HERE), email=dora.email) for _ in range(6)))
    counted = AttemptCounter.objects.get(kind="login").attempts
    assert len(counted) == 8
    assert statuses(*more).count(429) == 6 - Session.objects.filter(user=dora).count()


@pytest.mark.django_db(transaction=True)
def test_right_passwords_that_come_at_once_are_not_taken_for_failures_for_long(at, at_once, settings, dora):
    settings.THROTTLE_LOGIN_FAILURES = (2, 900)

    tries = at_once(*(lambda: log_in(at(HERE), email=dora.email) for _ in range(5)))

    assert {answer.headers["Retry-After"] for answer in tries if answer.status_code == 429} <= {"1"}
    assert statuses(log_in(at(HERE), email=dora.email)) == [200]
    assert AttemptCounter.objects.get(kind="failure").attempts == []


def test_nothing_of_what_is_counted_tells_who_tried_from_where(at, settings, dora):
    settings.THROTTLE_LOGIN = (3, 60)
    log_in(at(HERE), "wrong", email=dora.email)

    kept = str(list(AttemptCounter.objects.values()))

    assert HERE not in kept
    assert str(dora.pk) not in kept


def test_calls_without_a_log_in_are_limited_by_address(at, settings, db, somewhere):
    settings.THROTTLE_ANON = (4, 60)
    client = at(somewhere)

    called = [client.get(path) for path in (ME, "/api/schema/", "/api/v1/nothing/", "/admin/login/", ME)]

    assert statuses(*called) == [401, 200, 404, 200, 429]
    assert called[-1].json()["error"]["code"] == "throttled"
    assert 1 <= int(called[-1].headers["Retry-After"]) <= 60
    assert statuses(client.get("/healthz"), client.get("/readyz"), at(THERE).get(ME)) == [200, 200, 401]
    assert log_in(client, email="nobody@example.com").json() == {"status": 429}


def test_a_subscriber_of_ipv6_is_one_address(at, settings, db, somewhere):
    settings.THROTTLE_ANON = (1, 60)

    assert at(somewhere).get(ME).status_code == 401
    assert at(f"{somewhere}:2").get(ME).status_code == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_AUTHORIZATION": "Bearer nonsense"},
        {"HTTP_X_SESSION_TOKEN": "nonsense"},
        {"HTTP_COOKIE": "sessionid=nonsense"},
    ],
)
def test_a_token_that_opens_nothing_is_no_log_in(at, settings, db, somewhere, headers):
    settings.THROTTLE_ANON = (2, 60)
    client = at(somewhere, **headers)

    assert statuses(client.get(ME), client.get("/api/v1/nothing/"), client.get(ME)) == [401, 404, 429]


def test_who_is_logged_in_does_not_use_up_what_their_address_may_call(as_user, settings, alice, somewhere):
    settings.THROTTLE_ANON = (1, 60)
    client = as_user(alice)
    app = {"X-Session-Token": client._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")}

    for _ in range(3):
        assert client.get(ME, REMOTE_ADDR=somewhere).status_code == 200
        session = APIClient().get("/api/auth/app/v1/auth/session", headers=app, REMOTE_ADDR=somewhere)
        assert session.status_code == 200

    assert APIClient(REMOTE_ADDR=somewhere).get(ME).status_code == 401


def test_the_calls_of_a_person_are_limited_whatever_they_log_in_with(as_user, settings, alice, bob):
    settings.THROTTLE_USER = (3, 60)
    second = APIClient()
    token = log_in(APIClient(), email=alice.email).json()["meta"]["session_token"]

    called = [as_user(alice).get(ME), as_user(alice).get("/api/v1/subjects/?page=0")]
    called += [
        second.get(ME, headers={"X-Session-Token": token}),
        as_user(alice).post("/api/v1/subjects/", {}),
    ]

    assert statuses(*called) == [200, 400, 200, 429]
    assert called[-1].json()["error"]["code"] == "throttled"
    assert 1 <= int(called[-1].headers["Retry-After"]) <= 60
    assert as_user(alice).get(f"/api/v1/subjects/{uuid4()}/").status_code == 429
    assert as_user(bob).get(ME).status_code == 200


def test_an_authenticated_call_counts_without_a_statement(as_user, settings, alice, queries):
    settings.THROTTLE_USER, settings.THROTTLE_ANON = (1000, 60), (1000, 60)
    client = as_user(alice)

    with queries() as sent:
        client.get("/api/v1/me/settings/")

    assert len(sent) == 2


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "192.0.2.66, 198.51.100.1, 10.0.0.3", "198.51.100.1"),
        ("10.0.0.2", "nonsense", "10.0.0.2"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("::ffff:10.0.0.2", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_proxy_is_believed_when_it_is_trusted(settings, dora, peer, forwarded, client):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]

    log_in(APIClient(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded), email=dora.email)

    assert Session.objects.get(user=dora).ip_address == client
