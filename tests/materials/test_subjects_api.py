"""Subjects, as somebody who studies uses them."""

import pytest
from uuid_utils.compat import uuid7

from materials.models import Subject
from tests.factories import MaterialFactory, SubjectFactory

URL = "/api/v1/subjects/"


def one(subject, tail=""):
    return f"{URL}{subject.pk}/{tail}"


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_new_subject_is_empty_and_belongs_to_its_maker(as_user, alice, bob):
    answer = as_user(alice).post(URL, {"name": "  Physics  ", "description": " Waves\n\tand more "})

    assert answer.status_code == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "name": "Physics",
        "description": " Waves\n\tand more ",
        "material_count": 0,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert len(made["created_at"]) == len("2026-01-31T12:00:00.123456Z")
    assert as_user(alice).get(f"{URL}{made['id']}/").json() == made
    assert as_user(bob).get(f"{URL}{made['id']}/").status_code == 404
    assert as_user(bob).get(URL).json()["items"] == []


def test_a_list_counts_live_materials_in_three_statements(as_user, alice, bob, queries):
    empty, full = SubjectFactory(user=alice, name="Empty"), SubjectFactory(user=alice, name="Full")
    MaterialFactory.create_batch(3, user=alice, subject=full)
    gone = MaterialFactory(user=alice, subject=full)
    as_user(alice).delete(f"/api/v1/materials/{gone.pk}/")
    SubjectFactory(user=bob)
    client = as_user(alice)

    with queries() as sent:
        page = client.get(URL).json()

    assert len(sent) == 3  # the session, the total, the page
    assert (page["total"], page["page"], page["page_size"], page["has_more"]) == (2, 1, 20, False)
    assert [(row["name"], row["material_count"]) for row in page["items"]] == [("Full", 3), ("Empty", 0)]
    with queries() as sent:
        assert client.get(one(empty)).json() == page["items"][1]
    assert len(sent) == 2  # the session, the subject


@pytest.mark.parametrize(
    ("ordering", "names"),
    [
        ("name", ["Zeta", "alpha", "Émile"]),  # by code point
        ("-name", ["Émile", "alpha", "Zeta"]),
        ("created_at", ["alpha", "Émile", "Zeta"]),
        ("-created_at", ["Zeta", "Émile", "alpha"]),
        ("updated_at", ["Émile", "Zeta", "alpha"]),
        ("", ["alpha", "Zeta", "Émile"]),
        ("-updated_at,name", ["alpha", "Zeta", "Émile"]),
    ],
)
def test_a_list_is_ordered_as_asked(as_user, alice, ordering, names):
    made = [as_user(alice).post(URL, {"name": name}).json() for name in ("alpha", "Émile", "Zeta")]
    as_user(alice).patch(f"{URL}{made[0]['id']}/", {"description": "Changed last"})

    page = as_user(alice).get(URL, {"ordering": ordering}).json()

    assert [row["name"] for row in page["items"]] == names


def test_equal_names_come_by_key_and_in_pages(as_user, alice):
    keys = sorted(str(SubjectFactory(user=alice, name="Twin").pk) for _ in range(5))

    def page(number, ordering):
        answer = as_user(alice).get(URL, {"page": number, "page_size": 2, "ordering": ordering}).json()
        return [row["id"] for row in answer["items"]], answer["has_more"]

    assert [page(n, "name") for n in (1, 2, 3)] == [(keys[:2], True), (keys[2:4], True), (keys[4:], False)]
    assert page(1, "-name") == (keys[:2:-1], True)
    assert page(10**9, "name") == ([], False)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("ordering=user", "ordering"),
        ("ordering=material_count", "ordering"),
        ("ordering=user__password", "ordering"),
        ("ordering=-", "ordering"),
        ("ordering=name,name", "ordering"),
        ("search=a", "search"),
        ("page=-1", "page"),
        ("page=abc", "page"),
        ("page=99999999999999999999999", "page"),
        ("page_size=0", "page_size"),
        ("deleted=True", "deleted"),
        ("deleted=", "deleted"),
        ("user=x", "user"),
        ("cursor=x", "cursor"),
        ("page=1&page=1", "page"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(as_user, alice, query, field):
    answer = as_user(alice).get(f"{URL}?{query}")

    assert code(answer) == (400, "validation_error")
    assert list(answer.json()["error"]["fields"]) == [field]


@pytest.mark.parametrize("query", ["deleted=true", "page=1", "x=1", "search=a"])
def test_only_a_list_takes_parameters(as_user, alice, query):
    subject = SubjectFactory(user=alice)

    for method, path in (
        ("GET", one(subject)),
        ("PATCH", one(subject)),
        ("DELETE", one(subject)),
        ("POST", URL),
    ):
        answer = as_user(alice).generic(method, f"{path}?{query}", b"{}", content_type="application/json")
        assert code(answer) == (400, "validation_error")


@pytest.mark.parametrize(
    ("body", "field", "refusal"),
    [
        ({}, "name", "required"),
        ({"name": ""}, "name", "blank"),
        ({"name": " \t\u00a0\u3000"}, "name", "blank"),
        ({"name": "\u200d"}, "name", "blank"),
        ({"name": "\u200b"}, "name", "characters"),
        ({"name": "a\nb"}, "name", "characters"),
        ({"name": "a\u0085b"}, "name", "characters"),
        ({"name": "a\u202eb"}, "name", "characters"),
        ({"name": None}, "name", "null"),
        ({"name": "é" * 201}, "name", "max_length"),
        ({"name": "x", "description": "x" * 5001}, "description", "max_length"),
        ({"name": "x", "description": None}, "description", "null"),
        ({"name": "x", "description": "a\x1b[31m"}, "description", "characters"),
        ({"name": "x", "user": "x"}, "user", "unknown_field"),
        ({"name": "x", "deleted_at": None}, "deleted_at", "unknown_field"),
        ({"name": "x", "material_count": 1}, "material_count", "unknown_field"),
        ({"name": "x", "created_at": "2026-01-01T00:00:00Z"}, "created_at", "unknown_field"),
    ],
)
def test_a_subject_of_the_wrong_shape_is_refused(as_user, alice, body, field, refusal):
    subject = SubjectFactory(user=alice, name="Before")

    made = as_user(alice).post(URL, body)
    changed = as_user(alice).patch(one(subject), body) if body else made

    for answer in (made, changed):
        assert code(answer) == (400, "validation_error")
        assert {name: errors[0]["code"] for name, errors in answer.json()["error"]["fields"].items()} == {
            field: refusal
        }
    assert [subject.name for subject in Subject.objects.all()] == ["Before"]


def test_the_limits_themselves_are_allowed(as_user, alice):
    body = {"name": "😀" * 200, "description": "e" + "\u0301" * 4999}

    made = as_user(alice).post(URL, body)

    assert made.status_code == 201
    assert made.json()["name"] == body["name"]
    assert made.json()["description"] == "é" + "\u0301" * 4998


def test_a_change_keeps_what_it_does_not_name_and_moves_updated_at(as_user, alice):
    made = as_user(alice).post(URL, {"name": "Draft", "description": "Old"}).json()
    url = f"{URL}{made['id']}/"

    same = as_user(alice).patch(url, {})
    renamed = as_user(alice).patch(url, {"name": "Final"})
    emptied = as_user(alice).patch(url, {"description": ""})

    assert same.json() == made
    assert renamed.json() == {**made, "name": "Final", "updated_at": renamed.json()["updated_at"]}
    assert renamed.json()["updated_at"] > made["updated_at"]
    assert (emptied.json()["name"], emptied.json()["description"]) == ("Final", "")
    assert as_user(alice).patch(url, {"id": made["id"]}).status_code == 400


def test_a_deleted_subject_takes_its_materials_along_and_brings_them_back(as_user, alice, bob):
    client, subject = as_user(alice), SubjectFactory(user=alice)
    kept, trashed = MaterialFactory.create_batch(2, user=alice, subject=subject)
    client.delete(f"/api/v1/materials/{trashed.pk}/")

    assert client.delete(one(subject)).status_code == 204
    assert client.delete(one(subject)).status_code == 404
    assert client.get(one(subject)).status_code == 404
    assert client.patch(one(subject), {"name": "x"}).status_code == 404
    assert client.get(URL).json()["items"] == []
    assert client.get("/api/v1/materials/").json()["items"] == []
    assert client.get(f"/api/v1/materials/{kept.pk}/").status_code == 404
    assert client.patch(f"/api/v1/materials/{kept.pk}/", {"title": "x"}).status_code == 404
    assert client.get("/api/v1/materials/?deleted=true").json()["items"] == []
    assert client.post(f"/api/v1/materials/{trashed.pk}/restore/").status_code == 404
    (waiting,) = client.get(f"{URL}?deleted=true").json()["items"]
    assert (waiting["id"], waiting["material_count"]) == (str(subject.pk), 1)
    assert as_user(bob).get(f"{URL}?deleted=true").json()["items"] == []
    assert as_user(bob).post(one(subject, "restore/")).status_code == 404
    assert client.post(one(subject, "restore/"), {"why": "x"}).status_code == 400

    restored = client.post(one(subject, "restore/"))

    assert (restored.status_code, restored.json()) == (
        200,
        {**waiting, "updated_at": restored.json()["updated_at"]},
    )
    assert restored.json()["updated_at"] > waiting["updated_at"]
    assert client.get(f"/api/v1/materials/{kept.pk}/").status_code == 200
    assert client.post(f"/api/v1/materials/{trashed.pk}/restore/").status_code == 200
    assert client.post(one(subject, "restore/")).status_code == 404


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({}, 200),
        ({"data": b"{}", "content_type": "application/json"}, 200),
        ({"data": b"null", "content_type": "application/json"}, 400),
        ({"data": b"[]", "content_type": "application/json"}, 400),
        ({"data": b'{"name": "x"}', "content_type": "application/json"}, 400),
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b"x", "content_type": "text/plain"}, 415),
    ],
)
def test_a_restore_takes_nothing(as_user, alice, request_, status):
    subject = SubjectFactory(user=alice)
    as_user(alice).delete(one(subject))

    assert as_user(alice).generic("POST", one(subject, "restore/"), **request_).status_code == status
    assert as_user(alice).get(one(subject)).status_code == (200 if status == 200 else 404)


def test_a_repeated_create_finds_the_first_ones_subject(as_user, alice, bob):
    body = {"id": str(uuid7()), "name": "Café", "description": "Same"}
    first = as_user(alice).post(URL, body)

    again = as_user(alice).post(URL, {**body, "id": body["id"].upper(), "name": " Cafe\u0301 "})
    less = as_user(alice).post(URL, {"id": body["id"], "name": "Café"})
    other = as_user(alice).post(URL, {**body, "description": "Other"})
    trimmed = as_user(alice).post(URL, {**body, "description": "Same "})
    foreign = as_user(bob).post(URL, body)
    as_user(alice).patch(f"{URL}{body['id']}/", {"name": "Tea"})
    outdated = as_user(alice).post(URL, body)
    current = as_user(alice).post(URL, {**body, "name": "Tea"})
    as_user(alice).delete(f"{URL}{body['id']}/")
    deleted = as_user(alice).post(URL, {**body, "name": "Tea"})

    assert first.status_code == 201
    for answer in (again, less):
        assert (answer.status_code, answer.json()) == (200, first.json())
    assert current.status_code == 200
    for answer in (other, trimmed, foreign, outdated, deleted):
        assert code(answer) == (409, "id_conflict")
    assert Subject.objects.count() == 1


def test_anothers_subject_answers_like_none_whatever_is_wrong(as_user, alice, mallory):
    deleted = SubjectFactory(user=alice)
    as_user(alice).delete(one(deleted))

    for key in (SubjectFactory(user=alice).pk, deleted.pk, uuid7()):
        url = f"{URL}{key}/"
        for answer in (
            as_user(mallory).get(url),
            as_user(mallory).get(f"{url}?x=1"),
            as_user(mallory).patch(url, {"name": 5}),
            as_user(mallory).generic("PATCH", url, b"{", content_type="application/json"),
            as_user(mallory).generic("PATCH", url, b"x", content_type="text/plain"),
            as_user(mallory).put(url, {}),
            as_user(mallory).delete(url),
            as_user(mallory).post(f"{url}restore/"),
            as_user(mallory).post(f"{url}restore/", {"x": 1}),
        ):
            assert code(answer) == (404, "not_found")


def test_writes_cost_few_statements(as_user, alice, queries):
    client, body = as_user(alice), {"name": "Physics", "id": str(uuid7())}
    url = f"{URL}{body['id']}/"

    def cost(call):
        with queries() as sent:
            assert call().status_code < 300
        return len(sent)

    # The session; whether the id is used; begin, the row, end; the answer.
    assert cost(lambda: client.post(URL, body)) == 6
    # The session; the row before, the update, the row after.
    assert cost(lambda: client.patch(url, {"name": "Chemistry"})) == 4
    # The session; the row, the update.
    assert cost(lambda: client.delete(url)) == 3
    # The session; the update, the answer.
    assert cost(lambda: client.post(f"{url}restore/")) == 3
