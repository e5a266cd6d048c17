"""What leaves the tables of threads for good."""

from collections.abc import Iterator
from datetime import datetime

from common.purging import Doomed
from threads.models import Message, Thread


def doomed(before: datetime) -> Iterator[Doomed]:
    """Threads, and messages of others, deleted before then."""
    yield Doomed(Thread.objects.deleted_before(before))
    yield Doomed(Message.objects.deleted_before(before))
