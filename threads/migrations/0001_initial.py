import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.lookups
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import common.functions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("materials", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Thread",
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
                ("title", models.CharField(max_length=300)),
                (
                    "last_seq",
                    models.PositiveBigIntegerField(
                        db_default=0, default=0, editable=False, help_text="The number of the latest message."
                    ),
                ),
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
                    "material",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        default=None,
                        null=True,
                        on_delete=django.db.models.deletion.DB_SET_NULL,
                        related_name="threads",
                        to="materials.material",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="threads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-updated_at", "-id"),
                "indexes": [
                    models.Index(fields=["user", "updated_at", "id"], name="thread_by_update"),
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["user", "created_at", "id"],
                        name="thread_by_creation",
                    ),
                    models.Index(
                        models.F("user"),
                        common.functions.CodePointOrder("title"),
                        models.F("id"),
                        condition=models.Q(("deleted_at", None)),
                        name="thread_by_title",
                    ),
                    models.Index(fields=["material", "updated_at", "id"], name="thread_by_material"),
                    models.Index(fields=["updated_at", "id"], name="thread_all_by_update"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("title")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("title")), 300
                            ),
                        ),
                        name="thread_title_length",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
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
                ("seq", models.PositiveBigIntegerField(editable=False)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("system", "System"),
                            ("user", "User"),
                            ("assistant", "Assistant"),
                            ("tool", "Tool"),
                        ],
                        max_length=10,
                    ),
                ),
                ("content", models.TextField(max_length=200000)),
                (
                    "parts",
                    models.JSONField(
                        blank=True,
                        default=None,
                        help_text="The turn in pieces, as AI libraries write it.",
                        null=True,
                    ),
                ),
                (
                    "attachments",
                    models.JSONField(
                        blank=True, db_default=models.Value([], models.JSONField()), default=list
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True, db_default=models.Value({}, models.JSONField()), default=dict
                    ),
                ),
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
                    "thread",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="messages",
                        to="threads.thread",
                    ),
                ),
            ],
            options={
                "ordering": ("thread", "seq"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["thread", "seq"],
                        name="message_live_by_thread",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("thread", "seq"), name="message_seq_once_per_thread"),
                    models.CheckConstraint(condition=models.Q(("seq__gte", 1)), name="message_seq_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["system", "user", "assistant", "tool"])),
                        name="message_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("content")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("content")), 200000
                            ),
                        ),
                        name="message_content_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parts__isnull", True),
                            django.db.models.lookups.Exact(
                                common.functions.JSONKind(models.F("parts")), models.Value("array")
                            ),
                            _connector="OR",
                        ),
                        name="message_parts_list",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("attachments__isnull", True),
                            django.db.models.lookups.Exact(
                                common.functions.JSONKind(models.F("attachments")), models.Value("array")
                            ),
                            _connector="OR",
                        ),
                        name="message_attachments_list",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("metadata__isnull", True),
                            django.db.models.lookups.Exact(
                                common.functions.JSONKind(models.F("metadata")), models.Value("object")
                            ),
                            _connector="OR",
                        ),
                        name="message_metadata_object",
                    ),
                ],
            },
        ),
    ]
