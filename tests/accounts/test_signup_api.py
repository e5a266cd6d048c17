"""Opening an account: all of it or nothing."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Organization, OrganizationMember, Session, User
from accounts.querysets import token_digest
from tests.factories import PASSWORD, OrganizationFactory, UserFactory

URL = "/api/v1/signup/"

pytestmark = pytest.mark.django_db


def account(**more):
    return {"email": "dora@example.com", "password": PASSWORD, "name": "Dora", **more}


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_newcomer_gets_an_account_and_a_token_that_opens_it(anyone):
    answer = anyone.post(URL, account(email="Dora@Example.COM", username="dora"))

    assert answer.status_code == 201
    made = answer.json()
    assert made == {
        "user": {
            "id": made["user"]["id"],
            "email": "dora@example.com",
            "email_verified": False,
            "username": "dora",
            "name": "Dora",
            "image": "",
            "is_staff": False,
            "created_at": made["user"]["created_at"],
            "updated_at": made["user"]["created_at"],
            "profile": {"bio": "", "headline": "", "locale": "en", "timezone": "UTC"},
            "organizations": [],
        },
        "token": made["token"],
        "organization": None,
    }
    assert anyone.get("/api/v1/me/", headers=bearer(made["token"])).json() == made["user"]


def test_the_token_is_kept_as_a_digest_only(anyone):
    answer = anyone.post(URL, account(), headers={"User-Agent": "x" * 600})

    token = answer.json()["token"]
    session = Session.objects.get()
    assert (session.kind, session.ip_address, session.user_agent) == ("login", "127.0.0.1", "x" * 512)
    assert session.token_digest == token_digest(token)
    assert not any(token in str(value) for value in vars(session).values())
    assert PASSWORD not in str(vars(User.objects.get()))


def test_a_newcomer_is_asked_to_prove_the_address(anyone):
    anyone.post(URL, account())

    (letter,) = mail.outbox
    assert letter.to == ["dora@example.com"]
    assert "/verify-email/" in letter.body


def test_a_newcomer_may_found_an_organization(anyone):
    answer = anyone.post(URL, account(organization={"name": " Café Curie "}))

    made = answer.json()
    assert made["organization"] == {
        "id": made["organization"]["id"],
        "name": "Café Curie",
        "slug": "cafe-curie",
    }
    assert made["user"]["organizations"] == [{**made["organization"], "role": "owner"}]


def test_nothing_is_also_an_answer(anyone):
    answer = anyone.post(URL, account(username=None, organization=None))

    assert answer.status_code == 201
    assert (answer.json()["user"]["username"], answer.json()["organization"]) == (None, None)


def nobody_came():
    tables = (User, EmailAddress, Session, Organization, OrganizationMember)
    return not any(table.objects.exists() for table in tables)


def test_where_the_organization_cannot_be_there_is_no_person_either(anyone):
    OrganizationFactory(slug="acme")

    answer = anyone.post(URL, account(organization={"name": "Acme", "slug": "acme"}))

    assert code(answer) == (409, "slug_taken")
    Organization.objects.all().delete()
    assert nobody_came()
    assert mail.outbox == []


def test_where_the_log_in_cannot_be_there_is_no_person_either(anyone, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("accounts.services.comings.log_in", broken)

    assert anyone.post(URL, account(organization={"name": "Acme"})).status_code == 500
    assert nobody_came()


@pytest.mark.parametrize(
    "email", ["existing.user@example.com", "Existing.User@EXAMPLE.com", " existing.user@example.com "]
)
@pytest.mark.parametrize("deleted_at", [None, timezone.now()])
def test_an_address_has_one_account_whatever_its_case(anyone, email, deleted_at):
    UserFactory(email="existing.user@example.com", deleted_at=deleted_at)

    assert code(anyone.post(URL, account(email=email))) == (409, "email_taken")
    assert User.objects.count() == 1


@pytest.mark.parametrize("username", ["dora", "DORA", "Dora"])
@pytest.mark.parametrize("deleted_at", [None, timezone.now()])
def test_a_username_has_one_account_whatever_its_case(anyone, username, deleted_at):
    UserFactory(username="doRa", deleted_at=deleted_at)

    assert code(anyone.post(URL, account(username=username))) == (409, "username_taken")


def test_where_both_are_taken_the_address_is_named(anyone):
    UserFactory(email="dora@example.com", username="dora")

    assert code(anyone.post(URL, account(username="dora"))) == (409, "email_taken")


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("", "blank"),
        ("Ab1!xyz", "password_too_short"),
        ("password", "password_too_common"),
        ("9081726354", "password_entirely_numeric"),
        ("dora@example.com", "password_too_similar"),
        (12345678901, "invalid"),
        (None, "null"),
        ("x" * 4097, "max_length"),
    ],
)
def test_a_weak_password_is_refused_at_its_field(anyone, password, refusal):
    answer = anyone.post(URL, account(password=password))

    assert code(answer) == (400, "validation_error")
    assert [error["code"] for error in answer.json()["error"]["fields"]["password"]] == [refusal]
    assert nobody_came()


def test_a_password_is_not_composed_and_only_blanks_around_it_go(anyone):
    odd = "  e\u0301 \u212b ﬁ abc\t "

    anyone.post(URL, account(password=odd))

    # As allauth's log-in, which cuts the same blanks, will compare it.
    assert User.objects.get().check_password("e\u0301 \u212b ﬁ abc")


@pytest.mark.parametrize(
    ("body", "field", "refusal"),
    [
        ({"email": "plain"}, "email", "invalid_email"),
        ({"email": "a@@example.com"}, "email", "invalid_email"),
        ({"email": "a@example.com\nBcc: b@example.com"}, "email", "invalid_email"),
        ({"email": "a@example.com,b@example.com"}, "email", "invalid_email"),
        ({"email": "a" * 65 + "@example.com"}, "email", "invalid_email"),
        ({"email": "a@" + "b" * 250 + ".com"}, "email", "max_length"),
        ({"email": "m\u0131ke@example.com"}, "email", "invalid_email"),
        ({"email": "mi\u212ae@example.com"}, "email", "invalid_email"),  # the Kelvin sign, in NFC a K
        ({"email": "a@bücher.example"}, "email", "invalid_email"),
        ({"email": ["a@example.com"]}, "email", "invalid"),
        ({"email": ""}, "email", "blank"),
        ({"email": None}, "email", "null"),
        ({"username": "ab"}, "username", "invalid_form"),
        ({"username": "a" * 31}, "username", "invalid_form"),
        ({"username": "a@b.c"}, "username", "invalid_form"),
        ({"username": " dora "}, "username", "invalid_form"),
        ({"username": "\u212aelvin"}, "username", "invalid_form"),
        ({"username": "\uff41\uff44\uff4d\uff49\uff4e"}, "username", "invalid_form"),
        ({"username": ""}, "username", "blank"),
        ({"username": 12345}, "username", "invalid"),
        ({"name": ""}, "name", "blank"),
        ({"name": "\u200d"}, "name", "blank"),
        ({"name": "a\u202eb"}, "name", "characters"),
        ({"name": "x" * 101}, "name", "max_length"),
        ({"organization": {}}, "organization.name", "required"),
        ({"organization": {"name": "A", "slug": "Not A Slug"}}, "organization.slug", "invalid_form"),
        ({"organization": {"name": "A", "slug": None}}, "organization.slug", "null"),
        ({"organization": {"name": "A", "slug": "a" * 51}}, "organization.slug", "invalid_form"),
        ({"organization": {"name": "A", "id": "x"}}, "organization.id", "unknown_field"),
        ({"is_staff": True}, "is_staff", "unknown_field"),
        ({"id": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, "id", "unknown_field"),
    ],
)
def test_an_account_of_the_wrong_shape_is_refused(anyone, body, field, refusal):
    answer = anyone.post(URL, account() | body)

    assert code(answer) == (400, "validation_error")
    assert {name: errors[0]["code"] for name, errors in answer.json()["error"]["fields"].items()} == {
        field: refusal
    }
    assert nobody_came()


def test_what_is_missing_is_named(anyone):
    answer = anyone.post(URL, {})

    fields = answer.json()["error"]["fields"]
    assert {name: errors[0]["code"] for name, errors in fields.items()} == {
        "email": "required",
        "password": "required",
        "name": "required",
    }


def test_signing_up_needs_no_log_in_and_takes_no_parameters(anyone):
    assert anyone.post(URL, account(), headers=bearer("nonsense")).status_code == 201
    assert code(anyone.post(f"{URL}?x=1", account())) == (400, "validation_error")
    assert code(anyone.get(URL)) == (405, "method_not_allowed")


def test_a_password_is_hashed_before_other_writers_have_to_wait(anyone, monkeypatch, queries):
    waiting = []
    monkeypatch.setattr(User, "set_password", lambda *_: waiting.append(len(sent)))

    with queries() as sent:
        anyone.post(URL, account())

    assert waiting == [0]


@pytest.mark.django_db(transaction=True)
def test_of_two_same_sign_ups_at_once_one_wins(at_once):
    def sign_up():
        return APIClient(raise_request_exception=False).post(URL, account(username="dora"))

    answers = at_once(*[sign_up] * 4)

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} == {
        "email_taken"
    }
    assert User.objects.count() == EmailAddress.objects.count() == Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_organizations_founded_at_once_under_one_name_count_on(at_once):
    def sign_up(number):
        body = account(email=f"p{number}@example.com", organization={"name": "Acme"})
        return lambda: APIClient(raise_request_exception=False).post(URL, body)

    answers = at_once(*map(sign_up, range(4)))

    assert [answer.status_code for answer in answers] == [201] * 4
    slugs = sorted(answer.json()["organization"]["slug"] for answer in answers)
    assert slugs == ["acme", "acme-2", "acme-3", "acme-4"]


def test_signing_up_costs_sixteen_statements(anyone, queries):
    with queries() as sent:
        assert anyone.post(URL, account(organization={"name": "Acme"})).status_code == 201

    # Begin and end of the whole, of the organization and of the session in it; the slugs in use, whether
    # the token is new, five rows, what a new password ends; then the address for the mail, the account and
    # its memberships.
    assert len(sent) == 16


def test_a_sign_up_stands_though_no_mail_can_be_sent(anyone, db, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)

    answer = anyone.post(URL, account())

    assert answer.status_code == 201
    assert [record.name for record in caplog.records] == ["lyceum.mail"]
