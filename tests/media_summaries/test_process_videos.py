"""`manage.py process_videos`: what it makes of videos, and how it works and stops."""

import io
import json
import signal
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from media_summaries.models import VideoSummary
from media_summaries.work import CannotProcess
from tests.factories import KeyframeFactory, VideoSummaryFactory
from tests.media_summaries.worker import Process, named, wait_for

TALK = """\
[00:00:00] Today we look at the tides of the sea. The tides rise and fall twice a day because of the Moon.
[00:00:10] The Moon pulls at the water of the sea. Its gravity is stronger on the near side.
[00:00:20] So the sea bulges towards the Moon. On the far side the sea bulges as well.
[00:00:30] The Earth turns below these bulges. Spring tides come when Sun and Moon pull together.
[00:00:45] Neap tides come when the Sun pulls across the Moon. The sea then rises less.
[00:01:00] Now we turn to bread. Bread needs flour, water, salt and yeast. Yeast eats sugar from the flour.
[00:01:10] Yeast makes gas, and the gas lifts the dough. Knead the dough until the dough is smooth.
[00:01:25] Let the dough rest while the yeast works. Bake the bread in a hot oven.
[00:01:40] Cold dough rises slowly. Warm dough rises fast, and the bread tastes less. Salt slows yeast."""


def process(*options):
    said = io.StringIO()
    call_command("process_videos", "--once", *options, stdout=said)
    return said.getvalue()


def test_a_transcript_becomes_chapters_key_points_and_a_summary(as_user, alice):
    video = VideoSummaryFactory(user=alice, title="Tides and bread", transcript=TALK, tags=["Own"])
    KeyframeFactory(video_summary=video)

    said = process()

    seen = as_user(alice).get(f"/api/v1/video-summaries/{video.pk}/").json()
    assert (seen["processing_status"], seen["progress"], seen["attempts"]) == ("completed", 100, 1)
    made = seen["ai_generated_content"]
    assert [chapter["start"] for chapter in made["chapters"]] == [0, 60]
    assert "moon" in made["chapters"][0]["title"].lower()
    assert "dough" in made["chapters"][1]["title"].lower()
    for sentence in [seen["summary"].split(". ")[0], *(point["text"] for point in made["key_points"])]:
        assert sentence in " ".join(line.partition("] ")[2] for line in TALK.splitlines())
    assert len(seen["summary"]) < len(TALK) / 2
    assert "sea bulges" in made["key_phrases"]
    # What is the owner's stays.
    assert (seen["title"], seen["tags"], seen["keyframe_count"]) == ("Tides and bread", ["Own"], 1)
    assert seen["transcript"] == TALK
    assert "Tides and bread: completed" in said
    assert "1 jobs." in said


@pytest.mark.parametrize(
    "transcript",
    [
        "Hm.",
        "...",
        "[00:00:05] one",
        "潮汐每天涨落两次。月亮牵引海水。" * 20,
        "no stop and no end " * 500,
        "1 2 3\n" * 90,
    ],
)
def test_whatever_is_said_something_is_made_of_it(alice, transcript):
    video = VideoSummaryFactory(user=alice, transcript=transcript)

    process()

    video.refresh_from_db()
    assert (video.processing_status, video.processing_error) == ("completed", "")
    assert video.summary
    assert video.ai_generated_content["chapters"][0]["title"]


def test_a_video_without_a_transcript_fails_and_says_what_to_do(as_user, alice):
    video = VideoSummaryFactory(user=alice)

    process()
    failed = as_user(alice).get(f"/api/v1/video-summaries/{video.pk}/").json()
    as_user(alice).post(f"/api/v1/video-summaries/{video.pk}/transcript/", {"transcript": TALK})
    as_user(alice).post(f"/api/v1/video-summaries/{video.pk}/retry/")
    process()

    assert failed["processing_status"] == "failed"
    assert "no transcript" in failed["processing_error"]
    assert VideoSummary.objects.get(pk=video.pk).processing_status == "completed"


# Processors of the tests' own.


def says_how_far_it_is(video, report):
    report(30, "Listening")
    seen = VideoSummary.objects.get(pk=video.pk)
    return {"summary": f"{seen.progress} {seen.current_step}", "tags": ["New"], "keyframes": []}


def breaks(video, report):
    raise RuntimeError("the secret of the inside")


def refuses(video, report):
    raise CannotProcess("The video is private.")


def answers_nonsense(video, report):
    return {"summary": "x" * 200_001}


def answers_what_no_database_keeps(video, report):
    return {"ai_generated_content": {"k": "\ud800"}}


def loses_its_job(video, report):
    VideoSummary.objects.update(claimed_by="another")
    report(50, "Too late")
    raise AssertionError("whose job is lost hears so at its next word")


def takes_long(video, report):
    VideoSummary.objects.update(lease_expires_at=Now() + timedelta(seconds=1))
    time.sleep(0.5)
    left = VideoSummary.objects.values_list("lease_expires_at", flat=True).get()
    return {"ai_generated_content": {"left": left.timestamp() - time.time()}}


def waits(video, report):
    report(50, "Waiting")
    time.sleep(1)
    return {"summary": "Done"}


def stays(video, report):
    report(50, "Staying")
    time.sleep(600)


def is_quick(video, report):
    return {"summary": f"Attempt {video.attempts}"}


def test_another_processor_says_how_far_it_is_and_writes_what_workers_write(alice, settings):
    settings.VIDEO_PROCESSOR = named(says_how_far_it_is)
    video = VideoSummaryFactory(user=alice, tags=["Old"])
    KeyframeFactory(video_summary=video)

    process()

    video.refresh_from_db()
    assert (video.processing_status, video.summary) == ("completed", "30 Listening")
    assert ([tag.name for tag in video.tags.all()], video.keyframes.count()) == (["New"], 0)


@pytest.mark.parametrize(
    ("processor", "error"),
    [
        (breaks, "Something went wrong"),
        (refuses, "The video is private."),
        (answers_nonsense, "Something went wrong"),
        (answers_what_no_database_keeps, "Something went wrong"),
    ],
)
def test_a_processor_that_fails_costs_its_job_and_not_the_worker(alice, settings, processor, error, caplog):
    settings.VIDEO_PROCESSOR = named(processor)
    videos = [VideoSummaryFactory(user=alice) for _ in range(2)]

    process()

    for video in videos:
        video.refresh_from_db()
        assert video.processing_status == "failed"
        assert video.processing_error.startswith(error)
        assert "secret" not in video.processing_error
    assert len(caplog.records) == (0 if processor is refuses else 2)


def test_a_worker_that_has_lost_its_job_leaves_it_alone(alice, settings):
    settings.VIDEO_PROCESSOR = named(loses_its_job)
    video = VideoSummaryFactory(user=alice)

    assert "lost" in process()

    video.refresh_from_db()
    assert (video.processing_status, video.claimed_by, video.progress) == ("processing", "another", 0)


def test_a_missing_processor_is_named_before_a_job_is_taken(alice, settings):
    settings.VIDEO_PROCESSOR = "nowhere.at_all"
    VideoSummaryFactory(user=alice)

    with pytest.raises(CommandError, match="VIDEO_PROCESSOR"):
        process()
    assert VideoSummary.objects.get().attempts == 0


@pytest.mark.django_db(transaction=True)
def test_the_lease_of_a_silent_processor_is_renewed(alice, settings, monkeypatch):
    settings.VIDEO_PROCESSOR = named(takes_long)
    monkeypatch.setattr("media_summaries.work.RENEWALS", 300)
    video = VideoSummaryFactory(user=alice)

    process("--lease", "30")

    video.refresh_from_db()
    assert 20 < video.ai_generated_content["left"] <= 30


# A service with the interface of OpenAI's, of one's own.


class Model:
    """Answers each request by the next of its answers, a status and a body; keeps what it was asked."""

    def __init__(self):
        self.answers, self.asked = [], []

    def says(self, *contents):
        self.answers = [(200, {"choices": [{"message": {"content": content}}]}) for content in contents]


@contextmanager
def served(model):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.asked.append((self.path, self.headers["Authorization"], body))
            status, answer = model.answers.pop(0) if len(model.answers) > 1 else model.answers[0]
            if status == "late":
                time.sleep(1.5)
                status = 200
            said = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def model(settings):
    model = Model()
    with served(model) as url:
        settings.LLM_BASE_URL, settings.LLM_API_KEY, settings.LLM_MODEL = url, "the-key", "small"
        settings.LLM_PAUSE, settings.LLM_TIMEOUT = 0.01, 1
        yield model


GOOD = json.dumps(
    {"summary": " It goes up. ", "key_points": ["Moon", 5, "Moon", ""], "tags": ["tides", "x" * 90]}
)


@pytest.mark.parametrize("said", [GOOD, f"Here it is:\n```json\n{GOOD}\n```"])
def test_a_language_model_is_asked_where_there_is_one(alice, model, said):
    video = VideoSummaryFactory(user=alice, title="Tides", transcript=TALK, tags=["Own"])
    model.says(said)

    process()

    video.refresh_from_db()
    made = video.ai_generated_content
    assert (video.processing_status, video.summary) == ("completed", "It goes up.")
    assert made["key_points"] == [{"start": None, "text": "Moon"}]
    assert made["suggested_tags"] == ["tides", "x" * 50]
    assert [tag.name for tag in video.tags.all()] == ["Own"]
    assert len(made["chapters"]) == 2
    ((path, key, body),) = model.asked
    assert (path, key, body["model"]) == ("/v1/chat/completions", "Bearer the-key", "small")
    assert "Title: Tides" in body["messages"][1]["content"]
    assert TALK in body["messages"][1]["content"]


@pytest.mark.parametrize(
    "first",
    [(503, {}), (429, {}), (200, "no JSON"), (200, {"choices": []}), ("late", {}), (200, {"choices": 5})],
)
def test_a_language_model_that_stumbles_is_asked_again(alice, model, first):
    video = VideoSummaryFactory(user=alice, transcript=TALK)
    model.says(GOOD)
    model.answers.insert(0, first)

    process()

    video.refresh_from_db()
    assert (video.summary, len(model.asked)) == ("It goes up.", 2)


@pytest.mark.parametrize(
    ("answer", "asked", "error"),
    [
        ((500, {}), 3, "it answered 500"),
        (("late", {}), 3, "no answer within 1 seconds"),
        ((200, {"choices": [{"message": {"content": "I cannot."}}]}), 3, "not what it was asked for"),
        ((200, {"choices": [{"message": {"content": '{"summary": " "}'}}]}), 3, "its summary is empty"),
        ((401, {"error": "Bad key the-key"}), 1, "Is LLM_API_KEY right?"),
        ((404, {}), 1, "refused to answer: 404"),
        ((302, {}), 1, "refused to answer: 302"),
    ],
)
def test_a_language_model_that_fails_is_named_in_the_error(alice, model, answer, asked, error):
    video = VideoSummaryFactory(user=alice, transcript=TALK)
    model.answers = [answer]

    process()

    video.refresh_from_db()
    assert (video.processing_status, len(model.asked)) == ("failed", asked)
    assert error in video.processing_error
    assert "the-key" not in video.processing_error


def test_a_language_model_that_is_away_is_named_in_the_error(alice, model, settings):
    settings.LLM_BASE_URL = "http://127.0.0.1:1/v1"
    video = VideoSummaryFactory(user=alice, transcript=TALK)

    process()

    video.refresh_from_db()
    assert "could not be reached" in video.processing_error


def test_of_a_long_transcript_the_model_reads_a_part_of_each_chapter(alice, model):
    VideoSummaryFactory(user=alice, transcript="\n".join([TALK] * 100))
    model.says(GOOD)

    process()

    ((_, _, body),) = model.asked
    assert 20_000 < len(body["messages"][1]["content"]) < 65_000


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_stop_ends_the_job_at_hand_and_takes_no_other(alice, number):
    for _ in range(2):
        VideoSummaryFactory(user=alice)
    worker = Process("--forever", processor=waits)
    wait_for(1, progress=50)

    worker.running.send_signal(number)
    status, said = worker.end()

    assert (status, "1 jobs." in said) == (0, True), said
    states = Counter(VideoSummary.objects.values_list("processing_status", flat=True))
    assert states == {"completed": 1, "pending": 1}


@pytest.mark.django_db(transaction=True)
def test_who_is_told_twice_loses_the_job_which_comes_back_when_its_lease_has_run_out(alice, settings):
    video = VideoSummaryFactory(user=alice)
    worker = Process("--forever", "--worker", "first", processor=stays)
    wait_for(1, progress=50)

    worker.running.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert worker.running.poll() is None
    worker.running.send_signal(signal.SIGTERM)
    status, said = worker.end()

    assert status == -signal.SIGTERM, said
    settings.VIDEO_PROCESSOR = named(is_quick)
    assert "0 jobs." in process()
    video.refresh_from_db()
    assert (video.processing_status, video.claimed_by) == ("processing", "first")
    VideoSummary.objects.update(lease_expires_at=Now())
    assert "1 jobs." in process()
    video.refresh_from_db()
    assert (video.processing_status, video.attempts) == ("completed", 2)
