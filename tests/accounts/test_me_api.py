"""One's own account, profile and settings."""

import pytest
from allauth.account.models import EmailAddress

from accounts.models import Profile, UserSettings
from accounts.querysets import OwnQuerySet
from tests.factories import OrganizationFactory, UserFactory

ME = "/api/v1/me/"
PROFILE = "/api/v1/me/profile/"
SETTINGS = "/api/v1/me/settings/"

NO_PROFILE = {"bio": "", "headline": "", "locale": "en", "timezone": "UTC"}
NO_SETTINGS = {
    "model": "",
    "learning_style": "interactive",
    "difficulty": 5,
    "pacing": True,
    "email_notifications": False,
    "preferences": {},
}


def code(answer, field):
    assert answer.status_code == 400
    return answer.json()["error"]["fields"][field][0]["code"]


def test_an_account_shows_its_profile_and_organizations_in_one_statement(as_user, alice, bob, queries):
    roles = {"Zeta": "owner", "alpha": "admin", "Émile": "member"}
    organizations = {
        name: OrganizationFactory(name=name, members={alice: role}) for name, role in roles.items()
    }
    OrganizationFactory(members={bob: "owner"})
    as_user(alice).patch(PROFILE, {"headline": "Curious"})

    with queries() as sent:
        account = as_user(alice).get(ME).json()

    assert len(sent) == 1  # the session and the account with its profile and organizations
    assert account == {
        "id": str(alice.pk),
        "email": "alice@example.com",
        "email_verified": False,
        "username": "alice",
        "name": "Alice",
        "image": "",
        "is_staff": False,
        "created_at": account["created_at"],
        "updated_at": account["updated_at"],
        "profile": {**NO_PROFILE, "headline": "Curious"},
        "organizations": [  # by code point
            {"id": str(organizations[name].pk), "name": name, "slug": organizations[name].slug, "role": role}
            for name, role in roles.items()
        ],
    }


def test_a_deleted_organization_is_not_shown(as_user, alice):
    organization = OrganizationFactory(members={alice: "owner"})
    as_user(alice).delete(f"/api/v1/organizations/{organization.pk}/")

    assert as_user(alice).get(ME).json()["organizations"] == []


def test_a_proved_address_is_shown_as_such(as_user, alice):
    EmailAddress.objects.create(user=alice, email="older@example.com", verified=True)
    assert as_user(alice).get(ME).json()["email_verified"] is False

    EmailAddress.objects.create(user=alice, email=alice.email, verified=True)
    assert as_user(alice).get(ME).json()["email_verified"] is True


def test_a_person_changes_name_username_and_image(as_user, alice):
    before = as_user(alice).get(ME).json()

    changed = as_user(alice).patch(
        ME, {"name": " Alice  L. ", "username": "Alice", "image": "https://example.com/a.png"}
    )
    none = as_user(alice).patch(ME, {"username": None, "image": ""})

    assert changed.status_code == 200
    assert changed.json() == {
        **before,
        "name": "Alice  L.",
        "username": "Alice",
        "image": "https://example.com/a.png",
        "updated_at": changed.json()["updated_at"],
    }
    assert changed.json()["updated_at"] > before["updated_at"]
    assert (none.json()["username"], none.json()["image"], none.json()["name"]) == (None, "", "Alice  L.")


def test_an_empty_change_moves_nothing(as_user, alice):
    before = as_user(alice).get(ME).json()

    assert as_user(alice).patch(ME, {}).json() == as_user(alice).get(ME).json() == before


@pytest.mark.parametrize(
    "field", ["id", "email", "email_verified", "is_staff", "created_at", "profile", "foo"]
)
def test_the_rest_of_an_account_is_not_written_here(as_user, alice, field):
    answer = as_user(alice).patch(ME, {"name": "New", field: "root@example.com"})

    assert code(answer, field) == "unknown_field"
    assert as_user(alice).get(ME).json()["name"] == "Alice"


@pytest.mark.parametrize(
    ("body", "field", "refusal"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": None}, "name", "null"),
        ({"name": "x" * 101}, "name", "max_length"),
        ({"username": "me"}, "username", "invalid_form"),
        ({"username": "../../admin"}, "username", "invalid_form"),
        ({"username": "admin\u00a0"}, "username", "invalid_form"),
        ({"username": "admin\n"}, "username", "invalid_form"),
        ({"username": ""}, "username", "blank"),
        ({"image": None}, "image", "null"),
        ({"image": "javascript:alert(1)"}, "image", "invalid_url"),
    ],
)
def test_a_change_of_the_wrong_shape_is_refused(as_user, alice, body, field, refusal):
    assert code(as_user(alice).patch(ME, body), field) == refusal


@pytest.mark.parametrize("username", ["bob", "BOB"])
def test_a_taken_username_stays_taken(as_user, alice, bob, username):
    answer = as_user(alice).patch(ME, {"name": "New", "username": username})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "username_taken")
    assert as_user(alice).get(ME).json()["name"] == "Alice"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_a_username_at_once_one_gets_it(as_user, alice, bob, at_once):
    clients = as_user(alice), as_user(bob)

    answers = at_once(*[lambda client=client: client.patch(ME, {"username": "winner"}) for client in clients])

    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize(("path", "usual"), [(PROFILE, NO_PROFILE), (SETTINGS, NO_SETTINGS)])
def test_reading_what_was_never_written_answers_the_defaults_and_writes_nothing(
    as_user, alice, path, usual, queries
):
    client = as_user(alice)
    with queries() as sent:
        assert client.get(path).json() == usual
    assert len(sent) == 2  # the session and the row that is not there
    assert client.patch(path, {}).json() == usual

    assert not Profile.objects.exists()
    assert not UserSettings.objects.exists()


@pytest.mark.parametrize(
    ("path", "usual", "first", "second"),
    [
        (
            PROFILE,
            NO_PROFILE,
            {"bio": "Line\n\tline ", "locale": "pt-BR"},
            {"headline": " Hi ", "timezone": "Europe/Berlin"},
        ),
        (
            SETTINGS,
            NO_SETTINGS,
            {"difficulty": 10, "preferences": {"theme": {"dark": True}}},
            {"pacing": False, "learning_style": "visual", "model": "m-1", "email_notifications": True},
        ),
    ],
)
def test_a_change_keeps_what_it_does_not_name(as_user, alice, path, usual, first, second):
    once = as_user(alice).patch(path, first)
    twice = as_user(alice).patch(path, second)

    assert (once.status_code, once.json()) == (200, {**usual, **first})
    stripped = {name: value.strip() if isinstance(value, str) else value for name, value in second.items()}
    assert twice.json() == as_user(alice).get(path).json() == {**usual, **first, **stripped}
    assert Profile.objects.count() + UserSettings.objects.count() == 1


def test_everyone_has_their_own(as_user, alice, bob):
    as_user(alice).patch(PROFILE, {"bio": "Alice's"})
    as_user(alice).patch(SETTINGS, {"difficulty": 9})

    assert as_user(bob).get(PROFILE).json() == NO_PROFILE
    assert as_user(bob).get(SETTINGS).json() == NO_SETTINGS
    assert as_user(alice).get(ME).json()["profile"]["bio"] == "Alice's"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        (PROFILE, {"bio": "One"}, {"headline": "Other"}),
        (SETTINGS, {"difficulty": 1}, {"pacing": False}),
    ],
)
def test_of_two_first_changes_at_once_both_are_kept(as_user, alice, at_once, path, one, other):
    client = as_user(alice)

    answers = at_once(*[lambda body=body: client.patch(path, body) for body in (one, other) * 2])

    assert [answer.status_code for answer in answers] == [200] * 4
    assert {**one, **other}.items() <= client.get(path).json().items()


def test_a_first_change_that_comes_second_is_kept_too(as_user, alice, monkeypatch):
    def beaten(*_, **__):
        monkeypatch.undo()
        UserSettings.objects.create(user=alice, difficulty=1)
        return 0

    monkeypatch.setattr(OwnQuerySet, "update", beaten)
    answer = as_user(alice).patch(SETTINGS, {"pacing": False})

    assert (answer.status_code, answer.json()) == (200, {**NO_SETTINGS, "difficulty": 1, "pacing": False})


@pytest.mark.parametrize(
    ("path", "body", "field", "refusal"),
    [
        (PROFILE, {"bio": "x" * 2001}, "bio", "max_length"),
        (PROFILE, {"bio": "a\x00b"}, "_", None),
        (PROFILE, {"bio": "a\x1bb"}, "bio", "characters"),
        (PROFILE, {"bio": None}, "bio", "null"),
        (PROFILE, {"headline": "x" * 121}, "headline", "max_length"),
        (PROFILE, {"headline": "two\nlines"}, "headline", "characters"),
        (PROFILE, {"locale": ""}, "locale", "blank"),
        (PROFILE, {"locale": "english"}, "locale", "invalid_form"),
        (PROFILE, {"locale": "en_US"}, "locale", "invalid_form"),
        (PROFILE, {"locale": "en" + "-abcdefgh" * 4}, "locale", "max_length"),
        (PROFILE, {"timezone": "Mars/Olympus"}, "timezone", "invalid_choice"),
        (PROFILE, {"timezone": "europe/berlin"}, "timezone", "invalid_choice"),
        (PROFILE, {"timezone": ""}, "timezone", "invalid_choice"),
        (PROFILE, {"timezone": None}, "timezone", "null"),
        (PROFILE, {"user": "x"}, "user", "unknown_field"),
        (SETTINGS, {"model": "x" * 101}, "model", "max_length"),
        (SETTINGS, {"preferences": []}, "preferences", "invalid"),
        (SETTINGS, {"preferences": "{}"}, "preferences", "invalid"),
        (SETTINGS, {"preferences": None}, "preferences", "null"),
        (SETTINGS, {"preferences": {"k": "x" * 16_377}}, "preferences", "too_large"),
        (SETTINGS, {"preferences": {"k": "é" * 8_189}}, "preferences", "too_large"),
        (SETTINGS, {"id": "x"}, "id", "unknown_field"),
    ],
)
def test_profile_and_settings_have_their_limits(as_user, alice, path, body, field, refusal):
    answer = as_user(alice).patch(path, body)

    assert answer.status_code == 400
    if refusal:
        assert code(answer, field) == refusal
    assert not Profile.objects.exists()
    assert not UserSettings.objects.exists()


def test_the_limits_themselves_are_allowed(as_user, alice):
    profile = {"bio": "é" * 2000, "headline": "é" * 120, "locale": "zh-Hant-TW", "timezone": "Asia/Taipei"}
    settings = {"model": "é" * 100, "difficulty": 1, "preferences": {"k": "x" * 16_376}}

    assert as_user(alice).patch(PROFILE, profile).json() == profile
    assert settings.items() <= as_user(alice).patch(SETTINGS, settings).json().items()


@pytest.mark.parametrize("path", [ME, PROFILE, SETTINGS])
def test_one_s_own_is_neither_posted_nor_replaced(as_user, alice, path):
    for method in ("POST", "PUT"):
        answer = as_user(alice).generic(method, path, b"{}", content_type="application/json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
        assert "PATCH" in answer.headers["Allow"]


def test_a_change_costs_as_few_statements_as_it_can(as_user, alice, queries):
    UserFactory()
    client = as_user(alice)

    with queries() as sent:
        client.patch(ME, {"name": "New"})
    # The session; the account before and after; begin, update and end.
    assert len(sent) == 6

    client.patch(SETTINGS, {"difficulty": 2})
    with queries() as sent:
        client.patch(SETTINGS, {"difficulty": 3})
    # The session; the row before, its update, the row after.
    assert len(sent) == 4
