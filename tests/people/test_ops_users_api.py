"""Everyone, for staff: found, written, ended, restored."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from accounts.sessions import log_in
from tests.factories import PASSWORD, OrganizationFactory, UserFactory

URL = "/api/v1/ops/users/"
NO_PROFILE = {"bio": "", "headline": "", "locale": "en", "timezone": "UTC"}


def one(person, tail=""):
    return f"{URL}{person.pk}/{tail}"


def iso(moment):
    return moment and moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def shape(person):
    return {
        "id": str(person.pk),
        "email": person.email,
        "email_verified": False,
        "username": person.username,
        "name": person.name,
        "image": person.image,
        "is_active": person.is_active,
        "is_staff": person.is_staff,
        "last_login": iso(person.last_login),
        "created_at": iso(person.created_at),
        "updated_at": iso(person.updated_at),
        "deleted_at": iso(person.deleted_at),
    }


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def emails(answer):
    assert answer.status_code == 200
    return [row["email"] for row in answer.json()["items"]]


@pytest.fixture
def clerk(db):
    """Staff, but no superuser."""
    return UserFactory(name="Clerk", email="clerk@example.com", is_staff=True)


# Who comes in.

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
PATHS = [
    "users/",
    f"users/{NOBODY}/",
    f"users/{NOBODY}/restore/",
    "users/nonsense/",
    "users",
    "users/?page=0",
    "nothing/",
    "nothing",
    "",
    "users/%00/",
    "é/",
]


@pytest.mark.parametrize("path", PATHS)
def test_below_ops_everything_wants_a_log_in_and_then_staff(as_user, anyone, alice, clerk, path):
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"):

        def ask(client, method=method):
            return client.generic(method, f"/api/v1/ops/{path}", b"{", content_type="application/json")

        for refused, status in ((ask(anyone), 401), (ask(as_user(alice)), 403)):
            assert refused.status_code == status
            assert method == "HEAD" or "request_id" in refused.json()["error"]
        assert ask(anyone).headers["WWW-Authenticate"].startswith("Bearer")
        # What is amiss with the path, the method or the body comes after that.
        expected = {200, 400, 404, 405} if path.startswith("users/") else {404}
        assert ask(as_user(clerk)).status_code in expected


def test_who_is_no_longer_staff_is_refused_at_once(as_user, clerk):
    assert as_user(clerk).get(URL).status_code == 200
    User.objects.filter(pk=clerk.pk).update(is_staff=False)

    assert as_user(clerk).get(URL).status_code == 403


def test_an_api_token_of_staff_opens_it_too(as_user, clerk):
    made = as_user(clerk).post("/api/v1/me/tokens/", {"name": "ops", "expires_in_days": 1}).json()

    assert APIClient().get(URL, headers={"X-Session-Token": made["token"]}).status_code == 200


# Finding people.


def test_everyone_is_listed_the_newest_first_in_three_statements(as_user, root, alice, queries):
    inactive = UserFactory(is_active=False)
    UserFactory(deleted_at=timezone.now())
    client = as_user(root)

    with queries() as sent:
        page = client.get(URL).json()

    assert len(sent) == 3  # the session, the total, the page
    people = [User.objects.get(pk=person.pk) for person in (inactive, alice, root)]
    people.sort(key=lambda person: (person.created_at, person.pk), reverse=True)
    assert page == {
        "items": [shape(person) for person in people],
        "total": 3,
        "page": 1,
        "page_size": 20,
        "has_more": False,
    }


def test_deleted_people_are_listed_on_request(as_user, root, alice):
    gone = UserFactory(email="gone@example.com", deleted_at=timezone.now())
    client = as_user(root)

    everyone = client.get(URL, {"include_deleted": "true"}).json()
    without = client.get(URL, {"include_deleted": "false"}).json()

    assert (everyone["total"], without["total"]) == (3, 2)
    assert next(row for row in everyone["items"] if row["id"] == str(gone.pk))["deleted_at"]
    assert emails(client.get(URL, {"email": gone.email})) == []
    assert emails(client.get(URL, {"email": gone.email, "include_deleted": "true"})) == [gone.email]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"email": "emile@example.com"}, ["emile@example.com"]),
        ({"email": "EMILE@Example.com"}, ["emile@example.com"]),
        ({"email": "emile@example"}, []),
        ({"email": "no address"}, []),
        ({"search": "ÉMI"}, ["emile@example.com"]),
        ({"search": "hugo.1"}, ["emile@example.com"]),
        ({"search": "mile@exam"}, ["emile@example.com"]),
        ({"search": "MILE@"}, ["emile@example.com"]),
        ({"search": "%"}, []),
        ({"search": "émi", "email": "root@example.com"}, []),
        ({"search": ""}, ["root@example.com", "emile@example.com"]),
    ],
)
def test_people_are_found_by_address_or_by_words(as_user, root, query, found):
    UserFactory(name="Émile", username="hugo.1", email="emile@example.com")

    assert sorted(emails(as_user(root).get(URL, query))) == sorted(found)


@pytest.mark.parametrize(
    "query",
    ["ordering=name", "ids=", "include_deleted=1", "deleted=true", "email=", "page=0", "email=a&email=b"],
)
def test_a_question_that_is_not_understood_is_refused(as_user, root, query):
    assert as_user(root).get(f"{URL}?{query}").status_code == 400


def test_one_person_is_shown_whole_in_two_statements(as_user, root, alice, queries):
    acme = OrganizationFactory(name="Acme", members={alice: "owner"})
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    as_user(alice).patch("/api/v1/me/profile/", {"headline": "Curious"})
    client = as_user(root)

    with queries() as sent:
        answer = client.get(one(alice))

    assert len(sent) == 2  # the session, the account with its profile and organizations
    assert answer.json() == {
        **shape(User.objects.get(pk=alice.pk)),
        "email_verified": True,
        "profile": {**NO_PROFILE, "headline": "Curious"},
        "organizations": [{"id": str(acme.pk), "name": "Acme", "slug": acme.slug, "role": "owner"}],
    }


def test_one_deleted_person_is_shown_on_request(as_user, root, alice):
    as_user(alice).delete("/api/v1/me/")
    client = as_user(root)

    assert client.get(one(alice)).status_code == 404
    assert client.get(f"{one(alice)}?include_deleted=true").json()["email"] == "alice@example.com"
    assert client.get(f"{URL}{uuid7()}/?include_deleted=true").status_code == 404


def test_no_secret_of_a_person_is_shown(as_user, root, alice):
    text = as_user(root).get(one(alice)).content.decode()

    assert "argon2" not in text
    assert "password" not in text


# Writing people.


def test_a_person_is_inserted_under_a_given_key_and_logs_in_by_a_reset(as_user, root, anyone, queries):
    key, client = uuid7(), as_user(root)

    with queries() as sent:
        answer = client.put(f"{URL}{key}/", {"email": "New@Example.com", "name": " New "})

    assert answer.status_code == 201
    # The session; begin, nobody there, the address free, the person, the address, end; the account and its
    # organizations.
    assert len(sent) == 8
    person = User.objects.get(pk=key)
    assert answer.json() == {**shape(person), "profile": NO_PROFILE, "organizations": []}
    assert (person.email, person.name, person.username) == ("new@example.com", "New", None)
    assert not person.has_usable_password()
    address = EmailAddress.objects.get(user=person)
    assert (address.email, address.primary, address.verified) == ("new@example.com", True, False)
    anyone.post("/api/auth/app/v1/auth/password/request", {"email": "new@example.com"})
    body = {"key": re.search(r"/password/reset/([^\s\"<]+)", mail.outbox[-1].body)[1], "password": PASSWORD}
    anyone.post("/api/auth/app/v1/auth/password/reset", body)
    login = {"email": "new@example.com", "password": PASSWORD}
    assert APIClient().post("/api/auth/app/v1/auth/login", login).status_code == 200


def test_a_person_is_updated_and_keeps_the_rest(as_user, root, alice, queries):
    before, client = as_user(root).get(one(alice)).json(), as_user(root)

    with queries() as sent:
        renamed = client.put(one(alice), {"email": alice.email, "name": "Alicia"})
    # The session; begin, the person held, the address free, the row, end; the account, its organizations.
    assert len(sent) == 7
    same = client.put(one(alice), {"email": alice.email, "name": "Alicia"})

    assert renamed.status_code == same.status_code == 200
    moved = renamed.json()["updated_at"]
    assert renamed.json() == {**before, "name": "Alicia", "updated_at": moved}
    assert same.json()["updated_at"] > moved > before["updated_at"]
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)


def test_another_address_is_the_only_one_and_unproved(as_user, root, alice, anyone):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    EmailAddress.objects.create(user=alice, email="pending@example.com")
    token = log_in(alice, ip_address=None, user_agent="").session_key

    answer = as_user(root).put(one(alice), {"email": "alicia@example.com", "name": "Alice"})

    assert (answer.json()["email"], answer.json()["email_verified"]) == ("alicia@example.com", False)
    address = EmailAddress.objects.get()
    assert (address.email, address.primary, address.verified) == ("alicia@example.com", True, False)
    login = "/api/auth/app/v1/auth/login"
    assert anyone.post(login, {"email": "alice@example.com", "password": PASSWORD}).status_code == 400
    assert APIClient().post(login, {"email": "alicia@example.com", "password": PASSWORD}).status_code == 200
    assert APIClient().get("/api/v1/me/", headers={"X-Session-Token": token}).status_code == 200


def test_another_address_that_the_person_has_proved_stays_proved(as_user, root, alice):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    EmailAddress.objects.create(user=alice, email="second@example.com", verified=True)

    answer = as_user(root).put(one(alice), {"email": "second@example.com", "name": "Alice"})

    assert answer.json()["email_verified"] is True
    assert EmailAddress.objects.get().primary is True


def test_an_address_of_another_is_taken(as_user, root, alice, bob):
    UserFactory(email="gone@example.com", deleted_at=timezone.now())
    EmailAddress.objects.create(user=bob, email="second@example.com", verified=True)

    for email in ("bob@example.com", "BOB@example.com", "gone@example.com", "second@example.com"):
        for key in (alice.pk, uuid7()):
            answer = as_user(root).put(f"{URL}{key}/", {"email": email, "name": "New"})
            assert code(answer) == (409, "email_taken")
    assert User.objects.get(pk=alice.pk).name == "Alice"
    assert not EmailAddress.objects.filter(user=alice).exists()


def test_a_deleted_person_is_not_written(as_user, root, alice, bob):
    as_user(alice).delete("/api/v1/me/")

    for email in ("alice@example.com", "bob@example.com"):
        assert code(as_user(root).put(one(alice), {"email": email, "name": "New"})) == (409, "deleted")
    assert User.objects.get(pk=alice.pk).name == "Alice"


@pytest.mark.parametrize(
    ("body", "field", "refusal"),
    [
        ({"name": "New"}, "email", "required"),
        ({"email": "new@example.com"}, "name", "required"),
        ({"email": "new", "name": "New"}, "email", "invalid_email"),
        ({"email": "\u212aate@example.com", "name": "New"}, "email", "invalid_email"),
        ({"email": None, "name": "New"}, "email", "null"),
        ({"email": "new@example.com", "name": ""}, "name", "blank"),
        ({"email": "new@example.com", "name": "x" * 101}, "name", "max_length"),
        ({"email": "new@example.com", "name": "New", "is_staff": True}, "is_staff", "unknown_field"),
        ({"email": "new@example.com", "name": "New", "password": "x"}, "password", "unknown_field"),
        ({"email": "new@example.com", "name": "New", "id": str(uuid7())}, "id", "unknown_field"),
    ],
)
def test_a_person_of_the_wrong_shape_is_refused(as_user, root, alice, body, field, refusal):
    for key in (alice.pk, uuid7()):
        answer = as_user(root).put(f"{URL}{key}/", body)
        assert answer.status_code == 400
        assert answer.json()["error"]["fields"][field][0]["code"] == refusal
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    "key",
    [
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "ABC",
        NOBODY.upper(),
    ],
)
def test_a_person_is_not_put_where_no_key_is(as_user, root, key):
    body = {"email": "new@example.com", "name": "New"}

    assert as_user(root).put(f"{URL}{key}/", body).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_one_person_put_many_times_at_once_is_made_once(as_user, root, at_once):
    client, key = as_user(root), uuid7()

    answers = at_once(
        *[
            lambda name=name: client.put(f"{URL}{key}/", {"email": "new@example.com", "name": name})
            for name in ("One", "Two", "Three", "Four")
        ]
    )

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert EmailAddress.objects.filter(user=key).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_address_put_for_two_people_at_once_goes_to_one(as_user, root, alice, at_once):
    client = as_user(root)

    answers = at_once(
        *[
            lambda key=key: client.put(f"{URL}{key}/", {"email": "new@example.com", "name": "New"})
            for key in (alice.pk, uuid7())
        ]
    )

    assert sorted(answer.status_code for answer in answers) in ([200, 409], [201, 409])


# Superusers, ending and restoring.


def test_only_superusers_lay_hands_on_a_superuser(as_user, clerk, root):
    other = UserFactory(is_staff=True, is_superuser=True)
    body = {"email": "clerk+1@example.com", "name": "Mine"}

    assert code(as_user(clerk).put(one(other), body)) == (403, "permission_denied")
    assert code(as_user(clerk).delete(one(other))) == (403, "permission_denied")
    assert as_user(root).delete(one(other)).status_code == 204
    assert code(as_user(clerk).post(one(other, "restore/"))) == (403, "permission_denied")
    assert as_user(root).post(one(other, "restore/")).status_code == 200
    assert as_user(root).put(one(other), body).status_code == 200


def test_ending_and_restoring_answer_once(as_user, clerk, alice):
    client = as_user(clerk)

    assert client.post(one(alice, "restore/")).status_code == 404
    assert client.delete(one(alice)).status_code == 204
    assert client.delete(one(alice)).status_code == 404
    assert client.post(one(alice, "restore/"), {"why": "x"}).status_code == 400
    restored = client.post(one(alice, "restore/"), {})
    assert restored.json() == {
        **shape(User.objects.get(pk=alice.pk)),
        "profile": NO_PROFILE,
        "organizations": [],
    }
    assert client.post(one(alice, "restore/")).status_code == 404
    assert client.delete(f"{URL}{uuid7()}/").status_code == 404
    assert client.post(f"{URL}{uuid7()}/restore/").status_code == 404


def test_no_other_method_is_taken(as_user, clerk, alice):
    assert as_user(clerk).post(URL, {}).status_code == 405
    assert as_user(clerk).patch(one(alice), {}).status_code == 405
    assert as_user(clerk).get(one(alice, "restore/")).status_code == 404
