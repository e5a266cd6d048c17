"""People, what they have set, where they are logged in, and their organizations."""

from accounts.models.attempts import AttemptCounter, AttemptKind
from accounts.models.organizations import Organization, OrganizationMember, Role
from accounts.models.people import LearningStyle, Profile, User, UserSettings
from accounts.models.sessions import Session, SessionKind

__all__ = [
    "AttemptCounter",
    "AttemptKind",
    "LearningStyle",
    "Organization",
    "OrganizationMember",
    "Profile",
    "Role",
    "Session",
    "SessionKind",
    "User",
    "UserSettings",
]
