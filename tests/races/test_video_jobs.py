"""Workers that take jobs from one queue."""

import signal
import time
from collections import Counter

import pytest
from django.db.models.functions import Now

from media_summaries.models import VideoSummary
from tests.factories import VideoSummaryFactory
from tests.media_summaries.worker import Process, wait_for
from tests.races.conftest import sized

JOBS = sized(500)
_begun = []


def is_quick(video, report):
    report(50, "Half")
    moment = {"timestamp": 1, "image_url": "https://example.com/1.jpg"}
    return {"summary": f"Attempt {video.attempts}", "keyframes": [moment]}


def stalls_in_the_middle(video, report):
    _begun.append(video.pk)
    if len(_begun) > JOBS // 5:
        report(50, "Stalled")
        time.sleep(600)
    return is_quick(video, report)


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_is_killed_and_each_job_is_done_once(alice, record_property):
    for _ in range(JOBS):
        VideoSummaryFactory(user=alice)
    began = time.monotonic()
    killed = Process("--forever", "--worker", "killed", processor=stalls_in_the_middle)
    # Ahead of the other one, which would otherwise leave it too little now and then.
    wait_for(1, claimed_by="killed")
    other = Process("--forever", "--worker", "other", processor=is_quick)
    try:
        wait_for(1, current_step="Stalled")
        killed.running.kill()
        killed.end()
        wait_for(JOBS - 1, processing_status="completed")
        (lost,) = VideoSummary.objects.filter(claimed_by="killed").values_list("pk", flat=True)
        # Its lease lasts for a minute; nobody waits for it here.
        VideoSummary.objects.filter(pk=lost).update(lease_expires_at=Now())
        wait_for(JOBS, processing_status="completed")
    finally:
        killed.running.kill()
        other.running.send_signal(signal.SIGTERM)
        killed.running.wait()
        status, said = other.end()
    seconds = time.monotonic() - began

    assert status == 0, said
    rows = VideoSummary.objects.values_list("pk", "attempts", "summary", "keyframes__timestamp")
    expected = {key: 2 if key == lost else 1 for key in VideoSummary.objects.values_list("pk", flat=True)}
    assert sorted(rows) == sorted((key, tries, f"Attempt {tries}", 1) for key, tries in expected.items())
    ended = Counter(VideoSummary.objects.values_list("last_worker", flat=True))
    record_property(
        "race",
        f"{JOBS} jobs in {seconds:.0f} s: the killed one ended {ended['killed']}, the other {ended['other']}",
    )
    assert ended == {"killed": JOBS // 5, "other": JOBS - JOBS // 5}
