"""The moments of a video that its summary shows."""

import json
import time
from collections import Counter

import pytest
from django.db import transaction
from uuid_utils.compat import uuid7

from tests.factories import KeyframeFactory, VideoSummaryFactory
from tests.media_summaries.concurrency import started

IMAGE = "https://images.example.com/frame.jpg"


def url(video, tail=""):
    return f"/api/v1/video-summaries/{video.pk}/keyframes/{tail}"


def moment(timestamp, **more):
    return {"timestamp": timestamp, "image_url": IMAGE, **more}


def updated_at(client, video):
    return client.get(f"/api/v1/video-summaries/{video.pk}/").json()["updated_at"]


def test_a_keyframe_belongs_to_its_video_and_moves_it(as_user, alice):
    client, video = as_user(alice), VideoSummaryFactory(user=alice)
    before = updated_at(client, video)

    answer = client.post(url(video), moment(0, description="The moon\nrises."))

    assert answer.status_code == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "timestamp": 0,
        "image_url": IMAGE,
        "description": "The moon\nrises.",
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert client.get(url(video, f"{made['id']}/")).json() == made
    assert client.get(f"/api/v1/video-summaries/{video.pk}/").json()["keyframe_count"] == 1
    assert updated_at(client, video) > before


def test_keyframes_come_by_time_in_pages(as_user, alice, queries):
    client, video = as_user(alice), VideoSummaryFactory(user=alice)
    for timestamp in (30, 5, 5, 0, 7200):
        KeyframeFactory(video_summary=video, timestamp=timestamp)
    KeyframeFactory(video_summary=VideoSummaryFactory(user=alice))

    with queries() as sent:
        page = client.get(url(video, "?page_size=3")).json()

    assert len(sent) == 4  # the session, the video's gate, the total, the page
    assert [keyframe["timestamp"] for keyframe in page["items"]] == [0, 5, 5]
    assert (page["total"], page["has_more"]) == (5, True)
    rest = client.get(url(video, "?page_size=3&page=2")).json()
    assert [keyframe["timestamp"] for keyframe in rest["items"]] == [30, 7200]
    assert client.get(url(video, "?ordering=-timestamp")).status_code == 400


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"image_url": IMAGE}, "timestamp", "required"),
        ({"timestamp": 1}, "image_url", "required"),
        (moment(-1), "timestamp", "min_value"),
        (moment(2**31), "timestamp", "max_value"),
        (moment(1.5), "timestamp", "invalid"),
        (moment("1"), "timestamp", "invalid"),
        (moment(None), "timestamp", "null"),
        (moment(1, image_url=""), "image_url", "blank"),
        (moment(1, image_url="ftp://images.example.com/a.jpg"), "image_url", "invalid_url"),
        (moment(1, image_url="data:image/png;base64,AAAA"), "image_url", "invalid_url"),
        (moment(1, image_url=f"{IMAGE}?{'x' * 2000}"), "image_url", "max_length"),
        (moment(1, description="x" * 5001), "description", "max_length"),
        (moment(1, description="a\x01b"), "description", "characters"),
        (moment(1, video_summary=str(uuid7())), "video_summary", "unknown_field"),
        (moment(1, id="nonsense"), "id", "invalid"),
        ({"keyframes": []}, "keyframes", "empty"),
        ({"keyframes": {}}, "keyframes", "not_a_list"),
        ({"keyframes": None}, "keyframes", "null"),
        ({"keyframes": [moment(1)], "timestamp": 1}, "timestamp", "unknown_field"),
        ({"keyframes": [moment(1), 5]}, "keyframes.1", "invalid"),
        ({"keyframes": [moment(1), moment(-1)]}, "keyframes.1.timestamp", "min_value"),
        ({"keyframes": [moment(1)] * 501}, "keyframes", "max_length"),
        ([moment(1)], "_", "invalid"),
    ],
)
def test_a_keyframe_of_the_wrong_shape_is_refused_and_nothing_is_added(as_user, alice, body, field, code):
    client, video = as_user(alice), VideoSummaryFactory(user=alice)
    before = updated_at(client, video)

    answer = client.post(url(video), body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code
    assert client.get(url(video)).json()["total"] == 0
    assert updated_at(client, video) == before


def test_many_keyframes_are_added_with_as_many_statements_as_one(as_user, alice, queries):
    client, video = as_user(alice), VideoSummaryFactory(user=alice)

    with queries() as one:
        client.post(url(video), moment(9))
    with queries() as many:
        answer = client.post(url(video), {"keyframes": [moment(second) for second in range(500)]})

    # the session, a savepoint and its release, the video held, the video moved, the insert
    assert len(one) == len(many) == 6
    items = answer.json()["items"]
    assert (answer.status_code, [item["timestamp"] for item in items]) == (201, list(range(500)))
    assert items[7] == client.get(url(video, f"{items[7]['id']}/")).json()


def test_a_list_may_be_as_long_as_the_longest_texts_make_it(as_user, alice):
    client, video = as_user(alice), VideoSummaryFactory(user=alice)
    long = {"keyframes": [moment(1, description="x" * 5000)] * 500}

    assert client.post(url(video), long).status_code == 201
    too_large = client.post(url(video), {"keyframes": [moment(1, description="x" * 22_000)] * 500})
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "too_large")


def test_a_repeated_post_finds_the_first_ones_keyframe(as_user, alice, bob):
    client, video, other = as_user(alice), VideoSummaryFactory(user=alice), VideoSummaryFactory(user=alice)
    body = moment(5, id=str(uuid7()))
    first = client.post(url(video), body)
    before = updated_at(client, video)

    again = client.post(url(video), {**body, "description": ""})
    conflicts = [
        client.post(url(video), {**body, "timestamp": 6}),
        client.post(url(other), body),
        as_user(bob).post(url(VideoSummaryFactory(user=bob)), body),
    ]

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    for answer in conflicts:
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "id_conflict")
    assert as_user(bob).post(url(video), body).status_code == 404
    assert updated_at(client, video) == before
    assert client.get(url(video)).json()["total"] == 1


def test_a_list_is_added_whole_and_once(as_user, alice):
    client, video = as_user(alice), VideoSummaryFactory(user=alice)
    batch = [moment(second, id=str(uuid7())) for second in range(3)]
    more, good = moment(3, id=str(uuid7())), moment(4, id=str(uuid7()))

    first = client.post(url(video), {"keyframes": batch})
    again = client.post(url(video), {"keyframes": batch[::-1]})
    grown = client.post(url(video), {"keyframes": [more, *batch, moment(9)]})
    twice = client.post(url(video), {"keyframes": [good, moment(8), good]})
    conflict = client.post(url(video), {"keyframes": [good, {**more, "timestamp": 7}]})

    assert [answer.status_code for answer in (first, again, grown)] == [201, 200, 201]
    assert [item["id"] for item in again.json()["items"]] == [item["id"] for item in batch[::-1]]
    assert [item["timestamp"] for item in grown.json()["items"]] == [3, 0, 1, 2, 9]
    assert twice.json()["error"]["fields"]["keyframes.2.id"][0]["code"] == "duplicate"
    assert (conflict.status_code, conflict.json()["error"]["code"]) == (409, "id_conflict")
    assert client.get(url(video)).json()["total"] == 5


def test_a_keyframe_is_changed_and_taken_away_for_good(as_user, alice):
    client, video = as_user(alice), VideoSummaryFactory(user=alice)
    made = client.post(url(video), moment(5, description="Old")).json()
    one = url(video, f"{made['id']}/")
    before = updated_at(client, video)

    same = client.patch(one, {})
    assert updated_at(client, video) == before
    changed = client.patch(one, {"timestamp": 6, "description": ""})
    moved = updated_at(client, video)
    fixed = client.patch(one, {"id": str(uuid7())})
    gone = client.delete(one)

    assert same.json() == made
    assert changed.json() == {
        **made,
        "timestamp": 6,
        "description": "",
        "updated_at": changed.json()["updated_at"],
    }
    assert changed.json()["updated_at"] > made["updated_at"]
    assert moved > before
    assert fixed.json()["error"]["fields"]["id"][0]["code"] == "unknown_field"
    assert gone.status_code == 204
    assert client.delete(one).status_code == 404
    assert client.get(one).status_code == 404
    assert updated_at(client, video) > moved
    # Nothing is left of it, so its key is free again.
    assert client.post(url(video), moment(1, id=made["id"])).status_code == 201


def test_a_keyframe_is_found_under_its_own_video_only(as_user, alice, mallory):
    video, other = VideoSummaryFactory(user=alice), VideoSummaryFactory(user=alice)
    keyframe = KeyframeFactory(video_summary=video)

    bodies = set()
    for client, tail in (
        (as_user(alice), url(other, f"{keyframe.pk}/")),
        (as_user(alice), url(video, f"{uuid7()}/")),
        (as_user(mallory), url(video, f"{keyframe.pk}/")),
        (as_user(mallory), url(other, f"{uuid7()}/")),
    ):
        for answer in (
            client.get(tail),
            client.patch(tail, {"timestamp": -1}),
            client.patch(tail, {"timestamp": 1}),
            client.put(tail, {}),
            client.delete(tail),
        ):
            assert answer.status_code == 404
            error = answer.json()["error"]
            del error["request_id"]
            bodies.add(json.dumps(error))
    assert len(bodies) == 1
    assert as_user(alice).get(url(video)).json()["total"] == 1


@pytest.mark.django_db(transaction=True)
def test_one_list_repeated_at_once_is_added_once(as_user, alice):
    client, video = as_user(alice), VideoSummaryFactory(user=alice)
    batch = {"keyframes": [moment(second, id=str(uuid7())) for second in range(20)]}
    single = moment(99, id=str(uuid7()))

    answers = started(
        *[lambda: client.post(url(video), batch)] * 4, *[lambda: client.post(url(video), single)] * 4
    )()

    assert Counter(answer.status_code for answer in answers) == {201: 2, 200: 6}
    assert client.get(url(video)).json()["total"] == 21


@pytest.mark.django_db(transaction=True)
def test_one_id_used_at_once_in_two_videos_is_a_conflict_in_the_second(as_user, alice):
    client, video, other = as_user(alice), VideoSummaryFactory(user=alice), VideoSummaryFactory(user=alice)
    body = moment(5, id=str(uuid7()))

    with transaction.atomic():
        KeyframeFactory(id=body["id"], video_summary=other, timestamp=5)
        waiting = started(lambda: client.post(url(video), body))
        time.sleep(0.5)
    (answer,) = waiting()

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "id_conflict")
    assert client.get(url(video)).json()["total"] == 0
