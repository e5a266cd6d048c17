"""Materials: texts and addresses to study, each in a subject of one's own."""

import pytest
from uuid_utils.compat import uuid7

from materials.models import MAX_CONTENT, Material, MaterialType
from tests.factories import MaterialFactory, SubjectFactory

URL = "/api/v1/materials/"


@pytest.fixture
def subject(alice):
    return SubjectFactory(user=alice)


def text(subject, **more):
    return {"subject": str(subject.pk), "type": "text", "title": "Tides", **more}


def address(subject, **more):
    return text(subject, type="url", url="https://example.com/tides", **more)


def codes(answer):
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error")
    return {name: errors[0]["code"] for name, errors in answer.json()["error"]["fields"].items()}


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_text_is_kept_as_it_was_written(as_user, alice, bob, subject):
    answer = as_user(alice).post(URL, text(subject, title=" Tides ", content=" Line\r\n\tline "))

    assert answer.status_code == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "subject": str(subject.pk),
        "title": "Tides",
        "type": "text",
        "content": " Line\r\n\tline ",
        "content_truncated": False,
        "url": "",
        "file_name": "",
        "file_size": 0,
        "file_type": "",
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert as_user(alice).get(f"{URL}{made['id']}/").json() == made
    assert as_user(bob).get(f"{URL}{made['id']}/").status_code == 404


def test_an_address_is_a_material_too(as_user, alice, subject):
    made = as_user(alice).post(URL, address(subject, content="")).json()

    assert (made["type"], made["url"], made["content"]) == ("url", "https://example.com/tides", "")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"subject": "required", "title": "required", "type": "required"}),
        ({"type": "url"}, {"url": "required"}),
        ({"type": "url", "url": ""}, {"url": "required"}),
        ({"type": "url", "url": "ftp://example.com/"}, {"url": "invalid_url"}),
        ({"type": "url", "url": "https://example.com/", "content": "x"}, {"content": "not_allowed"}),
        ({"type": "text", "url": "https://example.com/"}, {"url": "not_allowed"}),
        ({"type": "text", "content": None}, {"content": "null"}),
        ({"type": "text", "content": "a\x0cb"}, {"content": "characters"}),
        ({"type": "text", "content": "x" * (MAX_CONTENT + 1)}, {"content": "max_length"}),
        ({"type": "text", "title": ""}, {"title": "blank"}),
        ({"type": "text", "title": "x" * 301}, {"title": "max_length"}),
        ({"type": "text", "title": "a\u200bb"}, {"title": "characters"}),
        ({"type": "Text"}, {"type": "invalid_choice"}),
        ({"type": None}, {"type": "null"}),
        ({"type": "file"}, {"file": "required"}),
        ({"type": "text", "subject": None}, {"subject": "null"}),
        ({"type": "text", "file": "x"}, {"file": "unknown_field"}),
        ({"type": "text", "file_name": "x.pdf"}, {"file_name": "unknown_field"}),
        ({"type": "text", "file_size": 1}, {"file_size": "unknown_field"}),
        ({"type": "text", "content_truncated": True}, {"content_truncated": "unknown_field"}),
        ({"type": "text", "user": "x"}, {"user": "unknown_field"}),
    ],
)
def test_a_material_of_the_wrong_shape_is_refused(as_user, alice, subject, body, expected):
    usual = {"subject": str(subject.pk), "title": "Tides"} if body else {}

    assert codes(as_user(alice).post(URL, usual | body)) == expected
    assert not Material.objects.exists()


def test_the_limits_themselves_are_allowed(as_user, alice, subject):
    made = as_user(alice).post(URL, text(subject, title="😀" * 300, content="😀" * MAX_CONTENT))

    assert made.status_code == 201
    assert len(made.json()["content"]) == MAX_CONTENT
    assert as_user(alice).post(URL, text(subject)).json()["content"] == ""


def test_a_subject_is_one_s_own_and_not_deleted(as_user, alice, bob, subject):
    deleted = SubjectFactory(user=alice)
    as_user(alice).delete(f"/api/v1/subjects/{deleted.pk}/")
    material = MaterialFactory(user=alice, subject=subject)

    for key in (deleted.pk, SubjectFactory(user=bob).pk, uuid7()):
        for answer in (
            as_user(alice).post(URL, text(subject) | {"subject": str(key)}),
            as_user(alice).patch(f"{URL}{material.pk}/", {"title": "New", "subject": str(key)}),
        ):
            assert codes(answer) == {"subject": "does_not_exist"}
    assert [row.title for row in Material.objects.all()] == [material.title]


def test_a_material_moves_to_another_subject(as_user, alice, subject):
    material, other = MaterialFactory(user=alice, subject=subject), SubjectFactory(user=alice)

    moved = as_user(alice).patch(f"{URL}{material.pk}/", {"subject": str(other.pk)})

    assert (moved.status_code, moved.json()["subject"]) == (200, str(other.pk))
    counts = {
        row["id"]: row["material_count"] for row in as_user(alice).get("/api/v1/subjects/").json()["items"]
    }
    assert counts == {str(subject.pk): 0, str(other.pk): 1}


def test_a_change_keeps_what_it_does_not_name_and_moves_updated_at(as_user, alice, subject):
    made = as_user(alice).post(URL, text(subject, content="Old")).json()
    url = f"{URL}{made['id']}/"

    same = as_user(alice).patch(url, {})
    renamed = as_user(alice).patch(url, {"title": "Ebb"})
    emptied = as_user(alice).patch(url, {"content": "", "url": ""})

    assert same.json() == made
    assert renamed.json() == {**made, "title": "Ebb", "updated_at": renamed.json()["updated_at"]}
    assert renamed.json()["updated_at"] > made["updated_at"]
    assert (emptied.json()["title"], emptied.json()["content"]) == ("Ebb", "")


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (text, {"type": "url", "url": "https://example.com/"}, {"type": "unknown_field"}),
        (text, {"type": "text"}, {"type": "unknown_field"}),
        (text, {"id": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, {"id": "unknown_field"}),
        (text, {"url": "https://example.com/"}, {"url": "not_allowed"}),
        (text, {"subject": None}, {"subject": "null"}),
        (text, {"file_size": 0}, {"file_size": "unknown_field"}),
        (address, {"url": ""}, {"url": "required"}),
        (address, {"content": "x"}, {"content": "not_allowed"}),
        (address, {"url": "javascript:alert(1)"}, {"url": "invalid_url"}),
    ],
)
def test_a_type_stays_and_with_it_its_rules(as_user, alice, subject, kind, body, expected):
    made = as_user(alice).post(URL, kind(subject)).json()

    assert codes(as_user(alice).patch(f"{URL}{made['id']}/", {"title": "New", **body})) == expected
    assert as_user(alice).get(f"{URL}{made['id']}/").json() == made


def test_an_address_changes(as_user, alice, subject):
    made = as_user(alice).post(URL, address(subject)).json()

    changed = as_user(alice).patch(f"{URL}{made['id']}/", {"url": "http://example.org/", "content": ""})

    assert changed.json()["url"] == "http://example.org/"


def test_a_list_leaves_the_texts_in_the_database(as_user, alice, bob, subject, queries):
    made = [
        as_user(alice).post(URL, text(subject, title=str(n), content="x" * 1000)).json() for n in range(3)
    ]
    MaterialFactory(user=bob)
    client = as_user(alice)

    with queries() as sent:
        page = client.get(URL).json()

    assert len(sent) == 1
    assert not any('"content"' in query["sql"] for query in sent)
    for row in made:
        row.pop("content")
    assert page["items"] == made[::-1]
    with queries() as sent:
        client.get(f"{URL}{made[0]['id']}/")
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("ordering", "titles"),
    [
        ("title", ["Zeta", "alpha", "Émile"]),  # by code point
        ("-title", ["Émile", "alpha", "Zeta"]),
        ("created_at", ["alpha", "Émile", "Zeta"]),
        ("", ["Zeta", "Émile", "alpha"]),
        ("-updated_at", ["alpha", "Zeta", "Émile"]),
        ("updated_at,title", ["Émile", "Zeta", "alpha"]),
    ],
)
def test_a_list_is_ordered_as_asked(as_user, alice, subject, ordering, titles):
    made = [as_user(alice).post(URL, text(subject, title=name)).json() for name in ("alpha", "Émile", "Zeta")]
    as_user(alice).patch(f"{URL}{made[0]['id']}/", {"content": "Changed last"})

    page = as_user(alice).get(URL, {"ordering": ordering}).json()

    assert [row["title"] for row in page["items"]] == titles


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("émil", ["by title"]),
        ("ÉMIL", ["by title"]),
        ("MILE", ["by title", "by content"]),
        ("e\u0301mile", ["by title"]),
        ("100%", ["by content"]),
        ("%", ["by content"]),
        ("_", ["by content"]),
        ("\\", ["by content"]),
        ("ΣΊΣΥΦΟΣ", ["by content"]),
        ("ΣΊΣ", ["by content"]),
        ("nowhere", []),
        ("   ", ["by title", "by content"]),
    ],
)
def test_a_search_looks_into_titles_and_texts(as_user, alice, subject, term, found):
    material = {"by title": {"title": "Émile", "content": "Rousseau"}}
    material["by content"] = {"title": "Other", "content": "of emiles, 100%_\\ or σίσυφος"}
    made = {
        name: MaterialFactory(user=alice, subject=subject, **columns).pk for name, columns in material.items()
    }

    page = as_user(alice).get(URL, {"search": term, "ordering": "created_at"}).json()

    assert [row["id"] for row in page["items"]] == [str(made[name]) for name in found]


def test_filters_narrow_together(as_user, alice, bob, subject):
    other = SubjectFactory(user=alice)
    MaterialFactory(user=alice, subject=subject, title="A text")
    MaterialFactory(user=alice, subject=other, title="Other text")
    MaterialFactory(
        user=alice,
        subject=subject,
        title="A link",
        type=MaterialType.URL,
        content="",
        url="https://a.example/",
    )

    def titles(**query):
        page = as_user(alice).get(URL, query | {"ordering": "title"}).json()
        assert page["total"] == len(page["items"])
        return [row["title"] for row in page["items"]]

    assert titles(subject=str(subject.pk)) == ["A link", "A text"]
    assert titles(type="text") == ["A text", "Other text"]
    assert titles(type="file") == []
    assert titles(subject=str(subject.pk), type="url", search="link") == ["A link"]
    assert titles(subject=str(subject.pk), type="url", search="text") == []
    for unseen in (uuid7(), MaterialFactory(user=bob).subject_id):
        assert titles(subject=str(unseen)) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("type=bogus", "type"),
        ("type=", "type"),
        ("type=TEXT", "type"),
        ("subject=nonsense", "subject"),
        ("subject=", "subject"),
        ("ordering=content", "ordering"),
        ("ordering=type", "ordering"),
        ("title__regex=(a%2B)%2B", "title__regex"),
        ("_connector=OR", "_connector"),
        ("search=" + "x" * 201, "search"),
        ("content=x", "content"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(as_user, alice, query, field):
    assert list(codes(as_user(alice).get(f"{URL}?{query}"))) == [field]


def test_a_deleted_material_waits_in_the_trash_until_it_is_restored(as_user, alice, bob, subject):
    client, material = as_user(alice), MaterialFactory(user=alice, subject=subject)
    MaterialFactory(user=alice, subject=subject)
    url = f"{URL}{material.pk}/"

    assert client.delete(url).status_code == 204
    assert client.delete(url).status_code == 404
    assert client.get(url).status_code == 404
    assert client.get(URL).json()["total"] == 1
    assert client.get(f"/api/v1/subjects/{subject.pk}/").json()["material_count"] == 1
    (waiting,) = client.get(f"{URL}?deleted=true").json()["items"]
    assert waiting["id"] == str(material.pk)
    assert "content" not in waiting
    for query, total in {
        f"subject={subject.pk}": 1,
        "type=url": 0,
        "search=material": 1,
        "page=2": 1,
    }.items():
        assert client.get(f"{URL}?deleted=true&{query}").json()["total"] == total
    assert as_user(bob).get(f"{URL}?deleted=true").json()["items"] == []
    assert as_user(bob).post(f"{url}restore/").status_code == 404

    restored = client.post(f"{url}restore/")

    assert (restored.status_code, restored.json()["content"]) == (200, material.content)
    assert restored.json()["updated_at"] > waiting["updated_at"]
    assert client.post(f"{url}restore/").status_code == 404


def test_a_repeated_create_is_known_before_its_subject_is_looked_up(as_user, alice, bob, subject):
    other = SubjectFactory(user=alice)
    body = text(subject, id=str(uuid7()), content="Same")
    first = as_user(alice).post(URL, body)
    url = f"{URL}{body['id']}/"

    again = as_user(alice).post(URL, {**body, "title": " Tides "})
    less = as_user(alice).post(URL, text(subject, id=body["id"]))
    different = [
        as_user(alice).post(URL, {**body, **change})
        for change in (
            {"title": "Ebb"},
            {"content": "Same "},
            {"subject": str(other.pk)},
            {"subject": str(uuid7())},
        )
    ]
    of_another_type = as_user(alice).post(URL, address(subject, id=body["id"]))
    foreign = as_user(bob).post(URL, body)
    as_user(alice).patch(url, {"subject": str(other.pk)})
    as_user(alice).delete(f"/api/v1/subjects/{subject.pk}/")
    moved = as_user(alice).post(URL, body)
    as_user(alice).delete(f"/api/v1/subjects/{other.pk}/")
    hidden = as_user(alice).post(URL, {**body, "subject": str(other.pk)})

    assert first.status_code == 201
    for answer in (again, less):
        assert (answer.status_code, answer.json()) == (200, first.json())
    # With the subject gone a new one could not be made, but this id is not new.
    for answer in (*different, of_another_type, foreign, moved, hidden):
        assert code(answer) == (409, "id_conflict")
    assert Material.objects.count() == 1
    assert codes(as_user(alice).post(URL, {**body, "id": str(uuid7())})) == {"subject": "does_not_exist"}


def test_anothers_material_answers_like_none_whatever_is_wrong(as_user, alice, mallory):
    for key in (MaterialFactory(user=alice).pk, uuid7()):
        url = f"{URL}{key}/"
        for answer in (
            as_user(mallory).get(url),
            as_user(mallory).patch(url, {"title": 5}),
            as_user(mallory).generic("PATCH", url, b"{", content_type="application/json"),
            as_user(mallory).put(url, {}),
            as_user(mallory).delete(f"{url}?x=1"),
            as_user(mallory).post(f"{url}restore/", {"x": 1}),
        ):
            assert code(answer) == (404, "not_found")


def test_writes_cost_few_statements(as_user, alice, subject, queries):
    client, body = as_user(alice), text(subject, id=str(uuid7()))
    url = f"{URL}{body['id']}/"

    def cost(call):
        with queries() as sent:
            assert call().status_code < 300
        return len(sent)

    # The session; whether the id is used; the subject; begin, the row, end.
    assert cost(lambda: client.post(URL, body)) == 6
    # The session; the row before, the update, the row after.
    assert cost(lambda: client.patch(url, {"title": "Ebb"})) == 4
    # The session; the row, the update.
    assert cost(lambda: client.delete(url)) == 3
    # The session; the update, the answer.
    assert cost(lambda: client.post(f"{url}restore/")) == 3
