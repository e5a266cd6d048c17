"""Counters of what was tried."""

from typing import Self

from django.db.models import QuerySet
from django.db.models.functions import Now


class AttemptQuerySet(QuerySet):
    """Counters of what was tried."""

    def expired(self) -> Self:
        """Those whose last attempt no longer counts."""
        return self.filter(expires_at__lte=Now())

    def with_clock(self) -> Self:
        """With `now`, the time of the database: the one clock of all hosts."""
        return self.annotate(now=Now())
