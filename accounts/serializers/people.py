"""People, what they have set, and how they come here."""

import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as InvalidValue
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.models import (
    Organization,
    OrganizationMember,
    Profile,
    User,
    UserSettings,
)
from accounts.serializers.fields import EmailField, PasswordField, PatternField, slug_field, username_field
from common.fields import (
    JSONObjectField,
    KeyField,
    NameField,
    StrictChoiceField,
    StrictIntegerField,
)
from common.queries import PageQuery, SearchParameter
from common.serializers import StrictModelSerializer, StrictSerializer


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

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    slug = serializers.CharField(read_only=True)

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
    organizations = OwnOrganizationSerializer(source="own_organizations", many=True, read_only=True)

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


_KEY = KeyField.keywords["pattern"].strip("^$")


@extend_schema_field(OpenApiTypes.STR)
class KeysParameter(serializers.Field):
    """Up to 100 keys, separated by commas."""

    keywords: ClassVar[dict[str, str]] = {"pattern": f"^({_KEY}(,{_KEY}){{0,99}})?$"}
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
