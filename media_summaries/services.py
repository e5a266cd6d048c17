"""Every write of video summaries, their jobs and keyframes, and the shared vocabulary."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, IntegerField, Value
from django.db.models.functions import Now

from accounts.models import User
from common.constraints import key_of, refusing
from common.errors import DomainError, IdConflict, NotVisible
from common.replay import is_replay
from media_summaries.models import Category, Keyframe, ProcessingStatus, Tag, VideoSummary
from media_summaries.vocabulary import name_key
from media_summaries.youtube import video_id


class DuplicateVideo(DomainError):
    """This video is in your library already."""

    code = "duplicate_video"


class NotRetryable(DomainError):
    """Only a job that has failed or is completed can be tried again."""

    code = "not_retryable"


class BeingProcessed(DomainError):
    """A worker is at this video; wait until it has ended."""

    code = "being_processed"


class LeaseLost(DomainError):
    """The job is not this worker's: its lease has run out, the job has ended, or its video is gone."""

    code = "lease_lost"


# Whoever loses a job is perhaps killed by it; so many workers may be.
MAX_ATTEMPTS = 3


def create_video_summary(
    *,
    owner: User,
    youtube_url: str,
    title: str = "",
    tag_names: list[str] | None = None,
    category_names: list[str] | None = None,
    **columns: Any,
) -> VideoSummary:
    """A video to be summarised; without a title it goes by YouTube's id. `DuplicateVideo` names the first."""
    youtube_id = video_id(youtube_url)
    columns |= {"youtube_url": youtube_url, "youtube_id": youtube_id, "title": title or youtube_id}
    conflicts = {key_of(VideoSummary): IdConflict, "video_once_per_user": DuplicateVideo}
    while True:
        try:
            with refusing(conflicts), transaction.atomic():
                video = VideoSummary.objects.create(user=owner, **columns)
                _set_labels(video, tag_names, category_names)
                return video
        except DuplicateVideo as duplicate:
            _name_the_first(duplicate, owner, youtube_id)


def _name_the_first(duplicate: DuplicateVideo, owner: User, youtube_id: str) -> None:
    """Refuse with the id of the video that is there; return if it has gone in the meantime."""
    first = VideoSummary.objects.visible_to(owner).of_video(youtube_id).first()
    if first:
        raise DuplicateVideo(existing_id=str(first.pk)) from duplicate


def _set_labels(video: VideoSummary, tag_names: list[str] | None, category_names: list[str] | None) -> None:
    """Give a video these tags and categories and no others; None leaves what there is.

    The video's row is held before, then tags, then categories, each in the order of their keys: writers
    whose sets overlap wait for each other and never in a circle.
    """
    if tag_names is not None:
        video.tags.set(_labels(Tag, tag_names))
    if category_names is not None:
        video.categories.set(_labels(Category, category_names))


def _labels(model: Any, names: list[str]) -> list[Any]:
    """The keys of the labels of these names; a new one takes the first spelling."""
    spelled: dict[str, str] = {}
    for name in names:
        spelled.setdefault(name_key(name), name)
    there = list(model.objects.named(*names))
    missing = sorted(spelled.keys() - {label.name_key for label in there})
    if missing:
        model.objects.bulk_create(
            [model(name=spelled[key], name_key=key) for key in missing], ignore_conflicts=True
        )
        # Read back: of those that another request has made meanwhile, the rows are that one's.
        there = list(model.objects.named(*names))
    return [label.pk for label in there]


@transaction.atomic
def change_video_summary(
    *,
    video_summary_id: UUID,
    by: User,
    tag_names: list[str] | None = None,
    category_names: list[str] | None = None,
    **changes: Any,
) -> None:
    """Another title, description, channel, duration or thumbnail, other tags or categories."""
    _change(video_summary_id, by, **changes)
    _set_labels(VideoSummary(pk=video_summary_id), tag_names, category_names)


def _change(video_summary_id: UUID, by: User, **changes: Any) -> None:
    """Write columns of a video, move its `updated_at` and hold it until commit."""
    videos = VideoSummary.objects.visible_to(by).filter(pk=video_summary_id)
    if not videos.update(updated_at=Now(), **changes):
        raise NotVisible


def delete_video_summary(*, video_summary_id: UUID, by: User) -> None:
    """Put a video in the trash; its keyframes vanish with it, and nobody works on it any more."""
    if not VideoSummary.objects.visible_to(by).filter(pk=video_summary_id).soft_delete(by=by):
        raise NotVisible


def restore_video_summary(*, video_summary_id: UUID, by: User) -> None:
    """Bring a video back, unless the same one has been added meanwhile: `DuplicateVideo` names that."""
    deleted = VideoSummary.objects.in_trash_of(by).filter(pk=video_summary_id)
    while True:
        try:
            with refusing({"video_once_per_user": DuplicateVideo}), transaction.atomic():
                if not deleted.restore():
                    raise NotVisible
                return
        except DuplicateVideo as duplicate:
            for youtube_id in deleted.values_list("youtube_id", flat=True):
                _name_the_first(duplicate, by, youtube_id)


def retry_video_summary(*, video_summary_id: UUID, by: User) -> None:
    """Ask for the job again; what the last attempt has made stays readable until the next one ends."""
    videos = VideoSummary.objects.visible_to(by).filter(pk=video_summary_id)
    asked = videos.retryable().update(
        processing_status=ProcessingStatus.PENDING,
        processing_error="",
        progress=0,
        current_step="",
        attempts=0,
        last_worker="",
        completed_at=None,
        updated_at=Now(),
    )
    if not asked:
        raise NotRetryable if videos.exists() else NotVisible


def set_transcript(*, video_summary_id: UUID, by: User, transcript: str) -> None:
    """What is said in a video; not while a worker reads what was said before."""
    videos = VideoSummary.objects.visible_to(by).filter(pk=video_summary_id)
    if not videos.unattended().update(transcript=transcript, updated_at=Now()):
        raise BeingProcessed if videos.exists() else NotVisible


@transaction.atomic
def claim_video_job(*, worker: str, lease_seconds: int) -> UUID | None:
    """Give a worker the oldest job that nobody has, if there is one; no two workers get the same.

    A job that has been lost for the third time becomes failed first.
    """
    _fail_lost_jobs()
    # What another worker is about to take is passed over; SQLite has one writer at a time anyway.
    key = VideoSummary.objects.claimable().select_for_update(skip_locked=True).values_list("pk").first()
    if key is None:
        return None
    taken = VideoSummary.objects.claimable().order_by().filter(pk=key[0])
    claimed = taken.update(
        processing_status=ProcessingStatus.PROCESSING,
        progress=0,
        current_step="",
        attempts=F("attempts") + 1,
        claimed_by=worker,
        lease_seconds=lease_seconds,
        lease_expires_at=_lease_of(Value(lease_seconds, IntegerField())),
        updated_at=Now(),
    )
    return key[0] if claimed else None


def _fail_lost_jobs() -> None:
    lost = VideoSummary.objects.lost().filter(attempts__gte=MAX_ATTEMPTS)
    keys = list(lost.select_for_update(skip_locked=True).values_list("pk", flat=True))
    if keys:
        lost.order_by().filter(pk__in=keys).update(
            **_ended(ProcessingStatus.FAILED, worker=""),
            processing_error=f"{MAX_ATTEMPTS} workers in a row began this and were not heard of again.",
        )


def _lease_of(seconds: Any) -> Any:
    """The end of a lease of so many seconds, by the clock of the database."""
    length = ExpressionWrapper(seconds * Value(timedelta(seconds=1)), output_field=DurationField())
    return Now() + length


def _ended(status: ProcessingStatus, *, worker: str) -> dict[str, Any]:
    """What a job's end changes, whichever end it is."""
    return {
        "processing_status": status,
        "claimed_by": "",
        "lease_expires_at": None,
        "last_worker": worker,
        "updated_at": Now(),
    }


def renew_video_job(
    *, video_summary_id: UUID, worker: str, lease_seconds: int | None = None, **changes: Any
) -> None:
    """Let a worker keep its job for as long again, or so many seconds, and say how far it is."""
    seconds: Any = F("lease_seconds")
    if lease_seconds is not None:
        seconds = changes["lease_seconds"] = Value(lease_seconds, IntegerField())
    if {"progress", "current_step"} & changes.keys():
        changes["updated_at"] = Now()
    _change_job(video_summary_id, worker, lease_expires_at=_lease_of(seconds), **changes)


def _change_job(video_summary_id: UUID, worker: str, **changes: Any) -> None:
    """Write columns of a job that the worker has, and hold it until commit."""
    if not VideoSummary.objects.held_by(worker).filter(pk=video_summary_id).update(**changes):
        raise LeaseLost if VideoSummary.objects.filter(pk=video_summary_id).exists() else NotVisible


def complete_video_job(
    *,
    video_summary_id: UUID,
    worker: str,
    tag_names: list[str] | None = None,
    category_names: list[str] | None = None,
    keyframes: list[dict[str, Any]] | None = None,
    **columns: Any,
) -> None:
    """End a job well, with all that was made of the video; keyframes take the place of those there are."""
    ended = _ended(ProcessingStatus.COMPLETED, worker=worker)
    columns |= {"progress": 100, "current_step": "", "completed_at": Now()}
    with refusing({key_of(Keyframe): IdConflict}), transaction.atomic():
        _change_job(video_summary_id, worker, **columns, **ended)
        _set_labels(VideoSummary(pk=video_summary_id), tag_names, category_names)
        if keyframes is not None:
            Keyframe.objects.of_summary(video_summary_id).delete()
            rows = [Keyframe(video_summary_id=video_summary_id, **columns) for columns in keyframes]
            Keyframe.objects.bulk_create(rows)


def fail_video_job(*, video_summary_id: UUID, worker: str, error: str) -> None:
    """End a job badly, with the reason."""
    ended = _ended(ProcessingStatus.FAILED, worker=worker)
    _change_job(video_summary_id, worker, processing_error=error, **ended)


def add_keyframes(
    *, video_summary_id: UUID, by: User, keyframes: list[dict[str, Any]]
) -> tuple[list[Keyframe], bool]:
    """Add keyframes, all or none: the rows in the order sent, and whether any is new.

    Those whose id an earlier request has used for the same keyframe stay as they are.
    """
    with refusing({key_of(Keyframe): IdConflict}), transaction.atomic():
        videos = VideoSummary.objects.select_for_update().visible_to(by)
        if not videos.filter(pk=video_summary_id).values("pk"):
            raise NotVisible
        there = Keyframe.objects.in_bulk([columns["id"] for columns in keyframes if "id" in columns])
        rows = []
        for columns in keyframes:
            row = there.get(columns.get("id"))
            if row and (row.video_summary_id != video_summary_id or not is_replay(row, columns)):
                raise IdConflict
            rows.append(row or Keyframe(video_summary_id=video_summary_id, **columns))
        fresh = [row for row in rows if row.pk not in there]
        if fresh:
            _change(video_summary_id, by)
            Keyframe.objects.bulk_create(fresh)
    return rows, bool(fresh)


@transaction.atomic
def change_keyframe(*, video_summary_id: UUID, keyframe_id: UUID, by: User, **changes: Any) -> None:
    """Another time, picture or description."""
    _change(video_summary_id, by)
    keyframes = Keyframe.objects.visible_to(by).of_summary(video_summary_id)
    if not keyframes.filter(pk=keyframe_id).update(updated_at=Now(), **changes):
        raise NotVisible


@transaction.atomic
def delete_keyframe(*, video_summary_id: UUID, keyframe_id: UUID, by: User) -> None:
    """Take a keyframe away for good."""
    _change(video_summary_id, by)
    keyframes = Keyframe.objects.visible_to(by).of_summary(video_summary_id)
    deleted, _ = keyframes.filter(pk=keyframe_id).delete()
    if not deleted:
        raise NotVisible


def move_video_summary(*, video_summary: VideoSummary) -> None:
    """Say that something of a video has changed, by staff; held until the end of the transaction, if any."""
    VideoSummary.objects.filter(pk=video_summary.pk).update(updated_at=Now())


@transaction.atomic
def merge_labels(*, into: Any, others: list[Any]) -> None:
    """Make several tags or several categories one: their videos get the one that stays."""
    videos = VideoSummary.objects.filter(**{f"{into.on_videos}__in": others})
    into.video_summaries.add(*videos.values_list("pk", flat=True).distinct())
    type(into).objects.filter(pk__in=[label.pk for label in others]).delete()
