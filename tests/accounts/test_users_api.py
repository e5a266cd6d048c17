"""The directory of people."""

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from tests.factories import UserFactory

URL = "/api/v1/users/"


def shape(person):
    return {"id": str(person.pk), "name": person.name, "username": person.username, "image": person.image}


def names(answer):
    assert answer.status_code == 200
    return [person["name"] for person in answer.json()["items"]]


def test_the_directory_shows_who_is_present_and_no_more_of_them(as_user, alice, queries):
    bob = UserFactory(name="bob", image="https://example.com/b.png")
    emile = UserFactory(name="Émile", username="emile")
    UserFactory(name="Deleted", deleted_at=timezone.now())
    UserFactory(name="Deactivated", is_active=False)
    client = as_user(alice)

    with queries() as sent:
        page = client.get(URL).json()

    assert len(sent) == 3  # the session, the total, the page
    assert page == {
        "items": [shape(alice), shape(bob), shape(emile)],  # by code point
        "total": 3,
        "page": 1,
        "page_size": 20,
        "has_more": False,
    }


def test_equal_names_come_by_key_and_in_pages(as_user, alice):
    people = sorted((UserFactory(name="Twin") for _ in range(5)), key=lambda person: person.pk)

    pages = [as_user(alice).get(URL, {"page": n, "page_size": 3}).json() for n in (1, 2, 3)]

    assert [page["has_more"] for page in pages] == [True, False, False]
    assert [person for page in pages for person in page["items"]] == [shape(alice), *map(shape, people)]


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("émil", ["Émile"]),
        ("ÉMIL", ["Émile"]),
        ("emil", ["Émile"]),  # by the username
        ("MILE", ["Émile"]),
        ("e\u0301", ["Émile"]),
        (" alice ", ["Alice"]),
        ("%", ["100%_"]),
        ("_", ["100%_"]),
        ("alice@example.com", []),
        ("", ["100%_", "Alice", "Émile"]),
    ],
)
def test_a_search_looks_into_names_and_usernames_only(as_user, alice, term, found):
    UserFactory(name="Émile", username="emile.z")
    UserFactory(name="100%_")

    assert names(as_user(alice).get(URL, {"search": term})) == found


def test_people_are_looked_up_by_key_in_the_order_asked(as_user, alice, bob, queries):
    deleted = UserFactory(deleted_at=timezone.now())
    inactive = UserFactory(is_active=False)
    keys = [bob.pk, uuid7(), alice.pk, deleted.pk, bob.pk, inactive.pk]
    client = as_user(alice)

    with queries() as sent:
        answer = client.get(URL, {"ids": ",".join(map(str, keys))})

    assert len(sent) == 2  # the session, the people
    assert answer.json() == {"items": [shape(bob), shape(alice)]}


def test_a_look_up_takes_a_hundred_keys(as_user, alice):
    keys = [str(uuid7()) for _ in range(99)] + [str(alice.pk).upper()]

    full = as_user(alice).get(URL, {"ids": ",".join(keys)})
    over = as_user(alice).get(URL, {"ids": ",".join([*keys, str(uuid7())])})

    assert full.json() == {"items": [shape(alice)]}
    assert over.json()["error"]["fields"]["ids"][0]["code"] == "max_length"


def test_an_empty_look_up_finds_nobody(as_user, alice):
    assert as_user(alice).get(URL, {"ids": "", "search": ""}).json() == {"items": []}


@pytest.mark.parametrize(
    "query",
    ["ids=nonsense", "ids={0},", "ids={0}%20", "ids={0}&page=1", "ids={0}&page_size=5", "ids={0}&search=a"],
)
def test_a_look_up_that_makes_no_sense_is_refused(as_user, alice, query):
    answer = as_user(alice).get(f"{URL}?{query.format(alice.pk)}")

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["ids"]


@pytest.mark.parametrize(
    "query", ["email=alice@example.com", "ordering=name", "page=0", "deleted=true", "is_staff=1"]
)
def test_the_directory_knows_no_other_question(as_user, alice, query):
    assert as_user(alice).get(f"{URL}?{query}").status_code == 400


def test_one_person_is_found_by_key(as_user, alice, bob, queries):
    client = as_user(alice)

    with queries() as sent:
        assert client.get(f"{URL}{bob.pk}/").json() == shape(bob)
    assert len(sent) == 2  # the session, the person


def test_who_is_not_present_answers_like_nobody(as_user, alice):
    absent = [uuid7(), UserFactory(is_active=False).pk, UserFactory(deleted_at=timezone.now()).pk]

    answers = [as_user(alice).get(f"{URL}{key}/") for key in absent]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["error"]["message"] for answer in answers} == {"Not found."}


def test_nobody_is_made_or_changed_in_the_directory(as_user, root, bob):
    assert as_user(root).post(URL, {"name": "New"}).status_code == 405
    for method in ("PATCH", "DELETE", "PUT"):
        assert as_user(root).generic(method, f"{URL}{bob.pk}/").status_code == 405
