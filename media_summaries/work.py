"""A worker of Lyceum's own: takes jobs by the same services as those that come over the API."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import DatabaseError, DataError, IntegrityError, connection

from common.errors import NotVisible
from media_summaries import services
from media_summaries.models import VideoSummary
from media_summaries.serializers import CompleteSerializer

logger = logging.getLogger("lyceum.videos")

MISTAKE = "Something went wrong while this video was processed; its operators can see what."
# In the time of one lease: two may be late.
RENEWALS = 3
# How far a job is, in percent, and what is being done.
Report = Callable[[int, str], None]
Processor = Callable[[VideoSummary, Report], dict[str, Any]]


class CannotProcess(Exception):
    """Why a video cannot be summarised, in words for its owner."""


def work_on_next_job(
    *, worker: str, lease_seconds: int, process: Processor, show: Callable[[VideoSummary, int, str], None]
) -> bool:
    """Do the oldest job, well or badly; whether there was one. `show` hears how far it is."""
    key = services.claim_video_job(worker=worker, lease_seconds=lease_seconds)
    if key is None:
        return False
    video = VideoSummary.objects.get(pk=key)

    def report(progress: int, step: str) -> None:
        services.renew_video_job(video_summary_id=key, worker=worker, progress=progress, current_step=step)
        show(video, progress, step)

    show(video, 0, "")
    try:
        with _kept(key, worker, lease_seconds / RENEWALS):
            made = _made(video, process, report)
        show(video, 100, _end(video, worker, made))
    except (services.LeaseLost, NotVisible):
        # Another worker has it, or nobody wants it any more.
        logger.warning("the job of video %s was lost", key)
        show(video, 100, "lost")
    return True


def _end(video: VideoSummary, worker: str, made: dict[str, Any] | str) -> str:
    """End the job; how it has ended."""
    return _fail(video, worker, made) if isinstance(made, str) else _complete(video, worker, made)


def _complete(video: VideoSummary, worker: str, made: dict[str, Any]) -> str:
    """End the job with what was made, or badly where that is nothing a video can have; how it has ended."""
    try:
        said = CompleteSerializer(data={"worker": worker, **made})
        if said.is_valid():
            services.complete_video_job(video_summary_id=video.pk, **said.validated_data)
            return "completed"
        problem: Any = said.errors
    except (DataError, IntegrityError, TypeError, ValueError) as error:
        # Halves of characters, values that are no JSON: a request would not have come so far.
        problem = error
    logger.error("the processor's answer for video %s cannot be kept: %s", video.pk, problem)
    return _fail(video, worker, MISTAKE)


def _fail(video: VideoSummary, worker: str, reason: str) -> str:
    services.fail_video_job(video_summary_id=video.pk, worker=worker, error=reason[:5000])
    return "failed"


def _made(video: VideoSummary, process: Processor, report: Report) -> dict[str, Any] | str:
    """What was made of the video, or why nothing was."""
    try:
        return process(video, report)
    except CannotProcess as reason:
        return str(reason)
    except (services.LeaseLost, NotVisible, DatabaseError):
        raise
    except Exception:
        # A processor's own mistake costs its job, not the worker.
        logger.exception("video %s could not be processed", video.pk)
        return MISTAKE


@contextmanager
def _kept(key: UUID, worker: str, every: float) -> Iterator[None]:
    """Renew the lease of a job now and then, however long its processor is silent."""
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(every):
                try:
                    services.renew_video_job(video_summary_id=key, worker=worker)
                except (services.LeaseLost, NotVisible):
                    return  # whoever works on it hears so at the next word
                except DatabaseError as busy:
                    logger.warning("a lease could not be renewed: %s", type(busy).__name__)
        finally:
            connection.close()

    keeper = threading.Thread(target=renew, name="lease")
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
