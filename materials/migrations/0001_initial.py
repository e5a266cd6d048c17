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
            name="Subject",
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
                ("name", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True, db_default="", default="", max_length=5000)),
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
                        related_name="subjects",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-updated_at", "-id"),
                "indexes": [
                    models.Index(fields=["user", "updated_at", "id"], name="subject_by_update"),
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["user", "created_at", "id"],
                        name="subject_by_creation",
                    ),
                    models.Index(
                        models.F("user"),
                        common.functions.CodePointOrder("name"),
                        models.F("id"),
                        condition=models.Q(("deleted_at", None)),
                        name="subject_by_name",
                    ),
                    models.Index(fields=["updated_at", "id"], name="subject_all_by_update"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 200
                            ),
                        ),
                        name="subject_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("description")), 5000
                            )
                        ),
                        name="subject_description_length",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Material",
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
                    "type",
                    models.CharField(
                        choices=[("text", "Text"), ("file", "File"), ("url", "Url")], max_length=10
                    ),
                ),
                ("content", models.TextField(blank=True, db_default="", default="", max_length=500000)),
                ("content_truncated", models.BooleanField(db_default=False, default=False, editable=False)),
                ("url", models.URLField(blank=True, db_default="", default="", max_length=2000)),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=200,
                        upload_to="materials",
                    ),
                ),
                (
                    "file_name",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=255),
                ),
                ("file_size", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                (
                    "file_type",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=100),
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
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="materials",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="materials",
                        to="materials.subject",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(fields=["user", "created_at", "id"], name="material_by_creation"),
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["user", "updated_at", "id"],
                        name="material_by_update",
                    ),
                    models.Index(
                        models.F("user"),
                        common.functions.CodePointOrder("title"),
                        models.F("id"),
                        condition=models.Q(("deleted_at", None)),
                        name="material_by_title",
                    ),
                    models.Index(fields=["subject", "created_at", "id"], name="material_by_subject"),
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["subject"],
                        name="material_live_by_subject",
                    ),
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["user", "type", "created_at", "id"],
                        name="material_by_type",
                    ),
                    models.Index(fields=["created_at", "id"], name="material_all_by_creation"),
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
                        name="material_title_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["text", "file", "url"])), name="material_type"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("content")), 500000
                            )
                        ),
                        name="material_content_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("url", ""),
                            models.Q(
                                common.constraints.HasWebScheme(models.F("url")),
                                django.db.models.lookups.LessThanOrEqual(
                                    common.functions.CharacterCount(models.F("url")), 2000
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="material_url_web_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("file")), 200
                            )
                        ),
                        name="material_file_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("file_name")), 255
                            )
                        ),
                        name="material_file_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("file_type")), 100
                            )
                        ),
                        name="material_file_type_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("file_size__gte", 0), ("file_size__lte", 2147483647)),
                        name="material_file_size",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("type", "url"), models.Q(("url", ""), _negated=True)),
                            models.Q(models.Q(("type", "url"), _negated=True), ("url", "")),
                            _connector="OR",
                        ),
                        name="material_url_belongs_to_url",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("type", "url"), _negated=True), ("content", ""), _connector="OR"
                        ),
                        name="material_url_has_no_content",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("type", "file"), models.Q(("file", ""), _negated=True)),
                            models.Q(
                                models.Q(("type", "file"), _negated=True),
                                ("file", ""),
                                ("file_name", ""),
                                ("file_size", 0),
                                ("file_type", ""),
                            ),
                            _connector="OR",
                        ),
                        name="material_file_belongs_to_file",
                    ),
                ],
            },
        ),
    ]
