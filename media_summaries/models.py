"""Video summaries, their keyframes, and the tags and categories that all people share."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.constraints import (
    MAX_INTEGER,
    Check,
    Unique,
    color_or_empty,
    has_only,
    is_between,
    is_json,
    is_one_of,
    length_between,
    web_address,
    web_address_or_empty,
)
from common.functions import CodePointOrder, UnknownFirst
from common.models import BaseModel, SoftDeleteModel, by_deleter
from media_summaries.querysets import KeyframeQuerySet, LabelQuerySet, VideoSummaryQuerySet

MAX_LABEL = 50
# One character becomes up to 18 when its compatible form is written out.
MAX_LABEL_KEY = 18 * MAX_LABEL
MAX_TRANSCRIPT = 2_000_000
MAX_SUMMARY = 200_000
# How long a worker may keep a job without a word, in seconds.
MIN_LEASE, MAX_LEASE = 10, 3600


class Label(BaseModel):
    """A word by which videos are sorted, shared by all people; its first spelling stays.

    `on_videos` is the relation through which a video has it.
    """

    on_videos: ClassVar[str]

    name = models.CharField(max_length=MAX_LABEL)
    name_key = models.CharField(
        max_length=MAX_LABEL_KEY,
        editable=False,
        help_text="What tells names apart: compatible forms made one, case folded.",
    )
    description = models.TextField(max_length=500, blank=True, default="", db_default="")
    color = models.CharField(max_length=7, blank=True, default="", db_default="", help_text="As #rrggbb.")

    objects = LabelQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ("name_key", "id")
        constraints = [
            # Also what finds a label by its name.
            models.UniqueConstraint(fields=["name_key"], name="%(class)s_name_once"),
            length_between("name", 1, MAX_LABEL, name="%(class)s_name_length"),
            length_between("name_key", 1, MAX_LABEL_KEY, name="%(class)s_name_key_length"),
            length_between("description", 0, 500, name="%(class)s_description_length"),
            color_or_empty("color", name="%(class)s_color"),
        ]
        indexes = [
            # The vocabulary by name.
            models.Index(CodePointOrder("name"), "id", name="%(class)s_by_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(Label):
    """A keyword of videos."""

    on_videos = "tags"


class Category(Label):
    """A field of knowledge that videos belong to."""

    on_videos = "categories"

    class Meta(Label.Meta):
        verbose_name_plural = "categories"


class ProcessingStatus(models.TextChoices):
    """How far the making of a summary is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class VideoSummary(SoftDeleteModel):
    """A video with what has been made of it; the row is at once the job that makes it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_CASCADE,
        related_name="video_summaries",
        db_index=False,
    )
    youtube_url = models.URLField(max_length=2000)
    youtube_id = models.CharField(max_length=11, editable=False)
    title = models.CharField(max_length=300)
    description = models.TextField(max_length=5000, blank=True, default="", db_default="")
    channel_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    duration = models.PositiveIntegerField(null=True, blank=True, default=None, help_text="In seconds.")
    thumbnail_url = models.URLField(max_length=2000, blank=True, default="", db_default="")
    transcript = models.TextField(max_length=MAX_TRANSCRIPT, blank=True, default="", db_default="")
    summary = models.TextField(max_length=MAX_SUMMARY, blank=True, default="", db_default="")
    ai_generated_content = models.JSONField(
        default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )
    processing_status = models.CharField(
        max_length=10,
        choices=ProcessingStatus,
        default=ProcessingStatus.PENDING,
        db_default=ProcessingStatus.PENDING,
    )
    processing_error = models.TextField(max_length=5000, blank=True, default="", db_default="")
    progress = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="In percent.")
    current_step = models.CharField(max_length=200, blank=True, default="", db_default="")
    attempts = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How often a worker has taken the job since it was last asked for."
    )
    claimed_by = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="The worker that has the job."
    )
    lease_expires_at = models.DateTimeField(null=True, blank=True, default=None)
    lease_seconds = models.IntegerField(
        default=60, db_default=60, help_text="How long the lease is, and how long a heartbeat makes it again."
    )
    last_worker = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="The worker that ended the job, so that its repeated report is recognised.",
    )
    completed_at = models.DateTimeField(null=True, blank=True, default=None)
    tags = models.ManyToManyField(Tag, through="VideoSummaryTag", related_name="video_summaries")
    categories = models.ManyToManyField(
        Category, through="VideoSummaryCategory", related_name="video_summaries"
    )

    objects = VideoSummaryQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name_plural = "video summaries"
        permissions = [("work_video_jobs", "Can work on video jobs")]
        constraints = [
            # Also ?youtube_id=
            Unique(
                fields=["user", "youtube_id"],
                name="video_once_per_user",
                condition=Q(deleted_at=None),
                message="This person has a live summary of this video already.",
            ),
            web_address("youtube_url", name="video_youtube_url_web_address"),
            length_between("youtube_id", 11, 11, name="video_youtube_id_length"),
            has_only("youtube_id", "a-zA-Z0-9_-", name="video_youtube_id_characters"),
            length_between("title", 1, 300, name="video_title_length"),
            length_between("description", 0, 5000, name="video_description_length"),
            length_between("channel_name", 0, 200, name="video_channel_name_length"),
            is_between("duration", 0, MAX_INTEGER, name="video_duration"),
            web_address_or_empty("thumbnail_url", name="video_thumbnail_url_web_address"),
            length_between("transcript", 0, MAX_TRANSCRIPT, name="video_transcript_length"),
            length_between("summary", 0, MAX_SUMMARY, name="video_summary_length"),
            is_json("ai_generated_content", "object", name="video_ai_generated_content_object"),
            is_one_of("processing_status", ProcessingStatus.values, name="video_processing_status"),
            length_between("processing_error", 0, 5000, name="video_processing_error_length"),
            is_between("progress", 0, 100, name="video_progress"),
            length_between("current_step", 0, 200, name="video_current_step_length"),
            is_between("attempts", 0, MAX_INTEGER, name="video_attempts"),
            length_between("claimed_by", 0, 200, name="video_claimed_by_length"),
            is_between("lease_seconds", MIN_LEASE, MAX_LEASE, name="video_lease_seconds"),
            length_between("last_worker", 0, 200, name="video_last_worker_length"),
            Check(
                condition=Q(processing_status=ProcessingStatus.FAILED) | Q(processing_error=""),
                name="video_error_belongs_to_failed",
                message="Only a failed job has an error.",
            ),
            Check(
                condition=(
                    Q(processing_status=ProcessingStatus.PROCESSING, lease_expires_at__isnull=False)
                    & ~Q(claimed_by="")
                )
                | (
                    ~Q(processing_status=ProcessingStatus.PROCESSING)
                    & Q(lease_expires_at=None, claimed_by="")
                ),
                name="video_lease_belongs_to_processing",
                message="A job that is being worked on has a worker and a lease, and no other has them.",
            ),
            Check(
                condition=Q(processing_status=ProcessingStatus.COMPLETED, completed_at__isnull=False)
                | (~Q(processing_status=ProcessingStatus.COMPLETED) & Q(completed_at=None)),
                name="video_completion_belongs_to_completed",
                message="A completed job has the time of its completion, and no other has one.",
            ),
        ]
        indexes = [
            # One's videos and their trash, latest first; the cascade when a person is purged.
            models.Index(fields=["user", "created_at", "id"], name="video_by_creation"),
            # ?ordering=updated_at
            models.Index(
                fields=["user", "updated_at", "id"],
                name="video_by_update",
                condition=Q(deleted_at=None),
            ),
            # ?ordering=title
            models.Index(
                "user",
                CodePointOrder("title"),
                "id",
                name="video_by_title",
                condition=Q(deleted_at=None),
            ),
            # ?ordering=duration
            models.Index(
                "user",
                UnknownFirst("duration"),
                "id",
                name="video_by_duration",
                condition=Q(deleted_at=None),
            ),
            # ?status=, latest first
            models.Index(
                fields=["user", "processing_status", "created_at", "id"],
                name="video_by_status",
                condition=Q(deleted_at=None),
            ),
            # The next job: the oldest that nobody has, or whose lease has run out. An OR, not an IN: SQLite
            # recognises it in a query with parameters.
            models.Index(
                fields=["created_at", "id"],
                name="video_job_by_age",
                condition=Q(deleted_at=None)
                & (
                    Q(processing_status=ProcessingStatus.PENDING)
                    | Q(processing_status=ProcessingStatus.PROCESSING)
                ),
            ),
            # The jobs whose lease has run out for the last time.
            models.Index(
                fields=["lease_expires_at"],
                name="video_job_by_lease",
                condition=Q(deleted_at=None, lease_expires_at__isnull=False),
            ),
            # The studio's list of videos.
            models.Index(fields=["created_at", "id"], name="video_all_by_creation"),
            by_deleter("video_by_deleter"),
        ]

    def __str__(self) -> str:
        return self.title


class VideoSummaryTag(BaseModel):
    """A tag on a video."""

    video_summary = models.ForeignKey(VideoSummary, on_delete=models.DB_CASCADE, db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.DB_CASCADE, db_index=False)

    class Meta:
        constraints = [
            # Also the tags of a video, their number, and the cascade when a video is purged.
            models.UniqueConstraint(fields=["video_summary", "tag"], name="video_tag_once"),
        ]
        indexes = [
            # ?tag=, and the cascade when a tag is deleted.
            models.Index(fields=["tag", "video_summary"], name="video_tag_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.tag} on {self.video_summary}"


class VideoSummaryCategory(BaseModel):
    """A category that a video belongs to."""

    video_summary = models.ForeignKey(VideoSummary, on_delete=models.DB_CASCADE, db_index=False)
    category = models.ForeignKey(Category, on_delete=models.DB_CASCADE, db_index=False)

    class Meta:
        verbose_name_plural = "video summary categories"
        constraints = [
            # Also the categories of a video, and the cascade when a video is purged.
            models.UniqueConstraint(fields=["video_summary", "category"], name="video_category_once"),
        ]
        indexes = [
            # ?category=, and the cascade when a category is deleted.
            models.Index(fields=["category", "video_summary"], name="video_category_by_category"),
        ]

    def __str__(self) -> str:
        return f"{self.category} of {self.video_summary}"


class Keyframe(BaseModel):
    """A moment of a video that its summary shows."""

    video_summary = models.ForeignKey(
        VideoSummary, on_delete=models.DB_CASCADE, related_name="keyframes", db_index=False
    )
    timestamp = models.PositiveIntegerField(help_text="Whole seconds from the beginning.")
    image_url = models.URLField(max_length=2000)
    description = models.TextField(max_length=5000, blank=True, default="", db_default="")

    objects = KeyframeQuerySet.as_manager()

    class Meta:
        ordering = ("video_summary", "timestamp", "id")
        constraints = [
            is_between("timestamp", 0, MAX_INTEGER, name="keyframe_timestamp"),
            web_address("image_url", name="keyframe_image_url_web_address"),
            length_between("description", 0, 5000, name="keyframe_description_length"),
        ]
        indexes = [
            # The keyframes of a video by time, their number, and the cascade when a video is purged.
            models.Index(fields=["video_summary", "timestamp", "id"], name="keyframe_by_video"),
            # The studio's list of keyframes.
            models.Index(fields=["created_at", "id"], name="keyframe_by_creation"),
        ]

    def __str__(self) -> str:
        return f"second {self.timestamp}"
