"""The addresses of accounts."""

from accounts.views.organizations import MemberViewSet, OrganizationViewSet
from accounts.views.people import MeViewSet, ProfileViewSet, SettingsViewSet, SignUpViewSet, UserViewSet
from accounts.views.sessions import APITokenViewSet, LogInViewSet

__all__ = [
    "APITokenViewSet",
    "LogInViewSet",
    "MeViewSet",
    "MemberViewSet",
    "OrganizationViewSet",
    "ProfileViewSet",
    "SettingsViewSet",
    "SignUpViewSet",
    "UserViewSet",
]
