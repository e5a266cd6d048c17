"""Organizations: who sees, renames, deletes and restores them."""

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Organization, OrganizationMember, Role
from tests.factories import OrganizationFactory, OrganizationMemberFactory, UserFactory

URL = "/api/v1/organizations/"


@pytest.fixture
def acme(alice, bob, carol):
    """alice owns it, carol is an admin, bob a member."""
    return OrganizationFactory(
        name="Acme", slug="acme", members={alice: Role.OWNER, carol: Role.ADMIN, bob: Role.MEMBER}
    )


@pytest.fixture
def actors(acme, alice, bob, carol, mallory, root):
    """Everyone who may come along, with a former member and a stranger among them."""
    former = UserFactory()
    OrganizationMemberFactory(organization=acme, user=former).delete()
    return {
        "owner": alice,
        "admin": carol,
        "member": bob,
        "former": former,
        "stranger": mallory,
        "staff": root,
    }


def one(organization, tail=""):
    return f"{URL}{organization.pk}/{tail}"


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_who_makes_an_organization_owns_it(as_user, alice, bob):
    answer = as_user(alice).post(URL, {"name": "  Café Curie  "})

    assert answer.status_code == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "name": "Café Curie",
        "slug": "cafe-curie",
        "role": "owner",
        "member_count": 1,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert as_user(alice).get(f"{URL}{made['id']}/").json() == made
    assert as_user(alice).get(URL).json()["items"] == [made]
    assert as_user(bob).get(URL).json()["items"] == []


def test_a_list_shows_role_and_members_present_in_three_statements(as_user, alice, bob, queries):
    first = OrganizationFactory(name="Zeta", members={alice: Role.OWNER})
    second = OrganizationFactory(name="alpha", members={bob: Role.OWNER, alice: Role.MEMBER})
    OrganizationMemberFactory(organization=second, user=UserFactory(is_active=False))
    OrganizationMemberFactory(organization=second, user=UserFactory(deleted_at=timezone.now()))
    OrganizationFactory(members={bob: Role.OWNER})
    client = as_user(alice)

    with queries() as sent:
        page = client.get(URL).json()

    assert len(sent) == 3  # the session, the total, the page
    assert [(row["id"], row["role"], row["member_count"]) for row in page["items"]] == [
        (str(first.pk), "owner", 1),
        (str(second.pk), "member", 3),  # a deleted person is not counted, a deactivated one is
    ]
    with queries() as sent:
        client.get(one(first))
    assert len(sent) == 2  # the session, the organization


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("", ["Zeta", "alpha", "Émile"]),  # by code point
        ("name", ["Zeta", "alpha", "Émile"]),
        ("-name", ["Émile", "alpha", "Zeta"]),
        ("created_at", ["alpha", "Émile", "Zeta"]),
        ("-created_at,name", ["Zeta", "Émile", "alpha"]),
    ],
)
def test_a_list_is_ordered_as_asked(as_user, alice, ordering, expected):
    for name in ("alpha", "Émile", "Zeta"):
        as_user(alice).post(URL, {"name": name})

    page = as_user(alice).get(URL, {"ordering": ordering}).json()

    assert [row["name"] for row in page["items"]] == expected


def test_equal_names_come_by_key_in_the_same_direction(as_user, alice):
    keys = sorted(str(OrganizationFactory(name="Twin", members={alice: Role.OWNER}).pk) for _ in range(4))

    for ordering, expected in {"name": keys, "-name": keys[::-1], "-name,created_at": keys[::-1]}.items():
        Organization.objects.update(created_at=timezone.now())
        page = as_user(alice).get(URL, {"ordering": ordering}).json()
        assert [row["id"] for row in page["items"]] == expected


@pytest.mark.parametrize("query", ["ordering=slug", "ordering=-", "search=a", "page_size=0", "deleted=1"])
def test_a_query_that_is_not_understood_is_refused(as_user, alice, query):
    assert as_user(alice).get(f"{URL}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme-2"),
        ("ACME!", "acme-2"),
        ("Ünïcode & Co_Op", "unicode-co-op"),
        ("日本語", "org"),
        ("---", "org"),
        ("x" * 100, "x" * 50),
    ],
)
def test_a_slug_is_made_from_the_name_and_counts_up(as_user, alice, acme, name, slug):
    assert as_user(alice).post(URL, {"name": name}).json()["slug"] == slug


def test_a_derived_slug_counts_on_past_what_is_deleted_and_within_its_length(as_user, alice):
    def slugs(name, count):
        return [as_user(alice).post(URL, {"name": name}).json()["slug"] for _ in range(count)]

    assert slugs("!!!", 3) == ["org", "org-2", "org-3"]
    assert slugs("x" * 60, 11)[::5] == ["x" * 50, "x" * 48 + "-6", "x" * 47 + "-11"]
    Organization.objects.filter(slug="org-2").soft_delete()
    assert slugs("???", 1) == ["org-4"]


def test_a_given_slug_is_taken_or_not(as_user, alice, bob, acme):
    free = as_user(bob).post(URL, {"name": "Acme", "slug": "a-1-"})
    taken = as_user(bob).post(URL, {"name": "New", "slug": "acme"})
    as_user(alice).delete(one(acme))
    still = as_user(bob).post(URL, {"name": "New", "slug": "acme"})

    assert (free.status_code, free.json()["slug"]) == (201, "a-1-")
    assert code(taken) == code(still) == (409, "slug_taken")
    assert not Organization.objects.filter(name="New").exists()


@pytest.mark.parametrize(
    ("body", "field", "refusal"),
    [
        ({}, "name", "required"),
        ({"name": ""}, "name", "blank"),
        ({"name": "\u2060"}, "name", "characters"),
        ({"name": "x" * 101}, "name", "max_length"),
        ({"name": None}, "name", "null"),
        ({"name": "A", "slug": "Acme"}, "slug", "invalid_form"),
        ({"name": "A", "slug": "a" * 51}, "slug", "invalid_form"),
        ({"name": "A", "slug": "a_b"}, "slug", "invalid_form"),
        ({"name": "A", "slug": ""}, "slug", "blank"),
        ({"name": "A", "slug": None}, "slug", "null"),
        ({"name": "A", "role": "owner"}, "role", "unknown_field"),
        ({"name": "A", "member_count": 3}, "member_count", "unknown_field"),
    ],
)
def test_an_organization_of_the_wrong_shape_is_refused(as_user, alice, body, field, refusal):
    answer = as_user(alice).post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == refusal
    assert not Organization.objects.exists()


def test_a_repeated_create_finds_the_first_ones_organization(as_user, alice, bob):
    body = {"id": str(uuid7()), "name": "Once", "slug": "once"}

    first = as_user(alice).post(URL, body)
    again = as_user(alice).post(URL, {**body, "name": " Once "})
    less = as_user(alice).post(URL, {"id": body["id"], "name": "Once"})
    other = as_user(alice).post(URL, {**body, "name": "Twice"})
    foreign = as_user(bob).post(URL, body)
    as_user(alice).delete(f"{URL}{body['id']}/")
    deleted = as_user(alice).post(URL, body)

    assert first.status_code == 201
    for answer in (again, less):
        assert (answer.status_code, answer.json()) == (200, first.json())
    for answer in (other, foreign, deleted):
        assert code(answer) == (409, "id_conflict")
    assert Organization.objects.count() == OrganizationMember.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_name_at_once_gives_each_a_slug_of_its_own(as_user, alice, at_once):
    client = as_user(alice)

    answers = at_once(*[lambda: client.post(URL, {"name": "Acme"})] * 6)

    assert [answer.status_code for answer in answers] == [201] * 6
    assert sorted(answer.json()["slug"] for answer in answers) == [
        "acme",
        *(f"acme-{n}" for n in range(2, 7)),
    ]


@pytest.mark.django_db(transaction=True)
def test_one_given_slug_at_once_goes_to_one(as_user, alice, bob, at_once):
    calls = [
        lambda client=client: client.post(URL, {"name": "Acme", "slug": "acme"})
        for client in (as_user(alice), as_user(bob))
    ]

    assert sorted(answer.status_code for answer in at_once(*calls)) == [201, 409]


def test_who_may_do_what(as_user, acme, actors):
    def statuses(ask):
        return {actor: ask(as_user(person)).status_code for actor, person in actors.items()}

    nobody_else = {"former": 404, "stranger": 404, "staff": 404}
    url = one(acme)

    assert statuses(lambda client: client.get(url)) == {
        "owner": 200,
        "admin": 200,
        "member": 200,
        **nobody_else,
    }
    assert statuses(lambda client: client.patch(url, {"name": "New"})) == {
        "owner": 200,
        "admin": 200,
        "member": 403,
        **nobody_else,
    }
    # Who may not write is told so before what is wrong with the request.
    for request in (
        {"path": url, "data": b"{", "content_type": "application/json"},
        {"path": f"{url}?x=1", "data": b"{}", "content_type": "application/json"},
        {"path": url, "data": b"x", "content_type": "text/plain"},
    ):
        refusals = statuses(lambda client, request=request: client.generic("PATCH", **request))
        assert (refusals["member"], refusals["stranger"], refusals["former"]) == (403, 404, 404)
        assert refusals["owner"] == (415 if request["content_type"] == "text/plain" else 400)
    assert statuses(lambda client: client.generic("DELETE", f"{url}?x=1")) == {
        "owner": 400,
        "admin": 403,
        "member": 403,
        **nobody_else,
    }
    for actor in ("admin", "member", "former", "stranger", "staff"):
        expected = 403 if actor in {"admin", "member"} else 404
        assert as_user(actors[actor]).delete(url).status_code == expected
    assert as_user(actors["owner"]).delete(url).status_code == 204


def test_who_may_bring_back_what_was_deleted(as_user, acme, actors):
    as_user(actors["owner"]).delete(one(acme))

    for actor, person in actors.items():
        shown = [row["id"] for row in as_user(person).get(f"{URL}?deleted=true").json()["items"]]
        assert shown == ([str(acme.pk)] if actor == "owner" else [])
        assert as_user(person).get(one(acme)).status_code == 404
        assert as_user(person).delete(one(acme)).status_code == 404
        assert as_user(person).get(one(acme, "members/")).status_code == 404
    for actor, person in actors.items():
        expected = {"owner": 400, "admin": 403, "member": 403}.get(actor, 404)
        assert as_user(person).post(one(acme, "restore/"), {"why": "x"}).status_code == expected
        if actor != "owner":
            assert as_user(person).post(one(acme, "restore/")).status_code == expected

    restored = as_user(actors["owner"]).post(one(acme, "restore/"))

    assert restored.status_code == 200
    assert (restored.json()["role"], restored.json()["member_count"]) == ("owner", 3)
    assert as_user(actors["member"]).get(one(acme)).status_code == 200
    assert as_user(actors["owner"]).post(one(acme, "restore/")).status_code == 404


def test_what_is_in_the_trash_keeps_who_and_when(as_user, alice, acme):
    as_user(alice).delete(one(acme))
    acme.refresh_from_db()
    assert acme.deleted_by == alice
    assert acme.deleted_at == acme.updated_at

    before = acme.updated_at
    as_user(alice).post(one(acme, "restore/"))
    acme.refresh_from_db()
    assert (acme.deleted_at, acme.deleted_by) == (None, None)
    assert acme.updated_at > before


def test_a_change_keeps_what_it_does_not_name(as_user, alice, bob, acme):
    before = as_user(alice).get(one(acme)).json()

    same = as_user(alice).patch(one(acme), {})
    renamed = as_user(alice).patch(one(acme), {"name": " Acme & Co "})
    moved = as_user(alice).patch(one(acme), {"slug": "acme-co"})

    assert same.json() == before
    assert (renamed.json()["name"], renamed.json()["slug"]) == ("Acme & Co", "acme")
    assert renamed.json()["updated_at"] > before["updated_at"]
    assert (moved.json()["name"], moved.json()["slug"]) == ("Acme & Co", "acme-co")


def test_a_change_takes_no_slug_of_another_and_no_fixed_field(as_user, alice, acme):
    OrganizationFactory(slug="other")

    taken = as_user(alice).patch(one(acme), {"name": "New", "slug": "other"})
    fixed = as_user(alice).patch(one(acme), {"id": str(uuid7()), "role": "admin", "created_at": None})

    assert code(taken) == (409, "slug_taken")
    assert set(fixed.json()["error"]["fields"]) == {"id", "role", "created_at"}
    assert as_user(alice).get(one(acme)).json()["name"] == "Acme"


def test_a_change_and_a_deletion_cost_few_statements(as_user, alice, acme, queries):
    client = as_user(alice)

    with queries() as sent:
        client.patch(one(acme), {"name": "New"})
    # The session; the role; the row before and after; begin, held, update and end.
    assert len(sent) == 8
    with queries() as sent:
        client.delete(one(acme))
    # The session; the row; begin, held, update and end.
    assert len(sent) == 6


def test_a_plain_member_does_not_repeat_what_its_owner_made(as_user, alice, bob):
    acme = OrganizationFactory(name="Acme", members={alice: "owner", bob: "member"})
    body = {"id": str(acme.pk), "name": "Acme"}

    assert as_user(alice).post("/api/v1/organizations/", body).status_code == 200
    assert code(as_user(bob).post("/api/v1/organizations/", body)) == (409, "id_conflict")
