"""Video summaries, as the person who collects them uses them."""

import json
import time
from collections import Counter

import pytest
from django.db import transaction
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from media_summaries.models import VideoSummary
from tests.factories import KeyframeFactory, TagFactory, VideoSummaryFactory
from tests.media_summaries.concurrency import started

URL = "/api/v1/video-summaries/"
ID = "dQw4w9WgXcQ"
ADDRESS = f"https://youtu.be/{ID}"


def in_state(video, status, **columns):
    """What a worker would have made of the row."""
    if status == "processing":
        columns |= {"claimed_by": "worker-1", "lease_expires_at": Now()}
    if status == "completed":
        columns["completed_at"] = Now()
    VideoSummary.objects.filter(pk=video.pk).update(processing_status=status, **columns)
    return video


def ids(answer):
    return [item["id"] for item in answer.json()["items"]]


def test_a_new_video_waits_to_be_summarised(as_user, alice, bob):
    answer = as_user(alice).post(
        URL,
        {
            "youtube_url": f"https://www.youtube.com/watch?t=5&v={ID}",
            "title": "  The tides ",
            "description": "On the moon.\n",
            "channel_name": "Sea Channel",
            "duration": 0,
            "thumbnail_url": "https://images.example.com/a.jpg",
            "tags": ["Moon", "astronomy"],
            "categories": ["Science"],
        },
    )

    assert answer.status_code == 201
    video = answer.json()
    assert video == {
        "id": video["id"],
        "youtube_url": f"https://www.youtube.com/watch?t=5&v={ID}",
        "youtube_id": ID,
        "title": "The tides",
        "description": "On the moon.\n",
        "channel_name": "Sea Channel",
        "duration": 0,
        "thumbnail_url": "https://images.example.com/a.jpg",
        "transcript": "",
        "summary": "",
        "ai_generated_content": {},
        "processing_status": "pending",
        "processing_error": "",
        "progress": 0,
        "current_step": "",
        "attempts": 0,
        "completed_at": None,
        "tags": ["astronomy", "Moon"],
        "categories": ["Science"],
        "tag_count": 2,
        "keyframe_count": 0,
        "created_at": video["created_at"],
        "updated_at": video["created_at"],
    }
    assert video["created_at"].endswith("Z")
    assert len(video["created_at"]) == len("2026-01-31T12:00:00.123456Z")
    assert as_user(alice).get(f"{URL}{video['id']}/").json() == video
    assert as_user(bob).get(f"{URL}{video['id']}/").status_code == 404


def test_an_address_is_enough(as_user, alice):
    video = as_user(alice).post(URL, {"youtube_url": ADDRESS}).json()

    assert (video["title"], video["youtube_id"], video["duration"]) == (ID, ID, None)
    assert (video["tags"], video["categories"], video["tag_count"]) == ([], [], 0)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "youtube_url", "required"),
        ({"youtube_url": ""}, "youtube_url", "blank"),
        ({"youtube_url": None}, "youtube_url", "null"),
        ({"youtube_url": 5}, "youtube_url", "invalid"),
        ({"youtube_url": f"youtu.be/{ID}"}, "youtube_url", "invalid_url"),
        ({"youtube_url": f" {ADDRESS}"}, "youtube_url", "invalid_url"),
        ({"youtube_url": "https://vimeo.com/12345678901"}, "youtube_url", "not_a_video"),
        ({"youtube_url": f"{ADDRESS}?x={'x' * 2000}"}, "youtube_url", "max_length"),
        ({"title": " "}, "title", "blank"),
        ({"title": None}, "title", "null"),
        ({"title": "x" * 301}, "title", "max_length"),
        ({"title": "a\u202eb"}, "title", "characters"),
        ({"description": "x" * 5001}, "description", "max_length"),
        ({"description": "a\x01b"}, "description", "characters"),
        ({"channel_name": "x" * 201}, "channel_name", "max_length"),
        ({"channel_name": None}, "channel_name", "null"),
        ({"duration": -1}, "duration", "min_value"),
        ({"duration": 2**31}, "duration", "max_value"),
        ({"duration": 1.5}, "duration", "invalid"),
        ({"duration": "60"}, "duration", "invalid"),
        ({"thumbnail_url": "data:image/png;base64,AAAA"}, "thumbnail_url", "invalid_url"),
        ({"tags": "math"}, "tags", "not_a_list"),
        ({"tags": None}, "tags", "null"),
        ({"tags": ["fine", ""]}, "tags.1", "blank"),
        ({"tags": [5]}, "tags.0", "invalid"),
        ({"tags": ["x" * 51]}, "tags.0", "max_length"),
        ({"tags": ["a\u200bb"]}, "tags.0", "characters"),
        ({"tags": [str(number) for number in range(51)]}, "tags", "max_length"),
        ({"categories": ["fine", "\u200d"]}, "categories.1", "blank"),
        ({"categories": {}}, "categories", "not_a_list"),
        ({"id": "nonsense"}, "id", "invalid"),
    ],
)
def test_a_video_of_the_wrong_shape_is_refused(as_user, alice, body, field, code):
    if "youtube_url" not in body and body:
        body = {"youtube_url": ADDRESS, **body}

    answer = as_user(alice).post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code
    assert as_user(alice).get(URL).json()["total"] == 0


@pytest.mark.parametrize(
    "field",
    [
        "youtube_id",
        "transcript",
        "summary",
        "ai_generated_content",
        "processing_status",
        "processing_error",
        "progress",
        "current_step",
        "attempts",
        "claimed_by",
        "lease_expires_at",
        "last_worker",
        "completed_at",
        "tag_count",
        "keyframe_count",
        "created_at",
        "deleted_at",
        "user",
    ],
)
def test_what_the_job_or_the_database_writes_is_not_the_owners(as_user, alice, field):
    video = VideoSummaryFactory(user=alice)

    made = as_user(alice).post(URL, {"youtube_url": ADDRESS, field: None})
    changed = as_user(alice).patch(f"{URL}{video.pk}/", {field: 1})

    for answer in (made, changed):
        assert answer.status_code == 400
        assert answer.json()["error"]["fields"] == {
            field: [{"code": "unknown_field", "message": "There is no such field to write."}]
        }


def test_the_address_and_the_key_stay_what_they_were(as_user, alice):
    video = VideoSummaryFactory(user=alice)

    answer = as_user(alice).patch(f"{URL}{video.pk}/", {"youtube_url": ADDRESS, "id": str(uuid7())})

    assert {name: errors[0]["code"] for name, errors in answer.json()["error"]["fields"].items()} == {
        "youtube_url": "unknown_field",
        "id": "unknown_field",
    }


def test_the_owner_sees_how_far_the_job_is_but_not_who_has_it(as_user, alice):
    video = in_state(VideoSummaryFactory(user=alice), "processing", progress=40, current_step="keyframes")

    seen = as_user(alice).get(f"{URL}{video.pk}/").json()

    assert (seen["processing_status"], seen["progress"], seen["current_step"]) == (
        "processing",
        40,
        "keyframes",
    )
    assert not {"claimed_by", "lease_expires_at", "last_worker", "user"} & seen.keys()


def test_a_change_writes_what_was_sent_and_no_more(as_user, alice):
    client = as_user(alice)
    video = client.post(
        URL, {"youtube_url": ADDRESS, "title": "Draft", "duration": 60, "tags": ["a"], "categories": ["b"]}
    ).json()
    one = f"{URL}{video['id']}/"

    same = client.patch(one, {})
    changed = client.patch(
        one, {"title": "Final", "duration": None, "thumbnail_url": "", "tags": ["c", "A"], "categories": []}
    )
    only_tags = client.patch(one, {"tags": []})

    assert same.json() == video
    assert changed.status_code == 200
    assert changed.json() == {
        **video,
        "title": "Final",
        "duration": None,
        "tags": ["a", "c"],
        "tag_count": 2,
        "categories": [],
        "updated_at": changed.json()["updated_at"],
    }
    assert changed.json()["updated_at"] > video["updated_at"]
    assert (only_tags.json()["tags"], only_tags.json()["tag_count"]) == ([], 0)
    assert only_tags.json()["updated_at"] > changed.json()["updated_at"]
    assert only_tags.json()["title"] == "Final"


def test_names_are_a_set_in_which_the_first_spelling_stays(as_user, alice, bob):
    made = as_user(alice).post(URL, {"youtube_url": ADDRESS, "tags": [" Ökologie ", "ökologie", "ÖKOLOGIE"]})
    other = as_user(bob).post(
        URL, {"youtube_url": ADDRESS, "tags": ["o\u0308kologie", "\uff21\uff29", "ai", "Straße", "STRASSE"]}
    )

    assert made.json()["tags"] == ["Ökologie"]
    # By what tells names apart: "ai", "strasse", "ökologie".
    assert other.json()["tags"] == ["\uff21\uff29", "Straße", "Ökologie"]
    assert other.json()["tag_count"] == 3
    assert [tag["name"] for tag in as_user(alice).get("/api/v1/tags/").json()["items"]] == [
        "Straße",
        "Ökologie",
        "\uff21\uff29",
    ]


def test_a_name_may_grow_eighteenfold_in_what_tells_it_apart(as_user, alice):
    names = [f"{number:02}{'\ufdfa' * 48}" for number in range(50)]

    answer = as_user(alice).post(URL, {"youtube_url": ADDRESS, "tags": names, "categories": ["\ufdfa" * 50]})

    assert answer.status_code == 201
    assert answer.json()["tags"] == names
    assert answer.json()["categories"] == ["\ufdfa" * 50]


def test_the_same_video_again_is_refused_and_names_the_first(as_user, alice, bob):
    first = as_user(alice).post(URL, {"youtube_url": ADDRESS}).json()

    again = as_user(alice).post(
        URL, {"youtube_url": f"https://m.youtube.com/shorts/{ID}", "tags": ["never made"]}
    )
    others = as_user(bob).post(URL, {"youtube_url": ADDRESS})

    assert again.status_code == 409
    error = again.json()["error"]
    assert (error["code"], error["existing_id"]) == ("duplicate_video", first["id"])
    assert others.status_code == 201
    assert as_user(alice).get("/api/v1/tags/").json()["items"] == []


def test_a_deleted_video_makes_room_and_cannot_come_back_beside_its_successor(as_user, alice):
    client = as_user(alice)
    old = client.post(URL, {"youtube_url": ADDRESS}).json()
    assert client.delete(f"{URL}{old['id']}/").status_code == 204
    new = client.post(URL, {"youtube_url": ADDRESS})

    refused = client.post(f"{URL}{old['id']}/restore/")

    assert new.status_code == 201
    assert refused.status_code == 409
    error = refused.json()["error"]
    assert (error["code"], error["existing_id"]) == ("duplicate_video", new.json()["id"])
    assert ids(client.get(f"{URL}?deleted=true")) == [old["id"]]

    client.delete(f"{URL}{new.json()['id']}/")
    assert client.post(f"{URL}{old['id']}/restore/").status_code == 200


def test_a_repeated_create_finds_the_first_ones_video(as_user, alice, bob):
    body = {"id": str(uuid7()), "youtube_url": ADDRESS, "title": "Once", "tags": ["B", "a"]}
    first = as_user(alice).post(URL, body)

    again = as_user(alice).post(URL, {**body, "title": " Once ", "tags": ["A", "b", "B"]})
    without = as_user(alice).post(URL, {"id": body["id"], "youtube_url": ADDRESS})
    conflicts = [
        as_user(alice).post(URL, {**body, "title": "Twice"}),
        as_user(alice).post(URL, {**body, "tags": ["B"]}),
        as_user(alice).post(URL, {**body, "categories": ["new"]}),
        as_user(alice).post(URL, {**body, "youtube_url": f"https://www.youtube.com/watch?v={ID}"}),
        as_user(bob).post(URL, body),
    ]
    as_user(alice).delete(f"{URL}{body['id']}/")
    conflicts.append(as_user(alice).post(URL, body))

    assert first.status_code == 201
    for answer in (again, without):
        assert (answer.status_code, answer.json()) == (200, first.json())
    for answer in conflicts:
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "id_conflict")
    assert as_user(alice).get("/api/v1/categories/").json()["items"] == []


def test_an_id_conflict_comes_before_a_duplicate(as_user, alice):
    client = as_user(alice)
    client.post(URL, {"youtube_url": ADDRESS})
    other = client.post(URL, {"id": str(uuid7()), "youtube_url": "https://youtu.be/abcdefghijk"}).json()

    answer = client.post(URL, {"id": other["id"], "youtube_url": ADDRESS})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "id_conflict")


def test_a_list_leaves_the_long_parts_out_and_takes_one_statement(as_user, alice, bob, queries):
    client = as_user(alice)
    VideoSummaryFactory(user=alice, title="Bare")
    full = VideoSummaryFactory(user=alice, title="Full", tags=["Zebra", "apple"], categories=["Life"])
    in_state(full, "completed", transcript="Spoken", summary="Short", ai_generated_content={"k": 1})
    for second in (3, 1):
        KeyframeFactory(video_summary=full, timestamp=second)
    VideoSummaryFactory(user=bob, tags=["apple"])

    with queries() as sent:
        page = client.get(URL).json()

    assert len(sent) == 1
    assert (page["total"], page["page"], page["page_size"], page["has_more"]) == (2, 1, 20, False)
    first, second = page["items"]
    whole = client.get(f"{URL}{full.pk}/").json()
    assert (whole["transcript"], whole["ai_generated_content"]) == ("Spoken", {"k": 1})
    left_out = {"transcript", "ai_generated_content"}
    assert first == {name: value for name, value in whole.items() if name not in left_out}
    assert (first["tags"], first["categories"]) == (["apple", "Zebra"], ["Life"])
    assert (first["tag_count"], first["keyframe_count"]) == (2, 2)
    assert (second["title"], second["tags"], second["categories"]) == ("Bare", [], [])
    assert (second["tag_count"], second["keyframe_count"]) == (0, 0)


def test_one_video_takes_one_statement(as_user, alice, queries):
    video = VideoSummaryFactory(user=alice, tags=["a", "b"], categories=["c"])
    as_user(alice)

    with queries() as sent:
        assert as_user(alice).get(f"{URL}{video.pk}/").status_code == 200

    assert len(sent) == 1


def test_a_create_takes_as_many_statements_whatever_the_number_of_tags(as_user, alice, queries):
    client = as_user(alice)
    TagFactory(name="there")

    with queries() as plain:
        client.post(URL, {"youtube_url": "https://youtu.be/abcdefghijk"})
    with queries() as tagged:
        tags = ["there", *(f"tag {number}" for number in range(49))]
        assert client.post(URL, {"youtube_url": ADDRESS, "tags": tags}).json()["tag_count"] == 50

    # the session, a savepoint and its release, the insert, the row read back
    assert len(plain) == 5
    # more: look up, insert, read back; the links there are, those among the new, the insert
    assert len(tagged) == 11


@pytest.mark.parametrize(
    ("ordering", "titles"),
    [
        ("title", ["Zeta", "alpha", "Émile"]),  # by code point
        ("-title", ["Émile", "alpha", "Zeta"]),
        ("created_at", ["alpha", "Émile", "Zeta"]),
        ("", ["Zeta", "Émile", "alpha"]),
        ("updated_at", ["Émile", "Zeta", "alpha"]),
        ("-updated_at", ["alpha", "Zeta", "Émile"]),
        ("duration", ["Émile", "Zeta", "alpha"]),  # unknown, 0, 90
        ("-duration", ["alpha", "Zeta", "Émile"]),
        ("duration,-title", ["Émile", "Zeta", "alpha"]),
    ],
)
def test_a_list_is_ordered_as_asked(as_user, alice, ordering, titles):
    client = as_user(alice)
    for title, duration in {"alpha": 90, "Émile": None, "Zeta": 0}.items():
        VideoSummaryFactory(user=alice, title=title, duration=duration)
    client.patch(f"{URL}{VideoSummary.objects.get(title='alpha').pk}/", {"description": "changed"})

    page = client.get(URL, {"ordering": ordering}).json()

    assert [video["title"] for video in page["items"]] == titles


def test_videos_of_one_length_keep_one_order(as_user, alice):
    client = as_user(alice)
    made = [str(VideoSummaryFactory(user=alice, duration=None).pk) for _ in range(5)]

    assert ids(client.get(f"{URL}?ordering=duration")) == made
    assert ids(client.get(f"{URL}?ordering=-duration")) == made[::-1]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("status=failed", {"Failed"}),
        ("status=pending", {"Tides", "Émile"}),
        ("tag=MOON", {"Tides", "Failed"}),
        ("tag=mo\u006fn&category=science", {"Tides"}),
        ("tag=unheard", set()),
        ("category=Science", {"Tides"}),
        ("youtube_id=aaaaaaaaaaa", {"Tides"}),
        ("youtube_id=zzzzzzzzzzz", set()),
        ("youtube_id=AAAAAAAAAAA", set()),
        ("search=ÉMIL", {"Émile"}),
        ("search=tide", {"Tides", "Failed"}),
        ("search=ebb and", {"Émile"}),
        ("search=100%_", {"Émile"}),
        ("search=&ordering=", {"Tides", "Failed", "Émile"}),
        ("status=pending&tag=moon&search=tides&ordering=-duration", {"Tides"}),
    ],
)
def test_a_list_is_narrowed_as_asked(as_user, alice, bob, query, titles):
    VideoSummaryFactory(
        user=alice, title="Tides", youtube_id="a" * 11, tags=["Moon", "Sea"], categories=["Science"]
    )
    in_state(
        VideoSummaryFactory(user=alice, title="Failed", description="Of the TIDES", tags=["Moon"]), "failed"
    )
    VideoSummaryFactory(user=alice, title="Émile", summary="Ebb and flow, 100%_")
    VideoSummaryFactory(user=bob, title="Tides of bob", youtube_id="a" * 11, tags=["Moon"])

    answer = as_user(alice).get(f"{URL}?{query}")

    assert {video["title"] for video in answer.json()["items"]} == titles
    assert answer.json()["total"] == len(titles)


STRANGE_KEYS = [
    "summary",
    "",
    " ",
    "0",
    "a.b",
    "a[0]",
    "$",
    "*",
    'say "hi"',
    "it's",
    "back\\slash",
    "é",
    "e\u0301",  # not composed: another key than the one above
    "日本",
    "😀",
    "per%cent_",
    "new\nline",
    "' OR 1=1 --",
    "k" * 500,
]


@pytest.mark.parametrize("key", STRANGE_KEYS)
def test_generated_content_is_found_by_any_key_at_its_top(as_user, alice, key):
    client = as_user(alice)
    wanted = VideoSummaryFactory(user=alice, ai_generated_content={key: None, "other": 1})
    VideoSummaryFactory(user=alice, ai_generated_content={"deep": {key: 1}, "list": [key], "text": key})
    for other in STRANGE_KEYS:
        if other != key:
            VideoSummaryFactory(user=alice, ai_generated_content={other: 1})

    assert ids(client.get(URL, {"has": key})) == [str(wanted.pk)]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("status=done", "status", "invalid_choice"),
        ("tag=", "tag", "blank"),
        ("youtube_id=", "youtube_id", "blank"),
        (f"category={'x' * 51}", "category", "max_length"),
        ("ordering=user", "ordering", "invalid_choice"),
        ("ordering=tags", "ordering", "invalid_choice"),
        ("has=a&has=b", "has", "repeated"),
        ("has=%00", "_", "invalid"),
        ("user=x", "user", "unknown_field"),
        ("page_size=101", "page_size", "max_value"),
        ("deleted=1", "deleted", "invalid"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(as_user, alice, query, field, code):
    answer = as_user(alice).get(f"{URL}?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code


def test_a_list_comes_in_pages(as_user, alice):
    for number in range(5):
        VideoSummaryFactory(user=alice, title=f"Video {number}", tags=["one", "two"])

    second = as_user(alice).get(URL, {"page": 2, "page_size": 2, "ordering": "title", "tag": "one"}).json()

    assert [video["title"] for video in second["items"]] == ["Video 2", "Video 3"]
    assert (second["total"], second["has_more"]) == (5, True)


def test_a_deleted_video_waits_in_the_trash_with_all_that_hangs_on_it(as_user, alice, bob):
    video = VideoSummaryFactory(user=alice, tags=["Moon"])
    KeyframeFactory(video_summary=video)
    one = f"{URL}{video.pk}/"

    assert as_user(alice).delete(one).status_code == 204
    assert as_user(alice).delete(one).status_code == 404
    assert as_user(alice).get(one).status_code == 404
    assert as_user(alice).patch(one, {"title": "x"}).status_code == 404
    assert as_user(alice).post(f"{one}retry/").status_code == 404
    assert as_user(alice).get(f"{one}keyframes/").status_code == 404
    assert as_user(alice).get(f"{URL}?tag=moon").json()["items"] == []
    assert ids(as_user(alice).get(f"{URL}?deleted=true&tag=moon")) == [str(video.pk)]
    assert as_user(bob).get(f"{URL}?deleted=true").json()["items"] == []
    assert as_user(bob).post(f"{one}restore/").status_code == 404
    assert as_user(alice).post(f"{one}restore/", {"why": "x"}).status_code == 400

    restored = as_user(alice).post(f"{one}restore/")

    assert restored.status_code == 200
    assert (restored.json()["tags"], restored.json()["keyframe_count"]) == (["Moon"], 1)
    assert as_user(alice).post(f"{one}restore/").status_code == 404


@pytest.mark.parametrize("status", ["failed", "completed"])
def test_a_job_that_has_ended_can_be_asked_for_again(as_user, alice, status):
    video = in_state(
        VideoSummaryFactory(user=alice),
        status,
        processing_error="No captions." if status == "failed" else "",
        progress=80,
        current_step="transcript",
        attempts=3,
        last_worker="worker-1",
        transcript="Spoken",
        summary="Short",
        ai_generated_content={"topics": []},
    )
    before = as_user(alice).get(f"{URL}{video.pk}/").json()

    answer = as_user(alice).post(f"{URL}{video.pk}/retry/")
    again = as_user(alice).post(f"{URL}{video.pk}/retry/", {})

    assert answer.status_code == 200
    assert answer.json() == {
        **before,
        "processing_status": "pending",
        "processing_error": "",
        "progress": 0,
        "current_step": "",
        "attempts": 0,
        "completed_at": None,
        "updated_at": answer.json()["updated_at"],
    }
    assert answer.json()["updated_at"] > before["updated_at"]
    assert VideoSummary.objects.get(pk=video.pk).last_worker == ""
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_retryable")


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_a_job_that_has_not_ended_is_not_asked_for_again(as_user, alice, status):
    video = in_state(VideoSummaryFactory(user=alice), status, progress=5)

    answer = as_user(alice).post(f"{URL}{video.pk}/retry/")
    refused = as_user(alice).post(f"{URL}{video.pk}/retry/", {"attempts": 0})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_retryable")
    assert refused.json()["error"]["fields"]["attempts"][0]["code"] == "unknown_field"
    assert as_user(alice).get(f"{URL}{video.pk}/").json()["progress"] == 5


def test_anothers_video_answers_like_none_whatever_is_wrong_with_the_request(as_user, alice, mallory):
    video = in_state(VideoSummaryFactory(user=alice), "failed")
    client = as_user(mallory)

    bodies = set()
    for key in (video.pk, uuid7()):
        one = f"{URL}{key}/"
        for answer in (
            client.get(one),
            client.patch(one, {"title": 5}),
            client.patch(one, {"tags": ["x"]}),
            client.put(one, {}),
            client.delete(f"{one}?x=1"),
            client.post(f"{one}retry/"),
            client.post(f"{one}retry/", {"x": 1}),
            client.post(f"{one}restore/", {"x": 1}),
            client.post(f"{one}keyframes/", {}),
            client.post(f"{one}keyframes/", "{", content_type="application/json"),
            client.get(f"{one}keyframes/?page=0"),
        ):
            assert answer.status_code == 404
            error = answer.json()["error"]
            del error["request_id"]
            bodies.add(json.dumps(error))
    assert len(bodies) == 1


def test_who_is_not_logged_in_is_told_so(anyone, db):
    for path in ("video-summaries", f"video-summaries/{uuid7()}", "tags", "categories"):
        assert anyone.get(f"/api/v1/{path}/").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_the_same_video_added_at_once_is_there_once(as_user, alice):
    client = as_user(alice)

    answers = started(*[lambda: client.post(URL, {"youtube_url": ADDRESS, "tags": ["new"]})] * 6)()

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    (made,) = (answer.json()["id"] for answer in answers if answer.status_code == 201)
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["error"]["code"] == "duplicate_video"
            assert answer.json()["error"]["existing_id"] == made


@pytest.mark.django_db(transaction=True)
def test_a_video_restored_and_added_at_once_is_there_once(as_user, alice):
    client = as_user(alice)
    deleted = [VideoSummaryFactory(user=alice, youtube_id=ID, deleted_at=Now()) for _ in range(3)]

    waiting = started(
        *[lambda video=video: client.post(f"{URL}{video.pk}/restore/") for video in deleted],
        *[lambda: client.post(URL, {"youtube_url": ADDRESS})] * 3,
    )
    answers = waiting()

    (winner,) = (answer.json()["id"] for answer in answers if answer.status_code in {200, 201})
    refused = [answer.json()["error"] for answer in answers if answer.status_code == 409]
    assert len(refused) == 5
    assert {(error["code"], error["existing_id"]) for error in refused} == {("duplicate_video", winner)}


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_new_names_never_wait_in_a_circle(as_user, alice, bob):
    clients = {ADDRESS: as_user(alice), "https://youtu.be/abcdefghijk": as_user(bob)}
    orders = (["a", "m", "z"], ["z", "m", "a"])

    def post(pair, names):
        address, client = pair
        return client.post(URL, {"youtube_url": address, "tags": names})

    calls = [lambda given=given: post(*given) for given in zip(clients.items(), orders, strict=True)]
    with transaction.atomic():
        # Both stop at this name; on release, each would need what the other has made before it.
        TagFactory(name="m")
        waiting = started(*calls)
        time.sleep(0.5)
    answers = waiting()

    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["tags"] for answer in answers] == [["a", "m", "z"]] * 2


@pytest.mark.django_db(transaction=True)
def test_new_names_written_at_once_are_made_once(as_user, alice, bob):
    names = [f"name {number:02}" for number in range(30)]
    videos = [VideoSummaryFactory(user=person) for person in (alice, bob) for _ in range(3)]

    def change(place, video):
        turned = names[place * 5 :] + names[: place * 5]
        spelled = [name.upper() if place % 2 else name for name in turned]
        body = {"tags": spelled, "categories": spelled[::-1]}
        return as_user(video.user).patch(f"{URL}{video.pk}/", body)

    for person in (alice, bob):
        as_user(person)
    answers = started(*[lambda pair=pair: change(*pair) for pair in enumerate(videos)])()

    assert [answer.status_code for answer in answers] == [200] * 6
    for kind in ("tags", "categories"):
        page = as_user(alice).get(f"/api/v1/{kind}/?page_size=100").json()
        assert page["total"] == 30
        assert {item["count"] for item in page["items"]} == {3}
        assert all(answer.json()[kind] == answers[0].json()[kind] for answer in answers)
