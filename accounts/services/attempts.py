"""How often something is tried."""

from datetime import timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import (
    AttemptCounter,
    AttemptKind,
)
from common.errors import DomainError

# Seconds after which a try that was never settled has failed, whatever has become of it.
UNDER_WAY = 10


class TooManyAttempts(DomainError):
    """Too many attempts; try again later."""

    code, status = "throttled", 429

    def __init__(self, retry_after: int):
        super().__init__()
        self.retry_after = max(1, retry_after)


def count_attempt(*, kind: AttemptKind, key: str, rate: tuple[int, int] | None) -> None:
    """Count one attempt, at most so many in so many seconds.

    The lock on the counter's row makes it exact among parallel attempts. One that is refused is not counted.
    """
    _count(kind, key, rate, sign=1)


def count_failure(*, address: str) -> float:
    """Count a failure of an address ahead of the try; the time it is counted under.

    Counted only afterwards, many tries at once would all be let in. Until it is settled the time is negative.
    """
    return _count(AttemptKind.FAILURE, address, settings.THROTTLE_LOGIN_FAILURES, sign=-1)


def keep_failure(*, address: str, counted: float) -> None:
    """The try that was counted ahead has failed."""
    _settle(address, counted, [counted])


def take_back_failure(*, address: str, counted: float) -> None:
    """The try that was counted ahead has succeeded."""
    _settle(address, counted, [])


def _count(kind: AttemptKind, key: str, rate: tuple[int, int] | None, sign: int) -> float:
    if rate is None:
        return 0
    limit, seconds = rate
    with transaction.atomic():
        counter = _hold_counter(kind, key, seconds)
        now = counter.now.timestamp()
        lately = [time for time in counter.attempts if abs(time) > now - seconds]
        if len(lately) >= limit:
            certain = sorted(abs(time) for time in lately if time > 0 or -time < now - UNDER_WAY)
            # Where tries under way take the last places, one may be free again at once.
            raise TooManyAttempts(ceil(certain[-limit] + seconds - now) if len(certain) >= limit else 1)
        counter.attempts = [*lately, sign * now]
        counter.expires_at = counter.now + timedelta(seconds=seconds)
        counter.save(update_fields=["attempts", "expires_at"])
    return now


def _settle(address: str, counted: float, outcome: list[float]) -> None:
    if settings.THROTTLE_LOGIN_FAILURES is None:
        return
    with transaction.atomic():
        counter = _hold_counter(AttemptKind.FAILURE, address, settings.THROTTLE_LOGIN_FAILURES[1])
        if -counted in counter.attempts:
            # One of them: the clock may give two the same millisecond.
            counter.attempts.remove(-counted)
            counter.attempts += outcome
            counter.save(update_fields=["attempts"])


def _hold_counter(kind: AttemptKind, key: str, seconds: int) -> Any:
    digest = salted_hmac("accounts.attempts", f"{kind} {key}", algorithm="sha256").hexdigest()
    expires_at = timezone.now() + timedelta(seconds=seconds)
    fresh = AttemptCounter(kind=kind, key_digest=digest, expires_at=expires_at)
    # The upsert holds the row, new or not, until commit.
    AttemptCounter.objects.bulk_create(
        [fresh], update_conflicts=True, unique_fields=["key_digest"], update_fields=["expires_at"]
    )
    return AttemptCounter.objects.with_clock().get(key_digest=digest)
