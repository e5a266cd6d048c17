"""The shapes of accounts."""

from accounts.serializers.fields import EmailField, PasswordField, PatternField, slug_field, username_field
from accounts.serializers.organizations import (
    MemberSerializer,
    NewMemberSerializer,
    OrganizationQuery,
    OrganizationSerializer,
    RoleSerializer,
)
from accounts.serializers.people import (
    DirectoryQuery,
    FoundingSerializer,
    KeysParameter,
    MeSerializer,
    OwnOrganizationSerializer,
    ProfileSerializer,
    SettingsSerializer,
    SignUpAnswerSerializer,
    SignUpOrganizationSerializer,
    SignUpSerializer,
    UserSerializer,
)
from accounts.serializers.sessions import (
    APITokenSerializer,
    LogInSerializer,
    NewAPITokenSerializer,
    ShownAPITokenSerializer,
)

__all__ = [
    "APITokenSerializer",
    "DirectoryQuery",
    "EmailField",
    "FoundingSerializer",
    "KeysParameter",
    "LogInSerializer",
    "MeSerializer",
    "MemberSerializer",
    "NewAPITokenSerializer",
    "NewMemberSerializer",
    "OrganizationQuery",
    "OrganizationSerializer",
    "OwnOrganizationSerializer",
    "PasswordField",
    "PatternField",
    "ProfileSerializer",
    "RoleSerializer",
    "SettingsSerializer",
    "ShownAPITokenSerializer",
    "SignUpAnswerSerializer",
    "SignUpOrganizationSerializer",
    "SignUpSerializer",
    "UserSerializer",
    "slug_field",
    "username_field",
]
