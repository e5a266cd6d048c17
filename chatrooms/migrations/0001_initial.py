import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
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
            name="Room",
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
                ("name", models.CharField(blank=True, db_default="", default="", max_length=100)),
                ("type", models.CharField(choices=[("direct", "Direct"), ("group", "Group")], max_length=10)),
                (
                    "direct_key",
                    models.CharField(
                        blank=True,
                        default=None,
                        editable=False,
                        help_text="The two people of a direct room, the smaller key first.",
                        max_length=73,
                        null=True,
                    ),
                ),
                (
                    "last_seq",
                    models.PositiveBigIntegerField(
                        db_default=0, default=0, editable=False, help_text="The number of the latest message."
                    ),
                ),
                (
                    "last_revision",
                    models.PositiveBigIntegerField(
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="The number of the latest post, edit or deletion.",
                    ),
                ),
                (
                    "purged_revision",
                    models.PositiveBigIntegerField(
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="What happened up to this number is not all there.",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DB_SET_NULL,
                        related_name="rooms_created",
                        to=settings.AUTH_USER_MODEL,
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
            ],
            options={
                "ordering": ("-updated_at", "-id"),
                "indexes": [models.Index(fields=["updated_at", "id"], name="room_all_by_update")],
                "constraints": [
                    models.UniqueConstraint(fields=("direct_key",), name="direct_room_once_per_pair"),
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["direct", "group"])), name="room_type"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 100
                            )
                        ),
                        name="room_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("type", "group"), models.Q(("name", ""), _negated=True)),
                            models.Q(("type", "direct"), ("name", "")),
                            _connector="OR",
                        ),
                        name="room_name_belongs_to_group",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("direct_key__isnull", True), ("type", "group")),
                            models.Q(("direct_key__isnull", False), ("type", "direct")),
                            _connector="OR",
                        ),
                        name="room_pair_belongs_to_direct",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("direct_key")), 73
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("direct_key")), 73
                            ),
                        ),
                        name="room_pair_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            common.constraints.OnlyCharacters(models.F("direct_key"), characters="0-9a-f:-")
                        ),
                        name="room_pair_characters",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThan(
                                common.functions.CodePointOrder("direct_key"),
                                common.functions.CodePointOrder(
                                    django.db.models.functions.text.Right("direct_key", 36)
                                ),
                            )
                        ),
                        name="room_pair_smaller_key_first",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_revision__gte", models.F("last_seq"))),
                        name="room_revision_covers_posts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purged_revision__lte", models.F("last_revision"))),
                        name="room_purged_revision_happened",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RoomMember",
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
                    "role",
                    models.CharField(
                        choices=[("admin", "Admin"), ("member", "Member")],
                        db_default="member",
                        default="member",
                        max_length=10,
                    ),
                ),
                (
                    "joined_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "last_read_seq",
                    models.PositiveBigIntegerField(
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="The number of the latest message read.",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="members",
                        to="chatrooms.room",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="room_memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("joined_at", "id"),
                "indexes": [
                    models.Index(fields=["user", "room"], name="room_member_by_user"),
                    models.Index(fields=["room", "joined_at", "id"], name="room_member_by_room"),
                    models.Index(fields=["joined_at", "id"], name="room_member_all_by_joining"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("room", "user"), name="room_member_once"),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["admin", "member"])), name="room_member_role"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RoomMessage",
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
                    "revision",
                    models.PositiveBigIntegerField(
                        editable=False,
                        help_text="The room's revision when this message was posted, last edited or deleted.",
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[("text", "Text"), ("image", "Image"), ("file", "File")],
                        db_default="text",
                        default="text",
                        max_length=10,
                    ),
                ),
                ("content", models.TextField(max_length=10000)),
                ("edited_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                    "reply_to",
                    models.ForeignKey(
                        blank=True,
                        default=None,
                        null=True,
                        on_delete=django.db.models.deletion.DB_SET_NULL,
                        related_name="replies",
                        to="chatrooms.roommessage",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="messages",
                        to="chatrooms.room",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.DB_SET_NULL,
                        related_name="room_messages",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("room_id", "seq"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["room", "seq", "user"],
                        name="room_message_live_by_room",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("room", "seq"), name="room_message_seq_once"),
                    models.UniqueConstraint(fields=("room", "revision"), name="room_message_revision_once"),
                    models.CheckConstraint(
                        condition=models.Q(("seq__gte", 1)), name="room_message_seq_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("revision__gte", models.F("seq"))),
                        name="room_message_revision_covers_seq",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["text", "image", "file"])), name="room_message_type"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("content")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("content")), 10000
                            ),
                        ),
                        name="room_message_content_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("type", "text"),
                            models.Q(
                                common.constraints.HasWebScheme(models.F("content")),
                                django.db.models.lookups.LessThanOrEqual(
                                    common.functions.CharacterCount(models.F("content")), 2000
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="room_message_address_unless_text",
                    ),
                ],
            },
        ),
    ]
