"""API tokens: made, shown once, listed without themselves, ended."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import Session, SessionKind, User
from accounts.querysets import UserQuerySet, token_digest
from tests.factories import SessionFactory

URL = "/api/v1/me/tokens/"
ME = "/api/v1/me/"


def make(client, name="backup", days=30):
    answer = client.post(URL, {"name": name, "expires_in_days": days})
    assert answer.status_code == 201
    return answer.json()


def with_token(token, header="Authorization"):
    client = APIClient(raise_request_exception=False)
    client.credentials(**{f"HTTP_{header.upper().replace('-', '_')}": token})
    return client


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_token_is_made_and_shown_this_once(as_user, alice, queries):
    client = as_user(alice)

    with queries() as sent:
        answer = client.post(URL, {"name": " Backup at home ", "expires_in_days": 30})

    # The session; begin, the person held, the row, end.
    assert len(sent) == 5
    row = Session.objects.get(kind=SessionKind.API)
    made = answer.json()
    assert made == {
        "id": str(row.pk),
        "name": "Backup at home",
        "token": made["token"],
        "expires_at": iso(row.expires_at),
    }
    assert answer.status_code == 201
    assert made["token"].startswith("lyc_")
    assert len(made["token"]) >= len("lyc_") + 160 / 6  # six bits a character at most
    assert (row.user, row.token_digest) == (alice, token_digest(made["token"]))
    assert abs(row.expires_at - row.created_at - timedelta(days=30)) < timedelta(seconds=1)
    with queries() as sent:
        listed = client.get(URL)
    assert len(sent) == 2  # the session, the tokens
    assert listed.json() == {
        "items": [
            {
                "id": made["id"],
                "name": "Backup at home",
                "created_at": iso(row.created_at),
                "last_seen_at": iso(row.last_seen_at),
                "expires_at": made["expires_at"],
            }
        ]
    }


def test_a_token_is_its_person_in_either_header_but_not_to_allauth(as_user, alice):
    token = make(as_user(alice))["token"]

    assert with_token(f"Bearer {token}").get(ME).json()["id"] == str(alice.pk)
    program = with_token(token, "X-Session-Token")
    assert program.patch(ME, {"name": "Alice's script"}).status_code == 200
    assert program.get("/api/auth/app/v1/auth/session").status_code == 410
    assert (
        program.post(
            "/api/auth/app/v1/account/password/change", {"new_password": "another horse battery"}
        ).status_code
        == 410
    )
    assert make(program, "another")["token"] != token


def test_two_tokens_may_have_one_name_and_come_newest_first(as_user, alice):
    client = as_user(alice)
    keys = [make(client, "twin")["id"] for _ in range(3)]

    assert [item["id"] for item in client.get(URL).json()["items"]] == keys[::-1]


@pytest.mark.parametrize(
    ("body", "field", "refusal"),
    [
        ({"expires_in_days": 1}, "name", "required"),
        ({"name": "", "expires_in_days": 1}, "name", "blank"),
        ({"name": "\u2060", "expires_in_days": 1}, "name", "characters"),
        ({"name": "x" * 101, "expires_in_days": 1}, "name", "max_length"),
        ({"name": None, "expires_in_days": 1}, "name", "null"),
        ({"name": "a"}, "expires_in_days", "required"),
        ({"name": "a", "expires_in_days": 0}, "expires_in_days", "min_value"),
        ({"name": "a", "expires_in_days": 366}, "expires_in_days", "max_value"),
        ({"name": "a", "expires_in_days": None}, "expires_in_days", "null"),
        ({"name": "a", "expires_in_days": "7"}, "expires_in_days", "invalid"),
        ({"name": "a", "expires_in_days": 7.0}, "expires_in_days", "invalid"),
        ({"name": "a", "expires_in_days": True}, "expires_in_days", "invalid"),
        ({"name": "a", "expires_in_days": 7, "id": str(uuid7())}, "id", "unknown_field"),
        ({"name": "a", "expires_in_days": 7, "token": "lyc_mine"}, "token", "unknown_field"),
    ],
)
def test_a_token_of_the_wrong_shape_is_refused(as_user, alice, body, field, refusal):
    answer = as_user(alice).post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == refusal
    assert not Session.objects.filter(kind=SessionKind.API).exists()


def test_the_limits_themselves_are_allowed(as_user, alice):
    assert make(as_user(alice), "é" * 100, 1)["name"] == "é" * 100
    made = Session.objects.get(pk=make(as_user(alice), "year", 365)["id"])
    assert timedelta(days=364) < made.expires_at - timezone.now() <= timedelta(days=365)


def test_a_token_ends_by_itself(as_user, alice):
    client = as_user(alice)
    made = make(client)
    Session.objects.filter(pk=made["id"]).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert with_token(f"Bearer {made['token']}").get(ME).status_code == 401
    assert client.get(URL).json() == {"items": []}
    assert client.delete(f"{URL}{made['id']}/").status_code == 404


def test_a_token_is_ended_at_once_and_once(as_user, alice, queries):
    client = as_user(alice)
    made, other = make(client), make(client, "other")

    with queries() as sent:
        assert client.delete(f"{URL}{made['id']}/").status_code == 204

    assert len(sent) == 2  # the session, the row
    assert with_token(f"Bearer {made['token']}").get(ME).status_code == 401
    assert with_token(f"Bearer {other['token']}").get(ME).status_code == 200
    assert client.delete(f"{URL}{made['id']}/").status_code == 404


def test_a_token_may_end_itself(as_user, alice):
    made = make(as_user(alice))
    program = with_token(f"Bearer {made['token']}")

    assert program.delete(f"{URL}{made['id']}/").status_code == 204
    assert program.get(ME).status_code == 401


def test_the_tokens_of_others_and_log_ins_are_not_ended_here(as_user, alice, bob):
    theirs, log_in = make(as_user(bob)), SessionFactory(user=alice)

    for key in (theirs["id"], log_in.pk, uuid7()):
        answer = as_user(alice).delete(f"{URL}{key}/")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert as_user(alice).get(URL).json() == {"items": []}
    assert with_token(f"Bearer {theirs['token']}").get(ME).status_code == 200


def test_the_list_takes_no_questions_and_no_other_method(as_user, alice):
    client = as_user(alice)
    made = make(client)

    assert client.get(f"{URL}?page=1").status_code == 400
    assert client.delete(URL).status_code == 405
    for method in ("get", "patch"):
        assert getattr(client, method)(f"{URL}{made['id']}/").status_code == 405


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"deleted_at": timezone.now()}, {"password": "another"}]
)
def test_a_token_asked_for_while_its_person_goes_is_not_made(as_user, alice, monkeypatch, change):
    """Between the log-in's check and the token's making the account ends, or gets another password."""
    client, hold = as_user(alice), UserQuerySet.select_for_update

    def gone(self, *args, **kwargs):
        User.objects.filter(pk=alice.pk).update(**change)
        return hold(self, *args, **kwargs)

    monkeypatch.setattr(UserQuerySet, "select_for_update", gone)

    assert client.post(URL, {"name": "late", "expires_in_days": 1}).status_code == 404
    assert not Session.objects.filter(kind=SessionKind.API).exists()
