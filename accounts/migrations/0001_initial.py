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
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
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
                ("email", models.EmailField(max_length=254)),
                ("password", models.CharField(db_default="!", editable=False, max_length=128)),
                ("username", models.CharField(blank=True, default=None, max_length=30, null=True)),
                ("name", models.CharField(blank=True, db_default="", default="", max_length=100)),
                ("image", models.URLField(blank=True, db_default="", default="", max_length=2000)),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        default=None,
                        help_text="The person's id at an outside identity provider.",
                        max_length=255,
                        null=True,
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True, default=True)),
                ("is_staff", models.BooleanField(db_default=False, default=False)),
                ("is_superuser", models.BooleanField(db_default=False, default=False)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        common.functions.CodePointOrder("name"),
                        models.F("id"),
                        condition=models.Q(("deleted_at", None)),
                        name="user_by_name",
                    ),
                    models.Index(django.db.models.functions.text.Upper("email"), name="user_by_upper_email"),
                    models.Index(fields=["created_at", "id"], name="user_by_creation"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("email",), name="email_once"),
                    models.UniqueConstraint(fields=("external_id",), name="external_id_once"),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Upper("username"), name="username_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.F("email"), django.db.models.functions.text.Lower("email")
                            )
                        ),
                        name="user_email_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("email")), 3
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("email")), 254
                            ),
                        ),
                        name="user_email_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 100
                            )
                        ),
                        name="user_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("username")), 3
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("username")), 30
                            ),
                        ),
                        name="user_username_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            common.constraints.OnlyCharacters(models.F("username"), characters="a-zA-Z0-9_.-")
                        ),
                        name="user_username_characters",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("external_id")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("external_id")), 255
                            ),
                        ),
                        name="user_external_id_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("image", ""),
                            models.Q(
                                common.constraints.HasWebScheme(models.F("image")),
                                django.db.models.lookups.LessThanOrEqual(
                                    common.functions.CharacterCount(models.F("image")), 2000
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="user_image_web_address",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Organization",
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
                ("name", models.CharField(max_length=100)),
                ("slug", models.CharField(max_length=50)),
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
                "ordering": ("-created_at", "-id"),
                "indexes": [models.Index(fields=["created_at", "id"], name="organization_by_creation")],
                "constraints": [
                    models.UniqueConstraint(fields=("slug",), name="slug_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 100
                            ),
                        ),
                        name="organization_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("slug")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("slug")), 50
                            ),
                        ),
                        name="organization_slug_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            common.constraints.OnlyCharacters(models.F("slug"), characters="a-z0-9-")
                        ),
                        name="organization_slug_characters",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganizationMember",
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
                        choices=[("owner", "Owner"), ("admin", "Admin"), ("member", "Member")],
                        db_default="member",
                        default="member",
                        max_length=10,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="memberships",
                        to="accounts.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("created_at", "id"),
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "user"), name="organization_member_once"),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["owner", "admin", "member"])),
                        name="organization_member_role",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Profile",
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
                ("bio", models.TextField(blank=True, db_default="", default="", max_length=2000)),
                ("headline", models.CharField(blank=True, db_default="", default="", max_length=120)),
                ("locale", models.CharField(db_default="en", default="en", max_length=35)),
                ("timezone", models.CharField(db_default="UTC", default="UTC", max_length=64)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="profile",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("bio")), 2000
                            )
                        ),
                        name="profile_bio_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("headline")), 120
                            )
                        ),
                        name="profile_headline_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("locale")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("locale")), 35
                            ),
                        ),
                        name="profile_locale_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("timezone")), 1
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("timezone")), 64
                            ),
                        ),
                        name="profile_timezone_length",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
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
                    "kind",
                    models.CharField(
                        choices=[("login", "Login"), ("api", "Api")],
                        db_default="login",
                        default="login",
                        max_length=10,
                    ),
                ),
                ("token_digest", models.CharField(editable=False, max_length=64)),
                ("session_data", models.TextField(blank=True, db_default="", default="", editable=False)),
                ("name", models.CharField(blank=True, db_default="", default="", max_length=100)),
                ("ip_address", models.GenericIPAddressField(blank=True, null=True)),
                ("user_agent", models.CharField(blank=True, db_default="", default="", max_length=512)),
                ("expires_at", models.DateTimeField()),
                (
                    "last_seen_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(fields=["user", "kind", "created_at", "id"], name="session_by_user"),
                    models.Index(fields=["expires_at"], name="session_by_expiry"),
                    models.Index(fields=["created_at", "id"], name="session_by_creation"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("token_digest",), name="session_token_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["login", "api"])), name="session_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                common.functions.CharacterCount(models.F("token_digest")), 64
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("token_digest")), 64
                            ),
                        ),
                        name="session_token_digest_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("name")), 100
                            )
                        ),
                        name="session_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("user_agent")), 512
                            )
                        ),
                        name="session_user_agent_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "login"),
                            models.Q(("user__isnull", False), models.Q(("name", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="api_session_has_user_and_name",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserSettings",
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
                ("model", models.CharField(blank=True, db_default="", default="", max_length=100)),
                (
                    "learning_style",
                    models.CharField(
                        choices=[
                            ("visual", "Visual"),
                            ("auditory", "Auditory"),
                            ("reading", "Reading"),
                            ("interactive", "Interactive"),
                        ],
                        db_default="interactive",
                        default="interactive",
                        max_length=20,
                    ),
                ),
                ("difficulty", models.PositiveSmallIntegerField(db_default=5, default=5)),
                ("pacing", models.BooleanField(db_default=True, default=True)),
                ("email_notifications", models.BooleanField(db_default=False, default=False)),
                (
                    "preferences",
                    models.JSONField(
                        blank=True, db_default=models.Value({}, models.JSONField()), default=dict
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="settings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "user settings",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.LessThanOrEqual(
                                common.functions.CharacterCount(models.F("model")), 100
                            )
                        ),
                        name="settings_model_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("learning_style__in", ["visual", "auditory", "reading", "interactive"])
                        ),
                        name="settings_learning_style",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("difficulty__gte", 1), ("difficulty__lte", 10)),
                        name="settings_difficulty",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("preferences__isnull", True),
                            django.db.models.lookups.Exact(
                                common.functions.JSONKind(models.F("preferences")), models.Value("object")
                            ),
                            _connector="OR",
                        ),
                        name="settings_preferences_object",
                    ),
                ],
            },
        ),
    ]
