"""Log-ins and API tokens."""

import hashlib
from datetime import timedelta
from typing import Any, Self

from django.db.models import Q
from django.db.models.functions import Now

from common.querysets import SearchQuerySet

# How exactly the database knows when a log-in or token was last in use.
SEEN_WITHIN = timedelta(minutes=5)


def token_digest(token: str) -> str:
    """What the database keeps of a token: SHA-256 as 64 hexadecimal digits."""
    # A header may hold what is no text; no token is made of it.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


class SessionQuerySet(SearchQuerySet):
    """Log-ins and API tokens."""

    def visible_to(self, user: Any) -> Self:
        """One's own that have not expired."""
        return self.filter(user=user).unexpired()

    def log_ins(self) -> Self:
        return self.filter(kind="login")

    def api_tokens(self) -> Self:
        return self.filter(kind="api")

    def unexpired(self) -> Self:
        return self.filter(expires_at__gt=Now())

    def expired(self) -> Self:
        return self.filter(expires_at__lte=Now())

    def unseen_lately(self) -> Self:
        """Those whose last use is not known to be recent."""
        return self.filter(_unseen_lately())

    def with_lapse(self) -> Self:
        """With `is_unseen_lately`, so that only one request in a while has to write."""
        return self.annotate(is_unseen_lately=_unseen_lately())

    def with_current(self, session: Any) -> Self:
        """With `current`, whether a row is the session of this very request."""
        return self.annotate(current=Q(pk=session.pk))

    def of_token(self, token: str) -> Self:
        """The session that a token opens, if any."""
        return self.of_digest(token_digest(token))

    def of_digest(self, digest: Any) -> Self:
        return self.filter(token_digest=digest)

    def of_present_user(self) -> Self:
        """Sessions of people who may be here, with the person."""
        return self.filter(user__is_active=True, user__deleted_at=None).select_related("user")


def _unseen_lately() -> Q:
    return Q(last_seen_at__lt=Now() - SEEN_WITHIN)
