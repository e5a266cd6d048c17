"""What the seeds of the apps share: keys that stay the same, and volume at the speed of the database."""

import datetime
import functools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.db import connection
from django.db.models import Model

_NAMESPACE = UUID("6f0c2f52-9f3e-5d0b-8f0a-3b1f6f1d2c4e")


def stable_id(name: str) -> UUID:
    """The key of a seeded row: the same name gives the same key on every machine."""
    return uuid5(_NAMESPACE, name)


@dataclass(frozen=True)
class Volume:
    """Many rows of one table, as text and numbers that both databases read: keys of 32 hexadecimal digits,
    times as `2026-01-31 12:00:00.000000` in UTC, JSON as text.
    """

    model: type[Model]
    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]
    count: int


class Made:
    """Deterministic keys, times and texts of one run; the same seed gives the same world."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)  # noqa: S311  (a reproducible world, not a secret)
        self._keys = _FIRST_KEY
        starts = (self.random.randrange(400) for _ in range(500))
        self._texts = [_TALK[start : start + 30 + start % 230].strip() for start in starts]

    def key(self) -> str:
        """A key of version 7: a counter where the time stands, then chance."""
        self._keys += 1
        chance = self.random.getrandbits(72)
        return f"{self._keys:012x}7{chance >> 60:03x}8{chance & _60_BITS:015x}"

    def text(self, number: int) -> str:
        """A few words of study talk, 30 to 260 characters."""
        return self._texts[number % 500]


_FIRST_KEY = 1_767_225_600_000  # 2026-01-01 in milliseconds
_60_BITS = 2**60 - 1
_FIRST_DAY = datetime.datetime(2026, 1, 1)
_TALK = 10 * (
    "Let us go through it step by step. What is given, what is asked, and which rule links the two? "
    "Écrivez l'hypothèse avant le calcul. A worked example first, then you try one without looking. "
    "The derivative says how fast the value changes; the integral adds the changes up again. "
    "Was ist der Unterschied zwischen Ursache und Anlass? Say it in your own words, then compare. "
    "Remember the units: metres per second squared is not metres per second. "
)


@functools.lru_cache(maxsize=200_000)
def moment(second: int) -> str:
    """The time so many seconds after the beginning of 2026."""
    return (_FIRST_DAY + datetime.timedelta(seconds=second)).isoformat(" ", "microseconds")


def shares(made: Made, total: int, parts: int) -> list[int]:
    """`total` in so many parts, a few large and many small, as people use things."""
    weights = [made.random.paretovariate(1.2) for _ in range(parts)]
    scale = total / sum(weights)
    sizes = [int(weight * scale) for weight in weights]
    sizes[0] += total - sum(sizes)
    return sizes


def load(volume: Volume) -> Iterator[int]:
    """Insert the rows with every constraint in place; yields how many so far, now and then."""
    table = connection.ops.quote_name(volume.model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(column) for column in volume.columns)
    if connection.vendor == "postgresql":
        yield from _copy(f"COPY {table} ({columns}) FROM STDIN", volume)
    else:
        marks = ", ".join("?" for _ in volume.columns)
        yield from _insert(f"INSERT INTO {table} ({columns}) VALUES ({marks})", volume)  # noqa: S608


_STEP = 20_000


def _copy(statement: str, volume: Volume) -> Iterator[int]:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for number, row in enumerate(volume.rows, 1):
            copy.write_row(row)
            if number % _STEP == 0:
                yield number


def _insert(statement: str, volume: Volume) -> Iterator[int]:
    rows, done = iter(volume.rows), 0
    raw = connection.connection.cursor()
    while block := [row for _, row in zip(range(_STEP), rows, strict=False)]:
        raw.executemany(statement, block)
        done += len(block)
        yield done
