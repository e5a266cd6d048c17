"""What the database lets through of videos; what it refuses is tried in `tests/test_schema.py`."""

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, transaction
from django.db.models.functions import Now

from media_summaries.models import VideoSummary
from tests.factories import CategoryFactory, TagFactory, VideoSummaryFactory


@pytest.mark.parametrize(
    "columns",
    [
        {"transcript": "é" * 2_000_000, "summary": "é" * 200_000},
        {"processing_status": "failed", "processing_error": "No captions.", "last_worker": "worker-1"},
        {"processing_status": "processing", "claimed_by": "worker-1", "lease_expires_at": Now()},
        {"processing_status": "completed", "completed_at": Now(), "progress": 100},
        {"duration": 2**31 - 1, "attempts": 2**31 - 1},
    ],
)
def test_a_video_at_its_limits_can_be_stored(alice, columns):
    video = VideoSummaryFactory(user=alice)

    assert VideoSummary.objects.filter(pk=video.pk).update(**columns) == 1


@pytest.mark.parametrize("color", ["red", "#12345g", "#1234567", "#12#456", "1234567", "#12345"])
@pytest.mark.parametrize("factory", [TagFactory, CategoryFactory])
def test_a_color_is_six_digits_or_nothing(db, factory, color):
    label = factory()

    with pytest.raises(DatabaseError), transaction.atomic():
        type(label).objects.filter(pk=label.pk).update(color=color)


def test_the_right_to_work_on_jobs_can_be_given(db):
    assert Permission.objects.filter(
        content_type__app_label="media_summaries", codename="work_video_jobs"
    ).exists()
