"""How many requests a person or an address may send, counted for all processes of a host."""

import fcntl
import hashlib
import mmap
import os
import struct
import threading
import time
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

from django.conf import settings
from rest_framework.throttling import BaseThrottle

# How many requests in how many seconds; None lets everything pass.
Rate = tuple[int, int] | None


class HostCounters:
    """Counters in a file that every process of this host maps into its memory; a read writes no row.

    A counter starts with the first request of its key and ends when its time is over. Keys share the slots
    of a table; where more are counted at once than it holds, the one that began first is forgotten.
    """

    SLOT = struct.Struct("<Qdq")  # key, start in epoch seconds, count
    SLOTS, PROBED = 65_536, 8

    def __init__(self, path: Path):
        self.path = path
        # Locks on a file hold between processes, this one between the threads of one.
        self.threads = threading.Lock()

    @cached_property
    def file(self) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        size = self.SLOT.size * self.SLOTS
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        try:
            if os.fstat(descriptor).st_size < size:
                # Written, not only sized: a page that the disk has no room for would end the process.
                os.pwrite(descriptor, bytes(size), 0)
        finally:
            fcntl.lockf(descriptor, fcntl.LOCK_UN)
        return descriptor

    @cached_property
    def table(self) -> mmap.mmap:
        return mmap.mmap(self.file, self.SLOT.size * self.SLOTS)

    def hit(self, key: str, rate: Rate) -> int:
        """Count a request; 0 where it may pass, otherwise the seconds until the next one may."""
        if rate is None:
            return 0
        limit, seconds = rate
        tag = int.from_bytes(hashlib.blake2b(f"{key} {rate}".encode(), digest_size=8).digest(), "little")
        first = tag % (self.SLOTS - self.PROBED) * self.SLOT.size
        width = self.PROBED * self.SLOT.size
        with self.threads:
            table = self.table
            fcntl.lockf(self.file, fcntl.LOCK_EX, width, first)
            try:
                now = time.time()
                slots = list(self.SLOT.iter_unpack(table[first : first + width]))
                index = next((i for i, slot in enumerate(slots) if slot[0] == tag), None)
                if index is None:
                    index = min(range(self.PROBED), key=lambda i: slots[i][1])
                    slots[index] = (tag, now, 0)
                _, start, count = slots[index]
                if not now - seconds < start <= now:
                    start, count = now, 0
                if count >= limit:
                    return max(1, ceil(start + seconds - now))
                self.SLOT.pack_into(table, first + index * self.SLOT.size, tag, start, count + 1)
                return 0
            finally:
                fcntl.lockf(self.file, fcntl.LOCK_UN, width, first)


counters = HostCounters(Path(settings.DATA_DIR) / "request-counters")


class PerPerson(BaseThrottle):
    """The API's limit for a person, whatever they log in with; who is not logged in is counted by address."""

    seconds = 0

    def allow_request(self, request: Any, view: Any) -> bool:
        if request.user.is_authenticated:
            self.seconds = self.count(request.user.pk)
        return not self.seconds

    @staticmethod
    def count(person: Any) -> int:
        """Count a request of the person with this key; as `HostCounters.hit`."""
        return counters.hit(f"user {person}", settings.THROTTLE_USER)

    def wait(self) -> float:
        return self.seconds
