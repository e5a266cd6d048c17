"""The turns of a conversation: numbered, repeatable, editable."""

import threading
from collections import Counter

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from tests.factories import ThreadFactory


def url(thread, tail=""):
    return f"/api/v1/threads/{thread.pk}/messages/{tail}"


def said(text, **more):
    return {"role": "user", "content": text, **more}


def test_messages_are_numbered_and_move_their_thread(as_user, alice):
    client, thread = as_user(alice), ThreadFactory(user=alice)
    ThreadFactory(user=alice)

    first = client.post(url(thread), said("Why is the sky blue?"))
    second = client.post(url(thread), {"role": "assistant", "content": "Because\n\tof scattering. "})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == {
        "id": first.json()["id"],
        "seq": 1,
        "role": "user",
        "content": "Why is the sky blue?",
        "parts": None,
        "attachments": [],
        "metadata": {},
        "created_at": first.json()["created_at"],
        "updated_at": first.json()["created_at"],
    }
    assert second.json()["seq"] == 2
    assert second.json()["content"] == "Because\n\tof scattering. "
    top = client.get("/api/v1/threads/").json()["items"][0]
    assert (top["id"], top["message_count"]) == (str(thread.pk), 2)
    assert top["updated_at"] == second.json()["created_at"]


def test_posting_costs_four_statements_beside_the_session(as_user, alice, queries):
    client, thread = as_user(alice), ThreadFactory(user=alice)
    client.post(url(thread), said("warm"))

    with queries() as sent:
        assert client.post(url(thread), said("Hello")).status_code == 201

    # session, savepoint of the test's transaction and its release, number, lock and gate, insert
    assert len(sent) == 5


def test_a_history_is_read_in_windows_oldest_first(as_user, alice, queries):
    client, thread = as_user(alice), ThreadFactory(user=alice, messages=7)
    assert client.delete(url(thread, f"{thread.messages.get(seq=4).pk}/")).status_code == 204

    def window(query):
        answer = client.get(url(thread, query)).json()
        return [message["seq"] for message in answer["items"]], answer["has_more"]

    assert window("?limit=2") == ([6, 7], True)
    assert window("?limit=3&before=6") == ([2, 3, 5], True)
    assert window("?before=2") == ([1], False)
    assert window("?after=3&limit=2") == ([5, 6], True)
    assert window("?after=6") == ([7], False)
    assert window("?after=7") == ([], False)
    with queries() as sent:
        assert window("") == ([1, 2, 3, 5, 6, 7], False)
    assert len(sent) == 1


@pytest.mark.parametrize("query", ["?before=3&after=1", "?limit=0", "?limit=201", "?after=-1", "?page=1"])
def test_a_window_that_makes_no_sense_is_refused(as_user, alice, query):
    assert as_user(alice).get(url(ThreadFactory(user=alice), query)).status_code == 400


def test_a_number_is_never_used_again(as_user, alice):
    client, thread = as_user(alice), ThreadFactory(user=alice, messages=2)
    client.delete(url(thread, "?after=0"))

    assert client.post(url(thread), said("Again")).json()["seq"] == 3


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"content": "x"}, "role", "required"),
        ({"role": "user"}, "content", "required"),
        ({"role": "poet", "content": "x"}, "role", "invalid_choice"),
        (said(""), "content", "blank"),
        (said(" \n\u200d"), "content", "blank"),
        (said(5), "content", "invalid"),
        (said(None), "content", "null"),
        (said("a\x01b"), "content", "characters"),
        (said("x" * 200_001), "content", "max_length"),
        (said("x", parts={}), "parts", "invalid"),
        (said("x", parts=[0] * 501), "parts", "max_length"),
        (said("x", attachments=None), "attachments", "null"),
        (said("x", attachments=[0] * 51), "attachments", "max_length"),
        (said("x", metadata=[]), "metadata", "invalid"),
        (said("x", metadata={"k": "x" * 65_536}), "metadata", "too_large"),
        (said("x", id="nonsense"), "id", "invalid"),
        (said("x", id="00000000-0000-0000-0000-000000000000"), "id", "invalid"),
        (said("x", seq=7), "seq", "unknown_field"),
    ],
)
def test_a_message_of_the_wrong_shape_is_refused_and_takes_no_number(as_user, alice, body, field, code):
    client, thread = as_user(alice), ThreadFactory(user=alice)

    answer = client.post(url(thread), body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code
    assert client.post(url(thread), said("fine")).json()["seq"] == 1


def test_everything_that_was_sent_comes_back(as_user, alice):
    client, thread = as_user(alice), ThreadFactory(user=alice)
    body = said(
        "x" * 200_000,
        parts=[{"type": "text", "text": "é", "n": 1.5, "big": 1e18, "zero": 0.0, "deep": [[[True, None]]]}],
        attachments=[{"name": "a.png"}],
        metadata={"model": "m", "tokens": 12},
    )

    made = client.post(url(thread), body).json()

    assert {key: made[key] for key in body} == body
    assert client.get(url(thread, f"{made['id']}/")).json() == made


def test_a_message_is_edited_but_keeps_its_speaker(as_user, alice):
    client, thread = as_user(alice), ThreadFactory(user=alice)
    made = client.post(url(thread), said("Teh sky")).json()
    one = url(thread, f"{made['id']}/")

    edited = client.patch(one, {"content": "The sky", "metadata": {"edited": True}})
    refused = client.patch(one, {"role": "assistant"})

    assert edited.status_code == 200
    assert (edited.json()["content"], edited.json()["metadata"]) == ("The sky", {"edited": True})
    assert edited.json()["updated_at"] > made["updated_at"]
    assert client.get(f"/api/v1/threads/{thread.pk}/").json()["updated_at"] > made["updated_at"]
    assert refused.json()["error"]["fields"]["role"][0]["code"] == "unknown_field"


def test_a_repeated_post_finds_the_first_ones_message(as_user, alice, bob):
    client, thread, other = as_user(alice), ThreadFactory(user=alice), ThreadFactory(user=alice)
    body = said("Once", id=str(uuid7()), metadata={"a": 1, "b": [True]})

    assert client.post(url(thread), body).status_code == 201
    again = client.post(url(thread), {**body, "metadata": {"b": [True], "a": 1}})
    assert (again.status_code, again.json()["seq"]) == (200, 1)
    for changed in (said("Twice", id=body["id"]), {**body, "metadata": {"a": True, "b": [True]}}):
        refused = client.post(url(thread), changed)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "id_conflict")
    assert client.post(url(other), body).status_code == 409
    assert as_user(bob).post(url(thread), body).status_code == 404
    assert client.get(url(thread)).json()["items"][0]["content"] == "Once"
    assert client.post(url(thread), said("Next")).json()["seq"] == 2


def test_a_batch_is_added_whole_and_once(as_user, alice):
    client, thread = as_user(alice), ThreadFactory(user=alice)
    batch = [said(f"Turn {number}", id=str(uuid7())) for number in range(3)]
    more = said("Turn 3", id=str(uuid7()))

    first = client.post(url(thread, "batch/"), {"messages": batch})
    again = client.post(url(thread, "batch/"), {"messages": batch[::-1]})
    grown = client.post(url(thread, "batch/"), {"messages": [more, *batch]})

    assert (first.status_code, again.status_code, grown.status_code) == (201, 200, 201)
    assert [item["seq"] for item in first.json()["items"]] == [1, 2, 3]
    assert [item["seq"] for item in again.json()["items"]] == [3, 2, 1]
    assert [item["seq"] for item in grown.json()["items"]] == [4, 1, 2, 3]
    assert client.post(url(thread), said("Next")).json()["seq"] == 5


def test_a_batch_with_one_fault_adds_nothing(as_user, alice):
    client, thread = as_user(alice), ThreadFactory(user=alice)
    there = client.post(url(thread), said("There", id=str(uuid7()))).json()
    good = said("Good", id=str(uuid7()))

    blank = client.post(url(thread, "batch/"), {"messages": [good, said("", id=str(uuid7()))]})
    twice = client.post(url(thread, "batch/"), {"messages": [good, good]})
    without = client.post(url(thread, "batch/"), {"messages": [said("No id")]})
    empty = client.post(url(thread, "batch/"), {"messages": []})
    many = client.post(url(thread, "batch/"), {"messages": [said("x", id=str(uuid7())) for _ in range(101)]})
    conflict = client.post(url(thread, "batch/"), {"messages": [good, said("Not", id=there["id"])]})

    assert blank.json()["error"]["fields"]["messages.1.content"][0]["code"] == "blank"
    assert twice.json()["error"]["fields"]["messages.1.id"][0]["code"] == "duplicate"
    assert without.json()["error"]["fields"]["messages.0.id"][0]["code"] == "required"
    assert [answer.status_code for answer in (blank, twice, without, empty, many)] == [400] * 5
    assert (conflict.status_code, conflict.json()["error"]["code"]) == (409, "id_conflict")
    assert client.get(url(thread)).json()["items"] == [there]


def test_the_tail_is_dropped_to_make_an_answer_anew(as_user, alice):
    client, thread = as_user(alice), ThreadFactory(user=alice, messages=5)

    assert client.delete(url(thread)).json()["error"]["fields"]["after"][0]["code"] == "required"
    dropped = client.delete(url(thread, "?after=3"))
    nothing = client.delete(url(thread, "?after=3"))

    assert (dropped.status_code, dropped.json()) == (200, {"deleted": 2})
    assert nothing.json() == {"deleted": 0}
    moved = client.get(f"/api/v1/threads/{thread.pk}/").json()["updated_at"]
    client.delete(url(thread, "?after=3"))
    assert client.get(f"/api/v1/threads/{thread.pk}/").json()["updated_at"] == moved
    assert client.get(f"/api/v1/threads/{thread.pk}/").json()["message_count"] == 3


@pytest.mark.django_db(transaction=True)
def test_messages_posted_at_once_get_one_number_each(as_user, alice):
    thread = ThreadFactory(user=alice)
    same = said("The same", id=str(uuid7()))
    client = as_user(alice)
    statuses: list[int] = []

    def post() -> None:
        try:
            for _ in range(5):
                statuses.append(client.post(url(thread), said("Mine")).status_code)
            statuses.append(client.post(url(thread), same).status_code)
        finally:
            connection.close()

    workers = [threading.Thread(target=post) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Counter(statuses) == {201: 21, 200: 3}
    numbers = [message["seq"] for message in client.get(url(thread, "?limit=200")).json()["items"]]
    assert numbers == list(range(1, 22))
