"""Threads, as an app that talks to an assistant uses them."""

import pytest
from uuid_utils.compat import uuid7

from tests.factories import MaterialFactory, MessageFactory, ThreadFactory

URL = "/api/v1/threads/"


def test_a_new_thread_is_empty_and_belongs_to_its_maker(as_user, alice, bob):
    answer = as_user(alice).post(URL, {"title": "  The tides  "})

    assert answer.status_code == 201
    thread = answer.json()
    assert thread["title"] == "The tides"
    assert thread["material"] is None
    assert (thread["message_count"], thread["last_message"]) == (0, None)
    assert thread["created_at"] == thread["updated_at"]
    assert thread["created_at"].endswith("Z")
    assert len(thread["created_at"]) == len("2026-01-31T12:00:00.123456Z")
    assert as_user(alice).get(f"{URL}{thread['id']}/").json() == thread
    assert as_user(bob).get(f"{URL}{thread['id']}/").status_code == 404


def test_a_list_shows_counts_and_the_latest_message_in_one_statement(as_user, alice, queries):
    ThreadFactory(user=alice, title="Older")
    busy = ThreadFactory(user=alice, title="Busy", messages=3)
    MessageFactory(thread=busy, seq=4, content="é" * 300, role="assistant")
    gone = MessageFactory(thread=busy, seq=5)
    as_user(alice).delete(f"{URL}{busy.pk}/messages/{gone.pk}/")

    with queries() as sent:
        page = as_user(alice).get(URL).json()

    assert len(sent) == 1
    assert (page["total"], page["page"], page["page_size"], page["has_more"]) == (2, 1, 20, False)
    first, second = page["items"]
    assert (first["title"], first["message_count"]) == ("Busy", 4)
    last = first["last_message"]
    assert (last["seq"], last["role"], last["content"]) == (4, "assistant", "é" * 200)
    live = as_user(alice).get(f"{URL}{busy.pk}/messages/").json()["items"][-1]
    assert last["created_at"] == live["created_at"]
    assert (second["title"], second["message_count"], second["last_message"]) == ("Older", 0, None)


@pytest.mark.parametrize(
    ("ordering", "titles"),
    [
        ("title", ["Zeta", "alpha", "Émile"]),  # by code point
        ("-title", ["Émile", "alpha", "Zeta"]),
        ("created_at", ["alpha", "Émile", "Zeta"]),
        ("-created_at,title", ["Zeta", "Émile", "alpha"]),
        ("", ["Zeta", "Émile", "alpha"]),
    ],
)
def test_a_list_is_ordered_as_asked(as_user, alice, ordering, titles):
    for title in ("alpha", "Émile", "Zeta"):
        assert as_user(alice).post(URL, {"title": title}).status_code == 201

    page = as_user(alice).get(URL, {"ordering": ordering}).json()

    assert [thread["title"] for thread in page["items"]] == titles


@pytest.mark.parametrize("term", ["émil", "ÉMIL", "MILE", "100%_"])
def test_a_search_looks_inside_words_whatever_the_case(as_user, alice, term):
    ThreadFactory(user=alice, title="Émile, or 100%_ education")
    ThreadFactory(user=alice, title="Emile without accent, 1000 of them")

    found = as_user(alice).get(URL, {"search": term}).json()["items"]

    assert "Émile, or 100%_ education" in [thread["title"] for thread in found]
    assert len(found) == (2 if term == "MILE" else 1)


def test_a_list_comes_in_pages(as_user, alice):
    for number in range(5):
        ThreadFactory(user=alice, title=f"Thread {number}")

    second = as_user(alice).get(URL, {"page": 2, "page_size": 2, "ordering": "title"}).json()
    beyond = as_user(alice).get(URL, {"page": 10**9, "page_size": 100})

    assert [thread["title"] for thread in second["items"]] == ["Thread 2", "Thread 3"]
    assert (second["total"], second["has_more"]) == (5, True)
    assert (beyond.status_code, beyond.json()["items"], beyond.json()["total"]) == (200, [], 5)


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("page=0", "page", "min_value"),
        ("page=1000000001", "page", "max_value"),
        ("page_size=101", "page_size", "max_value"),
        ("page=%D9%A1", "page", "invalid"),
        ("page=1%20", "page", "invalid"),
        ("page=1&page=2", "page", "repeated"),
        ("page=%00", "_", "invalid"),
        ("search=%FF", "_", "invalid"),
        ("ordering=user", "ordering", "invalid_choice"),
        ("ordering=title,-title", "ordering", "invalid_choice"),
        ("limit=5", "limit", "unknown_field"),
        ("material=nonsense", "material", "invalid"),
        ("deleted=yes", "deleted", "invalid"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(as_user, alice, query, field, code):
    answer = as_user(alice).get(f"{URL}?{query}")

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "validation_error"
    assert error["fields"][field][0]["code"] == code


def test_renaming_moves_updated_at_and_an_empty_change_does_not(as_user, alice):
    thread = as_user(alice).post(URL, {"title": "Draft"}).json()

    same = as_user(alice).patch(f"{URL}{thread['id']}/", {})
    renamed = as_user(alice).patch(f"{URL}{thread['id']}/", {"title": "Final"})

    assert same.json() == thread
    assert renamed.status_code == 200
    assert renamed.json()["title"] == "Final"
    assert renamed.json()["updated_at"] > thread["updated_at"]
    assert renamed.json()["created_at"] == thread["created_at"]


def test_a_thread_may_be_about_a_material_that_its_owner_sees(as_user, alice, bob):
    own, foreign = MaterialFactory(user=alice), MaterialFactory(user=bob)

    made = as_user(alice).post(URL, {"title": "About it", "material": str(own.pk)})
    refused = as_user(alice).post(URL, {"title": "Spying", "material": str(foreign.pk)})
    absent = as_user(alice).post(URL, {"title": "Guessing", "material": str(uuid7())})

    assert made.json()["material"] == str(own.pk)
    for answer in (refused, absent):
        assert answer.status_code == 400
        assert answer.json()["error"]["fields"]["material"][0]["code"] == "does_not_exist"


def test_a_deleted_material_reads_as_none_and_filters_as_none(as_user, alice):
    material = MaterialFactory(user=alice)
    made = as_user(alice).post(URL, {"title": "About it", "material": str(material.pk)}).json()
    about = {"material": str(material.pk)}
    assert as_user(alice).get(URL, about).json()["total"] == 1

    as_user(alice).delete(f"/api/v1/subjects/{material.subject_id}/")

    assert as_user(alice).get(f"{URL}{made['id']}/").json()["material"] is None
    assert as_user(alice).get(URL, about).json()["items"] == []


def test_a_deleted_thread_waits_in_the_trash_until_it_is_restored(as_user, alice, bob):
    thread = ThreadFactory(user=alice, messages=2)
    one = f"{URL}{thread.pk}/"

    assert as_user(alice).delete(one).status_code == 204
    assert as_user(alice).delete(one).status_code == 404
    assert as_user(alice).get(one).status_code == 404
    assert as_user(alice).get(f"{one}messages/").status_code == 404
    assert as_user(alice).get(URL).json()["items"] == []
    assert [row["id"] for row in as_user(alice).get(f"{URL}?deleted=true").json()["items"]] == [
        str(thread.pk)
    ]
    assert as_user(bob).get(f"{URL}?deleted=true").json()["items"] == []
    assert as_user(bob).post(f"{one}restore/").status_code == 404
    assert as_user(alice).post(f"{one}restore/", {"why": "x"}).status_code == 400
    assert as_user(alice).get(f"{one}restore/").status_code == 405

    restored = as_user(alice).post(f"{one}restore/")

    assert (restored.status_code, restored.json()["message_count"]) == (200, 2)
    assert as_user(alice).post(f"{one}restore/").status_code == 404


def test_a_repeated_create_finds_the_first_ones_thread(as_user, alice, bob):
    material = MaterialFactory(user=alice)
    body = {"id": str(uuid7()), "title": "Once", "material": str(material.pk)}
    first = as_user(alice).post(URL, body)
    as_user(alice).delete(f"/api/v1/materials/{material.pk}/")

    again = as_user(alice).post(URL, {**body, "title": " Once "})
    other = as_user(alice).post(URL, {**body, "title": "Twice"})
    foreign = as_user(bob).post(URL, {"id": body["id"], "title": "Once"})
    as_user(alice).delete(f"{URL}{body['id']}/")
    deleted = as_user(alice).post(URL, body)

    assert first.status_code == 201
    assert (again.status_code, again.json()["id"]) == (200, body["id"])
    for answer in (other, foreign, deleted):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "id_conflict")


def test_what_cannot_be_written_is_refused_by_name(as_user, alice):
    answer = as_user(alice).post(URL, {"title": "Mine", "message_count": 5, "x" * 80: 1})
    thread = ThreadFactory(user=alice)
    moved = as_user(alice).patch(f"{URL}{thread.pk}/", {"id": str(uuid7())})
    put = as_user(alice).put(f"{URL}{thread.pk}/", {"title": "New"})

    fields = answer.json()["error"]["fields"]
    assert answer.status_code == 400
    assert {name: errors[0]["code"] for name, errors in fields.items()} == {
        "message_count": "unknown_field",
        "x" * 50: "unknown_field",
    }
    assert moved.json()["error"]["fields"]["id"][0]["code"] == "unknown_field"
    assert (put.status_code, put.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "PATCH" in put.headers["Allow"]


def test_anothers_thread_answers_like_none_whatever_is_wrong_with_the_request(as_user, alice, mallory):
    thread = ThreadFactory(user=alice)

    for key in (thread.pk, uuid7()):
        one = f"{URL}{key}/"
        for answer in (
            as_user(mallory).get(one),
            as_user(mallory).patch(one, {"title": 5}),
            as_user(mallory).put(one, {}),
            as_user(mallory).delete(f"{one}?x=1"),
            as_user(mallory).post(f"{one}messages/", {}),
            as_user(mallory).post(f"{one}messages/", "{", content_type="application/json"),
            as_user(mallory).post(f"{one}messages/", "role=user", content_type="text/plain"),
            as_user(mallory).post(f"{one}messages/batch/", {"messages": []}),
            as_user(mallory).delete(f"{one}messages/"),
        ):
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "not_found"
