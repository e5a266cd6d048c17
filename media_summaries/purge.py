"""What leaves the tables of video summaries for good."""

from collections.abc import Iterator
from datetime import datetime

from common.purging import Doomed
from media_summaries.models import VideoSummary


def doomed(before: datetime) -> Iterator[Doomed]:
    """Videos deleted before then; the vocabulary that all people share stays."""
    yield Doomed(VideoSummary.objects.deleted_before(before))
