"""Video jobs, as the workers that do them ask for them, and as owners see them."""

from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from media_summaries.models import Keyframe, VideoSummary
from tests.factories import KeyframeFactory, UserFactory, VideoSummaryFactory
from tests.racing import arriving_before_commit, at_once

JOBS = "/api/v1/ops/video-jobs/"
VIDEOS = "/api/v1/video-summaries/"


class Workers:
    """Workers that share one account, each under a name of its own."""

    def __init__(self, client):
        self.client = client

    def claim(self, worker="one", lease_seconds=60):
        return self.client.post(f"{JOBS}claim/", {"worker": worker, "lease_seconds": lease_seconds})

    def tell(self, what, key, worker="one", **said):
        return self.client.post(f"{JOBS}{key}/{what}/", {"worker": worker, **said})


@pytest.fixture
def machine(db):
    """An account with the right to work on jobs and none beside it."""
    person = UserFactory(name="Machine")
    person.user_permissions.add(Permission.objects.get(codename="work_video_jobs"))
    return person


@pytest.fixture
def workers(machine, as_user):
    return Workers(as_user(machine))


def expire(key):
    """Let the lease of a job have run out a moment ago."""
    lost = VideoSummary.objects.filter(pk=key, processing_status="processing")
    assert lost.update(lease_expires_at=Now() - timedelta(milliseconds=1)) == 1


def seconds_left(key):
    left = VideoSummary.objects.annotate(left=F("lease_expires_at") - Now()).get(pk=key).left
    return left.total_seconds()


def code_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


LOST = (409, "lease_lost")


def test_a_job_is_the_video_as_its_owner_sees_it_with_worker_and_lease(workers, as_user, alice):
    video = VideoSummaryFactory(user=alice, tags=["Moon"], transcript="Ebb and flow.")
    before = as_user(alice).get(f"{VIDEOS}{video.pk}/").json()

    answer = workers.claim("one", 120)

    assert answer.status_code == 200
    job = answer.json()
    seen = as_user(alice).get(f"{VIDEOS}{video.pk}/").json()
    assert job == seen | {"claimed_by": "one", "lease_expires_at": job["lease_expires_at"]}
    changed = {"processing_status": "processing", "attempts": 1, "updated_at": seen["updated_at"]}
    assert seen == before | changed
    assert seen["updated_at"] > before["updated_at"]
    assert 115 < seconds_left(video.pk) <= 120


def test_jobs_are_handed_out_from_the_oldest_on_until_there_are_none(workers, alice, bob):
    made = [str(VideoSummaryFactory(user=person).pk) for person in (alice, bob, alice)]
    for status, columns in {"failed": {}, "completed": {"completed_at": Now()}}.items():
        VideoSummaryFactory(user=alice, processing_status=status, **columns)

    claimed = [workers.claim(f"worker {number}").json()["id"] for number in range(3)]
    nothing = workers.claim()

    assert claimed == made
    assert (nothing.status_code, nothing.content) == (204, b"")


def test_a_job_whose_lease_has_run_out_comes_again_in_its_turn(workers, alice):
    lost, held, new = (VideoSummaryFactory(user=alice).pk for _ in range(3))
    workers.claim("one")
    workers.claim("two")
    expire(lost)

    again = workers.claim("three")

    assert (again.json()["id"], again.json()["attempts"]) == (str(lost), 2)
    assert workers.claim("four").json()["id"] == str(new)
    assert code_of(workers.tell("complete", lost, "one")) == LOST
    assert workers.tell("complete", lost, "three").status_code == 200
    assert workers.tell("complete", held, "two").status_code == 200


def test_a_lease_that_has_run_out_is_lost_though_nobody_has_taken_the_job(workers, alice):
    video = VideoSummaryFactory(user=alice)
    workers.claim()
    expire(video.pk)

    for what, said in {"heartbeat": {}, "complete": WHOLE, "fail": {"error": "No."}}.items():
        assert code_of(workers.tell(what, video.pk, **said)) == LOST
    assert workers.claim().json()["attempts"] == 2


def test_a_third_lost_lease_fails_the_job_at_the_next_claim_by_anyone(workers, as_user, alice):
    # Asked for again, and so older than the one that is lost.
    other = VideoSummaryFactory(user=alice, processing_status="failed")
    video = VideoSummaryFactory(user=alice)
    for attempt in (1, 2, 3):
        job = workers.claim(f"worker {attempt}").json()
        assert (job["id"], job["attempts"]) == (str(video.pk), attempt)
        expire(video.pk)
    as_user(alice).post(f"{VIDEOS}{other.pk}/retry/")

    assert workers.claim("another").json()["id"] == str(other.pk)

    seen = as_user(alice).get(f"{VIDEOS}{video.pk}/").json()
    assert (seen["processing_status"], seen["attempts"]) == ("failed", 3)
    assert "not heard of" in seen["processing_error"]
    assert code_of(workers.tell("complete", video.pk, "worker 3")) == LOST
    retried = as_user(alice).post(f"{VIDEOS}{video.pk}/retry/").json()
    assert (retried["processing_error"], retried["attempts"]) == ("", 0)
    assert workers.claim().json()["attempts"] == 1


def test_a_heartbeat_says_how_far_the_job_is_and_renews_the_lease(workers, as_user, alice):
    video = VideoSummaryFactory(user=alice)
    claimed = workers.claim(lease_seconds=600).json()
    VideoSummary.objects.update(lease_expires_at=Now() + timedelta(seconds=1))

    alone = workers.tell("heartbeat", video.pk).json()
    assert 595 < seconds_left(video.pk) <= 600
    told = workers.tell("heartbeat", video.pk, progress=40, current_step=" Chapters ", lease_seconds=20)
    assert 15 < seconds_left(video.pk) <= 20
    workers.tell("heartbeat", video.pk, progress=30, current_step="")
    assert 15 < seconds_left(video.pk) <= 20

    # Nothing that the owner sees has changed.
    assert alone["updated_at"] == claimed["updated_at"]
    assert told.status_code == 200
    assert (told.json()["progress"], told.json()["current_step"]) == (40, "Chapters")
    assert told.json()["updated_at"] > claimed["updated_at"]
    seen = as_user(alice).get(f"{VIDEOS}{video.pk}/").json()
    assert (seen["progress"], seen["current_step"]) == (30, "")


WHOLE = {
    "title": " The tides ",
    "description": "On the moon.\n",
    "channel_name": "Sea Channel",
    "duration": 90,
    "thumbnail_url": "https://images.example.com/a.jpg",
    "transcript": "Ebb\nand flow.",
    "summary": "It goes up and down.",
    "ai_generated_content": {"chapters": [{"start": 0, "title": "Ebb"}], "share": 0.5},
    "tags": ["Sea", "moon"],
    "categories": ["Science"],
    "keyframes": [
        {"timestamp": 7, "image_url": "https://images.example.com/7.jpg", "description": "Flow"},
        {"timestamp": 0, "image_url": "https://images.example.com/0.jpg"},
        {"timestamp": 7, "image_url": "https://images.example.com/7.jpg"},
    ],
}


def test_a_completed_job_has_all_that_was_made_of_the_video(workers, as_user, alice):
    video = VideoSummaryFactory(user=alice, tags=["Own"])
    KeyframeFactory(video_summary=video, timestamp=99)
    workers.claim()
    workers.tell("heartbeat", video.pk, progress=40, current_step="Chapters")

    answer = workers.tell("complete", video.pk, **WHOLE)

    assert answer.status_code == 200
    seen = as_user(alice).get(f"{VIDEOS}{video.pk}/").json()
    assert answer.json() == seen | {"claimed_by": "", "lease_expires_at": None}
    written = {name: seen[name] for name in WHOLE if name != "keyframes"}
    assert written == {name: value for name, value in WHOLE.items() if name != "keyframes"} | {
        "title": "The tides",
        "tags": ["moon", "Sea"],
    }
    assert (seen["processing_status"], seen["progress"], seen["current_step"]) == ("completed", 100, "")
    assert (seen["completed_at"], seen["keyframe_count"]) == (seen["updated_at"], 3)
    moments = as_user(alice).get(f"{VIDEOS}{video.pk}/keyframes/").json()["items"]
    assert [(moment["timestamp"], moment["description"]) for moment in moments] == [
        (0, ""),
        (7, "Flow"),
        (7, ""),
    ]


def test_what_is_not_sent_stays(workers, as_user, alice):
    video = VideoSummaryFactory(user=alice, title="Tides", tags=["Own"], transcript="Ebb.", duration=5)
    KeyframeFactory(video_summary=video)
    workers.claim()

    assert workers.tell("complete", video.pk, summary="Short").status_code == 200

    seen = as_user(alice).get(f"{VIDEOS}{video.pk}/").json()
    kept = (seen["title"], seen["tags"], seen["transcript"], seen["duration"], seen["keyframe_count"])
    assert kept == ("Tides", ["Own"], "Ebb.", 5, 1)


def test_the_last_worker_may_say_again_what_it_has_completed(workers, as_user, alice):
    video = VideoSummaryFactory(user=alice)
    workers.claim()
    first = workers.tell("complete", video.pk, **WHOLE)
    moments = as_user(alice).get(f"{VIDEOS}{video.pk}/keyframes/").json()

    same = WHOLE | {"tags": ["MOON", "sea", "Sea"], "keyframes": WHOLE["keyframes"][::-1]}
    repeated = [
        workers.tell("complete", video.pk, **WHOLE),
        workers.tell("complete", video.pk, **same),
        workers.tell("complete", video.pk),
        workers.tell("complete", video.pk, summary=WHOLE["summary"]),
    ]
    refused = [
        workers.tell("complete", video.pk, "two", **WHOLE),
        workers.tell("complete", video.pk, **WHOLE | {"summary": "Another"}),
        workers.tell("complete", video.pk, **WHOLE | {"ai_generated_content": {}}),
        workers.tell("complete", video.pk, **WHOLE | {"tags": ["moon"]}),
        workers.tell("complete", video.pk, **WHOLE | {"keyframes": WHOLE["keyframes"][:2]}),
        workers.tell("complete", video.pk, **WHOLE | {"keyframes": []}),
        workers.tell("complete", video.pk, **WHOLE | {"keyframes": [*WHOLE["keyframes"][:2]] * 2}),
        workers.tell("heartbeat", video.pk),
        workers.tell("fail", video.pk, error="No."),
    ]

    for answer in repeated:
        assert (answer.status_code, answer.json()) == (200, first.json())
    assert {code_of(answer) for answer in refused} == {LOST}
    assert as_user(alice).get(f"{VIDEOS}{video.pk}/keyframes/").json() == moments
    as_user(alice).post(f"{VIDEOS}{video.pk}/retry/")
    assert code_of(workers.tell("complete", video.pk, **WHOLE)) == LOST


def test_keyframes_may_come_with_ids(workers, alice):
    video = VideoSummaryFactory(user=alice)
    foreign = KeyframeFactory()
    own = KeyframeFactory(video_summary=video)
    moment = {"id": str(uuid7()), "timestamp": 1, "image_url": "https://images.example.com/1.jpg"}
    workers.claim()
    taken = workers.claim("two").json()["id"]

    conflict = workers.tell(
        "complete", video.pk, summary="New", keyframes=[moment, moment | {"id": str(foreign.pk)}]
    )
    twice = workers.tell("complete", video.pk, keyframes=[moment, moment])
    nothing_written = VideoSummary.objects.get(pk=video.pk)
    done = workers.tell("complete", video.pk, keyframes=[moment, moment | {"id": str(own.pk)}])

    assert taken == str(foreign.video_summary_id)
    assert code_of(conflict) == (409, "id_conflict")
    assert twice.json()["error"]["fields"]["keyframes.1.id"][0]["code"] == "duplicate"
    assert (nothing_written.processing_status, nothing_written.summary) == ("processing", "")
    assert done.status_code == 200
    assert set(video.keyframes.values_list("pk", flat=True)) == {own.pk, *map(type(own.pk), [moment["id"]])}
    assert (
        workers.tell("complete", video.pk, keyframes=[moment | {"id": str(own.pk)}, moment]).status_code
        == 200
    )
    assert (
        code_of(workers.tell("complete", video.pk, keyframes=[moment, moment | {"id": str(uuid7())}])) == LOST
    )


def test_a_failed_job_says_why(workers, as_user, alice):
    video = VideoSummaryFactory(user=alice)
    workers.claim()
    workers.tell("heartbeat", video.pk, progress=40, current_step="Chapters")

    answer = workers.tell("fail", video.pk, error="No captions.\nNot one.")

    assert answer.status_code == 200
    seen = as_user(alice).get(f"{VIDEOS}{video.pk}/").json()
    assert answer.json() == seen | {"claimed_by": "", "lease_expires_at": None}
    assert (seen["processing_status"], seen["processing_error"]) == ("failed", "No captions.\nNot one.")
    assert (seen["progress"], seen["current_step"], seen["attempts"]) == (40, "Chapters", 1)
    for what, said in {"heartbeat": {}, "complete": {}, "fail": {"error": "No captions.\nNot one."}}.items():
        assert code_of(workers.tell(what, video.pk, **said)) == LOST
    assert workers.claim().status_code == 204


@pytest.mark.parametrize("gone", ["video", "owner"])
def test_nobody_works_on_what_is_deleted(workers, as_user, alice, gone):
    video = VideoSummaryFactory(user=alice)
    VideoSummaryFactory(user=alice)
    workers.claim()
    row = video if gone == "video" else alice
    type(row).objects.filter(pk=row.pk).update(deleted_at=Now())

    for what, said in {"heartbeat": {}, "complete": WHOLE, "fail": {"error": "No."}}.items():
        assert code_of(workers.tell(what, video.pk, **said)) == LOST
    expire(video.pk)
    assert workers.claim().status_code == (204 if gone == "owner" else 200)
    assert workers.claim("two").status_code == 204

    # Whoever comes back finds their job where it was.
    type(row).objects.filter(pk=row.pk).update(deleted_at=None)
    assert workers.claim("three").json()["id"] == str(video.pk)


def test_a_job_that_is_not_there_is_not_found(workers):
    for what, said in {"heartbeat": {}, "complete": {}, "fail": {"error": "No."}}.items():
        assert code_of(workers.tell(what, uuid7(), **said)) == (404, "not_found")
        assert code_of(workers.tell(what, uuid7(), nonsense=1)) == (404, "not_found")


@pytest.mark.parametrize(
    ("what", "body", "field", "code"),
    [
        ("claim", {"lease_seconds": 60}, "worker", "required"),
        ("claim", {"worker": "one"}, "lease_seconds", "required"),
        ("claim", {"worker": " ", "lease_seconds": 60}, "worker", "blank"),
        ("claim", {"worker": "x" * 201, "lease_seconds": 60}, "worker", "max_length"),
        ("claim", {"worker": "one", "lease_seconds": 9}, "lease_seconds", "min_value"),
        ("claim", {"worker": "one", "lease_seconds": 3601}, "lease_seconds", "max_value"),
        ("claim", {"worker": "one", "lease_seconds": "60"}, "lease_seconds", "invalid"),
        ("claim", {"worker": "one", "lease_seconds": 60, "x": 1}, "x", "unknown_field"),
        ("heartbeat", {"progress": 5}, "worker", "required"),
        ("heartbeat", {"worker": "one", "progress": 101}, "progress", "max_value"),
        ("heartbeat", {"worker": "one", "progress": -1}, "progress", "min_value"),
        ("heartbeat", {"worker": "one", "lease_seconds": None}, "lease_seconds", "null"),
        ("heartbeat", {"worker": "one", "current_step": "x" * 201}, "current_step", "max_length"),
        ("heartbeat", {"worker": "one", "summary": "x"}, "summary", "unknown_field"),
        ("complete", {}, "worker", "required"),
        ("complete", {"worker": "one", "title": ""}, "title", "blank"),
        ("complete", {"worker": "one", "transcript": "é" * 2_000_001}, "transcript", "max_length"),
        ("complete", {"worker": "one", "summary": "x" * 200_001}, "summary", "max_length"),
        ("complete", {"worker": "one", "ai_generated_content": []}, "ai_generated_content", "invalid"),
        (
            "complete",
            {"worker": "one", "ai_generated_content": {"k": "x" * 2**18}},
            "ai_generated_content",
            "too_large",
        ),
        ("complete", {"worker": "one", "tags": ["a"] * 51}, "tags", "max_length"),
        ("complete", {"worker": "one", "keyframes": [{"timestamp": 1}]}, "keyframes.0.image_url", "required"),
        ("complete", {"worker": "one", "processing_status": "x"}, "processing_status", "unknown_field"),
        ("fail", {"worker": "one"}, "error", "required"),
        ("fail", {"worker": "one", "error": " "}, "error", "blank"),
        ("fail", {"worker": "one", "error": "x" * 5001}, "error", "max_length"),
    ],
)
def test_what_a_worker_says_in_the_wrong_shape_is_refused(workers, alice, what, body, field, code):
    video = VideoSummaryFactory(user=alice)
    if what != "claim":
        workers.claim()
    address = f"{JOBS}{what}/" if what == "claim" else f"{JOBS}{video.pk}/{what}/"

    answer = workers.client.post(address, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == code


def test_only_a_completion_may_be_long(workers, alice):
    video = VideoSummaryFactory(user=alice)
    workers.claim()
    long = {"transcript": "\N{GRINNING FACE}" * 2_000_000}

    assert code_of(workers.tell("heartbeat", video.pk, **long)) == (413, "too_large")
    assert workers.tell("complete", video.pk, **long).status_code == 200
    assert code_of(workers.tell("complete", video.pk, summary="x" * (10 * 2**20 + 1))) == (413, "too_large")


def test_the_right_alone_opens_the_door(workers, as_user, alice, anyone):
    supervisor = UserFactory(is_staff=True)
    video = VideoSummaryFactory(user=alice)

    for path in ("claim/", f"{video.pk}/complete/", f"{uuid7()}/heartbeat/", "nonsense/"):
        assert code_of(anyone.post(f"{JOBS}{path}", "{")) == (401, "not_authenticated")
        assert code_of(as_user(alice).post(f"{JOBS}{path}", {"x": 1})) == (403, "permission_denied")
        assert code_of(as_user(alice).patch(f"{JOBS}{path}")) == (403, "permission_denied")
    assert code_of(as_user(supervisor).post(f"{JOBS}claim/", {})) == (403, "permission_denied")
    assert code_of(workers.client.get(f"{JOBS}claim/")) == (405, "method_not_allowed")
    # What else there is for operators stays closed, and so do the videos themselves.
    assert workers.client.get("/api/v1/ops/users/").status_code == 403
    assert workers.client.get(f"{VIDEOS}{video.pk}/").status_code == 404
    assert workers.claim().status_code == 200


def test_a_claim_takes_as_many_statements_whatever_the_number_of_jobs(workers, alice, queries):
    def statements():
        with queries() as sent:
            assert workers.claim().status_code == 200
        return [query["sql"] for query in sent]

    for _ in range(2):
        VideoSummaryFactory(user=alice)
    few = statements()
    for _ in range(20):
        VideoSummaryFactory(user=alice, tags=["Moon"])
    many = statements()

    # the session, its rights in two; a savepoint and its release, the lost ones, the next one, the update;
    # the job read back
    assert len(few) == len(many) == 9


def test_the_next_job_and_the_lost_ones_are_found_by_index(workers, alice):
    VideoSummaryFactory(user=alice)
    done = {"processing_status": "completed", "progress": 100, "completed_at": timezone.now()}
    VideoSummaryFactory.create_batch(30, user=alice, **done)
    asked = []

    def noted(execute, sql, params, *others):
        if sql.startswith("SELECT") and "lease_expires_at" in sql.partition("WHERE")[2]:
            asked.append((sql.replace("FOR UPDATE SKIP LOCKED", ""), params))
        return execute(sql, params, *others)

    with connection.execute_wrapper(noted):
        workers.claim()

    plans = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # On a table of three rows any plan is as good: leave only those that scale.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            # What earlier tests have left would otherwise be what the planner knows of the table.
            cursor.execute("ANALYZE media_summaries_videosummary")
        for sql, params in asked:
            # With its values apart, as it is sent.
            explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            cursor.execute(f"{explain} {sql}", params)
            plans.append(" ".join(str(row[-1]) for row in cursor.fetchall()))
    lost, next_one = plans
    assert "video_job_by_lease" in lost
    assert "video_job_by_age" in next_one
    assert "Sort" not in next_one
    assert "TEMP B-TREE" not in next_one


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_once_never_get_the_same_job(workers, alice):
    made = [str(VideoSummaryFactory(user=alice).pk) for _ in range(24)]

    def work(worker):
        got = []
        while (answer := workers.claim(worker)).status_code == 200:
            got.append(answer.json()["id"])
        assert answer.status_code == 204
        return got

    claimed = at_once(*[lambda name=name: work(f"worker {name}") for name in range(6)])

    assert Counter(key for got in claimed for key in got) == Counter(made)
    assert {video.attempts for video in VideoSummary.objects.all()} == {1}


@pytest.mark.django_db(transaction=True)
def test_a_lost_job_goes_to_one_of_those_who_claim_at_once(workers, alice):
    video = VideoSummaryFactory(user=alice)
    for attempts in (2, 3):
        workers.claim()
        expire(video.pk)

        answers = at_once(*[lambda name=name: workers.claim(f"worker {name}") for name in range(6)])

        assert Counter(answer.status_code for answer in answers) == {200: 1, 204: 5}
        (job,) = (answer.json() for answer in answers if answer.status_code == 200)
        assert job["attempts"] == attempts
        assert workers.tell("heartbeat", video.pk, job["claimed_by"]).status_code == 200
        VideoSummary.objects.update(attempts=attempts - 1, claimed_by="one")
        if attempts == 2:
            workers.tell("fail", video.pk, error="No.")
            VideoSummary.objects.update(processing_status="pending", processing_error="", attempts=1)


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_that_meets_a_claim_keeps_the_job_or_loses_it(workers, alice):
    for _ in range(8):
        video = VideoSummaryFactory(user=alice)
        workers.claim("one")
        VideoSummary.objects.filter(pk=video.pk).update(lease_expires_at=Now() + timedelta(milliseconds=15))

        beat, claim = at_once(
            lambda key=video.pk: workers.tell("heartbeat", key, "one"), lambda: workers.claim("two")
        )
        holder = VideoSummary.objects.get(pk=video.pk).claimed_by

        assert (beat.status_code, claim.status_code, holder) in {
            (200, 204, "one"),
            (409, 200, "two"),
            (409, 204, "one"),  # it ran out between the two
        }
        if beat.status_code == 409:
            assert code_of(beat) == LOST
        VideoSummary.objects.all().delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lease", ["holds", "has run out"])
def test_a_completion_that_meets_a_claim_is_whole_or_not_at_all(workers, alice, lease):
    video = VideoSummaryFactory(user=alice)
    workers.claim("one")
    if lease == "has run out":
        expire(video.pk)

    done, claim = at_once(
        lambda: workers.tell("complete", video.pk, "one", **WHOLE), lambda: workers.claim("two")
    )

    row = VideoSummary.objects.get(pk=video.pk)
    if lease == "holds":
        assert (done.status_code, claim.status_code, row.processing_status) == (200, 204, "completed")
        assert Keyframe.objects.count() == 3
    else:
        assert (done.status_code, claim.status_code, row.claimed_by) == (409, 200, "two")
        assert (row.summary, Keyframe.objects.count(), row.tags.count()) == ("", 0, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["delete", "complete"])
def test_of_a_completion_and_a_deletion_the_first_counts(workers, as_user, alice, first):
    video = VideoSummaryFactory(user=alice)
    workers.claim()
    calls = {
        "delete": lambda: as_user(alice).delete(f"{VIDEOS}{video.pk}/"),
        "complete": lambda: workers.tell("complete", video.pk, **WHOLE),
    }
    as_user(alice)
    (second,) = calls.keys() - {first}

    with arriving_before_commit(calls[second]) as answers:
        before = calls[first]()

    assert before.status_code == (204 if first == "delete" else 200)
    (after,) = answers
    row = VideoSummary.objects.get(pk=video.pk)
    if first == "delete":
        assert code_of(after) == LOST
        assert (row.processing_status, row.summary, row.tags.count()) == ("processing", "", 0)
    else:
        assert after.status_code == 204
        assert row.processing_status == "completed"


@pytest.mark.django_db(transaction=True)
def test_a_completion_sent_twice_at_once_is_done_once(workers, alice):
    video = VideoSummaryFactory(user=alice)
    workers.claim()

    answers = at_once(*[lambda: workers.tell("complete", video.pk, **WHOLE)] * 4)

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert Keyframe.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_a_claim_does_not_wait_for_a_job_that_is_being_claimed(workers, alice):
    first, second = (VideoSummaryFactory(user=alice) for _ in range(2))
    with transaction.atomic():
        VideoSummary.objects.select_for_update().get(pk=first.pk)
        with connection.cursor() as cursor:
            # Who waits all the same is not waited for.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '10s'")
        (answer,) = at_once(lambda: workers.claim("two"))

    assert answer.json()["id"] == str(second.pk)
