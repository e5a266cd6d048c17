"""The shapes of accounts."""

import re
import zoneinfo
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as InvalidValue
from django.core.validators import validate_email
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.models import (
    Organization,
    OrganizationMember,
    Profile,
    Role,
    Session,
    User,
    UserSettings,
)
from common.fields import (
    JSONObjectField,
    KeyField,
    NameField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    VisibleRelatedField,
)
from common.queries import OrderingParameter, PageQuery, SearchParameter, TrashQuery
from common.serializers import ReplayableSerializer, StrictModelSerializer, StrictSerializer


class EmailField(StrictCharField):
    """An e-mail address in ASCII, kept in lower case."""

    default_error_messages = {"invalid_email": "Not an e-mail address."}

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            validate_email(value)
        except InvalidValue:
            self.fail("invalid_email")
        # As sent: the Kelvin sign becomes a K when it is normalised.
        if not data.isascii() or len(value.partition("@")[0]) > 64:
            self.fail("invalid_email")
        return value.lower()


class PatternField(StrictCharField):
    """A short ASCII text of one form; never trimmed."""

    def __init__(self, pattern: str, message: str, **kwargs: Any):
        super().__init__(trim_whitespace=False, **kwargs)
        self.pattern = re.compile(pattern, re.ASCII)
        self.error_messages["invalid_form"] = message

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not data.isascii() or not self.pattern.fullmatch(value):
            self.fail("invalid_form")
        return value


def username_field() -> PatternField:
    return PatternField(
        r"[A-Za-z0-9_.-]{3,30}",
        "3 to 30 letters, digits, underscores, hyphens or dots.",
        required=False,
        allow_null=True,
    )


def slug_field() -> PatternField:
    return PatternField(r"[a-z0-9-]{1,50}", "1 to 50 small letters, digits or hyphens.", required=False)


class PasswordField(StrictCharField):
    """A password; blanks around it do not count, because the log-in does not count them either."""

    def __init__(self, **kwargs: Any):
        super().__init__(write_only=True, max_length=4096, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        # Not composed: the log-in compares what it is given.
        return str(data).strip()


class UserSerializer(StrictModelSerializer):
    """What everyone who is logged in may know of a person."""

    class Meta:
        model = User
        fields = ("id", "name", "username", "image")
        read_only_fields = fields


# Names of files beside the zones: this host's own, and none at all.
_NO_ZONES = {"localtime", "Factory"}


class ProfileSerializer(StrictModelSerializer):
    """What a person says of themselves."""

    locale = PatternField(
        r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*",
        "A language tag such as en or pt-BR.",
        max_length=35,
        required=False,
    )
    timezone = StrictChoiceField(choices=sorted(zoneinfo.available_timezones() - _NO_ZONES), required=False)

    class Meta:
        model = Profile
        fields = ("bio", "headline", "locale", "timezone")


class SettingsSerializer(StrictModelSerializer):
    """How a person wants their assistant to work."""

    difficulty = StrictIntegerField(min_value=1, max_value=10, required=False)
    preferences = JSONObjectField(max_bytes=16 * 1024, required=False)

    class Meta:
        model = UserSettings
        fields = (
            "model",
            "learning_style",
            "difficulty",
            "pacing",
            "email_notifications",
            "preferences",
        )


class OwnOrganizationSerializer(StrictModelSerializer):
    """An organization as one of its members lists it."""

    id = serializers.UUIDField(source="organization.id", read_only=True)
    name = serializers.CharField(source="organization.name", read_only=True)
    slug = serializers.CharField(source="organization.slug", read_only=True)

    class Meta:
        model = OrganizationMember
        fields = ("id", "name", "slug", "role")
        read_only_fields = fields


class MeSerializer(StrictModelSerializer):
    """One's own account."""

    email_verified = serializers.BooleanField(read_only=True)
    name = NameField(max_length=100, required=False)
    username = username_field()
    profile = ProfileSerializer(source="own_profile", read_only=True)
    organizations = OwnOrganizationSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "email_verified",
            "username",
            "name",
            "image",
            "is_staff",
            "created_at",
            "updated_at",
            "profile",
            "organizations",
        )
        read_only_fields = ("id", "email", "is_staff", "created_at", "updated_at")


class LogInSerializer(StrictModelSerializer):
    """A log-in: from where, since when, and whether it is the one that asks."""

    current = serializers.BooleanField(read_only=True)

    class Meta:
        model = Session
        fields = ("id", "ip_address", "user_agent", "created_at", "last_seen_at", "expires_at", "current")
        read_only_fields = fields


class APITokenSerializer(StrictModelSerializer):
    """An API token, without the token."""

    class Meta:
        model = Session
        fields = ("id", "name", "created_at", "last_seen_at", "expires_at")
        read_only_fields = fields


class NewAPITokenSerializer(StrictSerializer):
    """An API token to make."""

    name = NameField(max_length=100)
    expires_in_days = StrictIntegerField(min_value=1, max_value=365)


class ShownAPITokenSerializer(StrictModelSerializer):
    """A new API token, with the token: this once."""

    token = serializers.CharField(read_only=True)

    class Meta:
        model = Session
        fields = ("id", "name", "token", "expires_at")
        read_only_fields = fields


class FoundingSerializer(StrictSerializer):
    """The organization that a person founds at sign-up."""

    name = NameField(max_length=100)
    slug = slug_field()


class SignUpSerializer(StrictSerializer):
    """A new account."""

    email = EmailField()
    password = PasswordField()
    name = NameField(max_length=100)
    username = username_field()
    organization = FoundingSerializer(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        person = User(email=attrs["email"], username=attrs.get("username"), name=attrs["name"])
        try:
            validate_password(attrs["password"], person)
        except InvalidValue as weak:
            details = [ErrorDetail(error.messages[0], error.code) for error in weak.error_list]
            raise ValidationError({"password": details}) from None
        return attrs


class SignUpOrganizationSerializer(StrictModelSerializer):
    """The organization founded at sign-up."""

    class Meta:
        model = Organization
        fields = ("id", "name", "slug")
        read_only_fields = fields


class SignUpAnswerSerializer(StrictSerializer):
    """The new account with its first log-in."""

    user = MeSerializer(read_only=True)
    token = serializers.CharField(read_only=True)
    organization = SignUpOrganizationSerializer(read_only=True, allow_null=True)


class OrganizationSerializer(ReplayableSerializer):
    """An organization as one of its members sees it."""

    slug = slug_field()
    role = StrictChoiceField(choices=Role.choices, read_only=True)
    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Organization
        fields = ("id", "name", "slug", "role", "member_count", "created_at", "updated_at")
        read_only_fields = ("created_at", "updated_at")

    def is_replayed_by(self, row: Any) -> bool:
        # Who made it owns it: to a plain member it is another's.
        return row.role == Role.OWNER and super().is_replayed_by(row)


class MemberSerializer(StrictModelSerializer):
    """A person's place in an organization."""

    user = UserSerializer(read_only=True)
    joined_at = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta:
        model = OrganizationMember
        fields = ("user", "role", "joined_at")


class NewMemberSerializer(StrictSerializer):
    """A person to take in."""

    user = VisibleRelatedField(queryset=User.objects.all())
    role = StrictChoiceField(choices=Role.choices, default=Role.MEMBER)


class RoleSerializer(StrictSerializer):
    """Another role."""

    role = StrictChoiceField(choices=Role.choices, required=False)


class OrganizationQuery(TrashQuery):
    """A page of one's organizations."""

    ordering = OrderingParameter("name", "created_at", default="name")


@extend_schema_field(OpenApiTypes.STR)
class KeysParameter(serializers.Field):
    """Up to 100 keys, separated by commas."""

    default_error_messages = {"max_length": "At most 100 keys."}

    def to_internal_value(self, data: str) -> list[Any]:
        keys = [KeyField().run_validation(part) for part in data.split(",")] if data else []
        if len(keys) > 100:
            self.fail("max_length")
        return list(dict.fromkeys(keys))

    def to_representation(self, value: list[Any]) -> str:
        return ",".join(map(str, value))


class DirectoryQuery(PageQuery):
    """A page of the directory, or the people with the given keys."""

    search = SearchParameter()
    ids = KeysParameter(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        others = (self.initial_data.get(name) for name in ("page", "page_size", "search"))
        if "ids" in attrs and any(others):
            raise ValidationError(
                {"ids": [ErrorDetail("Not together with page, page_size or search.", "invalid")]}
            )
        return attrs
