"""Every read of accounts."""

from accounts.querysets.attempts import AttemptQuerySet
from accounts.querysets.organizations import MemberQuerySet, OrganizationQuerySet
from accounts.querysets.people import OwnQuerySet, UserManager, UserQuerySet
from accounts.querysets.sessions import SEEN_WITHIN, SessionQuerySet, token_digest

__all__ = [
    "SEEN_WITHIN",
    "AttemptQuerySet",
    "MemberQuerySet",
    "OrganizationQuerySet",
    "OwnQuerySet",
    "SessionQuerySet",
    "UserManager",
    "UserQuerySet",
    "token_digest",
]
