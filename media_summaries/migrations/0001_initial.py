import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.lookups
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import common.constraints
import common.functions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Category",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=common.functions.RandomUUID(),
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("name", models.CharField(max_length=50)),
                (
                    "name_key",
                    models.CharField(
                        editable=False,
                        help_text="What tells names apart: compatible forms made one, case folded.",
                        max_length=900,
                    ),
                ),
                ("description", models.TextField(blank=True, db_default="", default="", max_length=500)),
                (
                    "color",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="As #rrggbb.", max_length=7
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ("name_key", "id"),
                "abstract": False,
                "indexes": [
                    models.Index(
                        common.functions.CodePointOrder("name"), models.F("id"), name="category_by_name"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("name_key",), name="category_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 50
                            ),
                        ),
                        name="category_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("name_key")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name_key")), 900
                            ),
                        ),
                        name="category_name_key_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("description")), 500
                            )
                        ),
                        name="category_description_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("color", ""), common.constraints.IsColor(models.F("color")), _connector="OR"
                        ),
                        name="category_color",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=common.functions.RandomUUID(),
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("name", models.CharField(max_length=50)),
                (
                    "name_key",
                    models.CharField(
                        editable=False,
                        help_text="What tells names apart: compatible forms made one, case folded.",
                        max_length=900,
                    ),
                ),
                ("description", models.TextField(blank=True, db_default="", default="", max_length=500)),
                (
                    "color",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="As #rrggbb.", max_length=7
                    ),
                ),
            ],
            options={
                "ordering": ("name_key", "id"),
                "abstract": False,
                "indexes": [
                    models.Index(common.functions.CodePointOrder("name"), models.F("id"), name="tag_by_name")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("name_key",), name="tag_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 50
                            ),
                        ),
                        name="tag_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("name_key")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name_key")), 900
                            ),
                        ),
                        name="tag_name_key_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("description")), 500
                            )
                        ),
                        name="tag_description_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("color", ""), common.constraints.IsColor(models.F("color")), _connector="OR"
                        ),
                        name="tag_color",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VideoSummary",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=common.functions.RandomUUID(),
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("youtube_url", models.URLField(max_length=2000)),
                ("youtube_id", models.CharField(editable=False, max_length=11)),
                ("title", models.CharField(max_length=300)),
                ("description", models.TextField(blank=True, db_default="", default="", max_length=5000)),
                ("channel_name", models.CharField(blank=True, db_default="", default="", max_length=200)),
                (
                    "duration",
                    models.PositiveIntegerField(blank=True, default=None, help_text="In seconds.", null=True),
                ),
                ("thumbnail_url", models.URLField(blank=True, db_default="", default="", max_length=2000)),
                ("transcript", models.TextField(blank=True, db_default="", default="", max_length=2000000)),
                ("summary", models.TextField(blank=True, db_default="", default="", max_length=200000)),
                (
                    "ai_generated_content",
                    models.JSONField(
                        blank=True, db_default=models.Value({}, models.JSONField()), default=dict
                    ),
                ),
                (
                    "processing_status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("processing", "Processing"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                        ],
                        db_default="pending",
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "processing_error",
                    models.TextField(blank=True, db_default="", default="", max_length=5000),
                ),
                (
                    "progress",
                    models.PositiveSmallIntegerField(db_default=0, default=0, help_text="In percent."),
                ),
                ("current_step", models.CharField(blank=True, db_default="", default="", max_length=200)),
                (
                    "attempts",
                    models.PositiveIntegerField(
                        db_default=0,
                        default=0,
                        help_text="How often a worker has taken the job since it was last asked for.",
                    ),
                ),
                (
                    "claimed_by",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The worker that has the job.",
                        max_length=200,
                    ),
                ),
                ("lease_expires_at", models.DateTimeField(blank=True, default=None, null=True)),
                (
                    "last_worker",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The worker that ended the job, so that its repeated report is recognised.",
                        max_length=200,
                    ),
                ),
                ("completed_at", models.DateTimeField(blank=True, default=None, null=True)),
                (
                    "deleted_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DB_SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="video_summaries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "video summaries",
                "ordering": ("-created_at", "-id"),
                "permissions": [("work_video_jobs", "Can work on video jobs")],
                "indexes": [
                    models.Index(fields=["user", "created_at", "id"], name="video_by_creation"),
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["user", "updated_at", "id"],
                        name="video_by_update",
                    ),
                    models.Index(
                        models.F("user"),
                        common.functions.CodePointOrder("title"),
                        models.F("id"),
                        condition=models.Q(("deleted_at", None)),
                        name="video_by_title",
                    ),
                    models.Index(
                        models.F("user"),
                        common.functions.UnknownFirst("duration"),
                        models.F("id"),
                        condition=models.Q(("deleted_at", None)),
                        name="video_by_duration",
                    ),
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["user", "processing_status", "created_at", "id"],
                        name="video_by_status",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("deleted_at", None),
                            models.Q(
                                ("processing_status", "pending"),
                                ("processing_status", "processing"),
                                _connector="OR",
                            ),
                        ),
                        fields=["created_at", "id"],
                        name="video_job_by_age",
                    ),
                    models.Index(fields=["created_at", "id"], name="video_all_by_creation"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None)),
                        fields=("user", "youtube_id"),
                        name="video_once_per_user",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            common.constraints.HasWebScheme(models.F("youtube_url")),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("youtube_url")), 2000
                            ),
                        ),
                        name="video_youtube_url_web_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("youtube_id")), 11
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("youtube_id")), 11
                            ),
                        ),
                        name="video_youtube_id_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            common.constraints.OnlyCharacters(
                                models.F("youtube_id"), characters="a-zA-Z0-9_-"
                            )
                        ),
                        name="video_youtube_id_characters",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("title")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("title")), 300
                            ),
                        ),
                        name="video_title_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("description")), 5000
                            )
                        ),
                        name="video_description_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("channel_name")), 200
                            )
                        ),
                        name="video_channel_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duration__gte", 0), ("duration__lte", 2147483647)),
                        name="video_duration",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("thumbnail_url", ""),
                            models.Q(
                                common.constraints.HasWebScheme(models.F("thumbnail_url")),
                                django.db.models.lookups.LessThanOrEqual(
                                    common.functions.CharacterCount(models.F("thumbnail_url")), 2000
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="video_thumbnail_url_web_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("transcript")), 2000000
                            )
                        ),
                        name="video_transcript_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("summary")), 200000
                            )
                        ),
                        name="video_summary_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ai_generated_content__isnull", True),
                            django.db.models.lookups.Exact(
                                common.functions.JSONKind(models.F("ai_generated_content")),
                                models.Value("object"),
                            ),
                            _connector="OR",
                        ),
                        name="video_ai_generated_content_object",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("processing_status__in", ["pending", "processing", "completed", "failed"])
                        ),
                        name="video_processing_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("processing_error")), 5000
                            )
                        ),
                        name="video_processing_error_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("progress__gte", 0), ("progress__lte", 100)),
                        name="video_progress",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("current_step")), 200
                            )
                        ),
                        name="video_current_step_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("attempts__gte", 0), ("attempts__lte", 2147483647)),
                        name="video_attempts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("claimed_by")), 200
                            )
                        ),
                        name="video_claimed_by_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("last_worker")), 200
                            )
                        ),
                        name="video_last_worker_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("processing_status", "failed"), ("processing_error", ""), _connector="OR"
                        ),
                        name="video_error_belongs_to_failed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease_expires_at__isnull", False),
                                ("processing_status", "processing"),
                                models.Q(("claimed_by", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("processing_status", "processing"), _negated=True),
                                ("claimed_by", ""),
                                ("lease_expires_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="video_lease_belongs_to_processing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completed_at__isnull", False), ("processing_status", "completed")),
                            models.Q(
                                models.Q(("processing_status", "completed"), _negated=True),
                                ("completed_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="video_completion_belongs_to_completed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VideoSummaryCategory",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=common.functions.RandomUUID(),
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        to="media_summaries.category",
                    ),
                ),
                (
                    "video_summary",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        to="media_summaries.videosummary",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "video summary categories",
                "indexes": [
                    models.Index(fields=["category", "video_summary"], name="video_category_by_category")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("video_summary", "category"), name="video_category_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="videosummary",
            name="categories",
            field=models.ManyToManyField(
                related_name="video_summaries",
                through="media_summaries.VideoSummaryCategory",
                to="media_summaries.category",
            ),
        ),
        migrations.CreateModel(
            name="VideoSummaryTag",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=common.functions.RandomUUID(),
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        to="media_summaries.tag",
                    ),
                ),
                (
                    "video_summary",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        to="media_summaries.videosummary",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["tag", "video_summary"], name="video_tag_by_tag")],
                "constraints": [
                    models.UniqueConstraint(fields=("video_summary", "tag"), name="video_tag_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="videosummary",
            name="tags",
            field=models.ManyToManyField(
                related_name="video_summaries",
                through="media_summaries.VideoSummaryTag",
                to="media_summaries.tag",
            ),
        ),
        migrations.CreateModel(
            name="Keyframe",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=common.functions.RandomUUID(),
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("timestamp", models.PositiveIntegerField(help_text="Whole seconds from the beginning.")),
                ("image_url", models.URLField(max_length=2000)),
                ("description", models.TextField(blank=True, db_default="", default="", max_length=5000)),
                (
                    "video_summary",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="keyframes",
                        to="media_summaries.videosummary",
                    ),
                ),
            ],
            options={
                "ordering": ("video_summary", "timestamp", "id"),
                "indexes": [
                    models.Index(fields=["video_summary", "timestamp", "id"], name="keyframe_by_video"),
                    models.Index(fields=["created_at", "id"], name="keyframe_by_creation"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("timestamp__gte", 0), ("timestamp__lte", 2147483647)),
                        name="keyframe_timestamp",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            common.constraints.HasWebScheme(models.F("image_url")),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("image_url")), 2000
                            ),
                        ),
                        name="keyframe_image_url_web_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("description")), 5000
                            )
                        ),
                        name="keyframe_description_length",
                    ),
                ],
            },
        ),
    ]
