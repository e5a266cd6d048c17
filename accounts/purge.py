"""What leaves the tables of accounts for good."""

from collections.abc import Iterator
from datetime import datetime

from accounts.models import AttemptCounter, Organization, Session, User
from common.purging import Doomed


def doomed(before: datetime) -> Iterator[Doomed]:
    """People and organizations deleted before then; log-ins, tokens and counters that have expired."""
    # People come before all that went into the trash with them: an account is restored whole or not at all.
    yield Doomed(User.objects.deleted_before(before))
    yield Doomed(Organization.objects.deleted_before(before))
    yield Doomed(Session.objects.expired())
    yield Doomed(AttemptCounter.objects.expired())
