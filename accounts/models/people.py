"""People and what they have set."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from accounts.querysets import (
    OwnQuerySet,
    UserManager,
)
from common.constraints import (
    Unique,
    has_only,
    is_between,
    is_json,
    is_lower_case,
    is_one_of,
    length_between,
    web_address_or_empty,
)
from common.functions import CodePointOrder
from common.models import BaseModel


class User(AbstractBaseUser, PermissionsMixin, BaseModel):
    """A person with an account."""

    email = models.EmailField(max_length=254)
    # "!" is a password that nobody can give, for people who are inserted without Lyceum.
    password = models.CharField(max_length=128, db_default="!", editable=False)
    username = models.CharField(max_length=30, null=True, blank=True, default=None)
    name = models.CharField(max_length=100, blank=True, default="", db_default="")
    image = models.URLField(max_length=2000, blank=True, default="", db_default="")
    external_id = models.CharField(
        max_length=255,
        null=True,
        blank=True,
        default=None,
        help_text="The person's id at an outside identity provider.",
    )
    is_active = models.BooleanField(default=True, db_default=True)
    is_staff = models.BooleanField(default=False, db_default=False)
    is_superuser = models.BooleanField(default=False, db_default=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(fields=["email"], name="email_once"),
            models.UniqueConstraint(fields=["external_id"], name="external_id_once"),
            # Upper, because the log-in looks a username up by UPPER(username).
            Unique(
                Upper("username"), name="username_once", field="username", message="This username is taken."
            ),
            is_lower_case("email", name="user_email_lower_case"),
            # ASCII without blanks: SQLite knows no capitals beyond it.
            has_only("email", "!-~", name="user_email_characters"),
            length_between("email", 3, 254, name="user_email_length"),
            length_between("name", 0, 100, name="user_name_length"),
            length_between("username", 3, 30, name="user_username_length"),
            has_only("username", "a-zA-Z0-9_.-", name="user_username_characters"),
            length_between("external_id", 1, 255, name="user_external_id_length"),
            web_address_or_empty("image", name="user_image_web_address"),
        ]
        indexes = [
            # The directory: live people by name.
            models.Index(CodePointOrder("name"), "id", name="user_by_name", condition=Q(deleted_at=None)),
            # The studio's list of people.
            models.Index(fields=["created_at", "id"], name="user_by_creation"),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Profile(BaseModel):
    """What a person says of themselves."""

    user = models.OneToOneField(User, on_delete=models.DB_CASCADE, related_name="profile")
    bio = models.TextField(max_length=2000, blank=True, default="", db_default="")
    headline = models.CharField(max_length=120, blank=True, default="", db_default="")
    locale = models.CharField(max_length=35, default="en", db_default="en")
    timezone = models.CharField(max_length=64, default="UTC", db_default="UTC")

    objects = OwnQuerySet.as_manager()

    class Meta:
        constraints = [
            length_between("bio", 0, 2000, name="profile_bio_length"),
            length_between("headline", 0, 120, name="profile_headline_length"),
            length_between("locale", 1, 35, name="profile_locale_length"),
            length_between("timezone", 1, 64, name="profile_timezone_length"),
        ]

    def __str__(self) -> str:
        return f"Profile of {self.user}"


class LearningStyle(models.TextChoices):
    """How a person likes to be taught."""

    VISUAL = "visual"
    AUDITORY = "auditory"
    READING = "reading"
    INTERACTIVE = "interactive"


class UserSettings(BaseModel):
    """How a person wants their assistant to work."""

    user = models.OneToOneField(User, on_delete=models.DB_CASCADE, related_name="settings")
    model = models.CharField(max_length=100, blank=True, default="", db_default="")
    learning_style = models.CharField(
        max_length=20,
        choices=LearningStyle,
        default=LearningStyle.INTERACTIVE,
        db_default=LearningStyle.INTERACTIVE,
    )
    difficulty = models.PositiveSmallIntegerField(default=5, db_default=5)
    pacing = models.BooleanField(default=True, db_default=True)
    email_notifications = models.BooleanField(default=False, db_default=False)
    preferences = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()))

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "user settings"
        constraints = [
            length_between("model", 0, 100, name="settings_model_length"),
            is_one_of("learning_style", LearningStyle.values, name="settings_learning_style"),
            is_between("difficulty", 1, 10, name="settings_difficulty"),
            is_json("preferences", "object", name="settings_preferences_object"),
        ]

    def __str__(self) -> str:
        return f"Settings of {self.user}"
