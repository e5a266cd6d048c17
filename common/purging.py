"""How rows leave for good: in short transactions beside whoever is writing, each row whole or not at all.

A row on which others hang takes more than one transaction to remove. It is claimed first, by `GONE` in the
place of the time of its deletion: from then on nobody can restore it, and where a run is broken off, the next
one finds it by the same sign. Then what hangs on it goes, and the row itself comes last.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, models, transaction
from django.db.models import FileField, Model
from django.db.models.functions import Now
from django.db.models.sql import Query

from common.querysets import GONE
from common.uploads import remove_file

# Keys that are in memory at a time, and rows whose dependants are looked for together.
PAGE = 10_000
PARENTS = 200
# Seconds that a removal within a transaction should take, and how many rows that may be.
BUSY = 0.05
FEWEST, MOST = 20, 2_000

GOES_ALONG = (models.CASCADE, models.DB_CASCADE)
IS_LET_GO = (models.SET_NULL, models.DB_SET_NULL)

# The table, by its plural name, and how many of its rows have gone.
Removed = tuple[str, int]


@dataclass(frozen=True)
class Doomed:
    """Rows of one table that are to go: a question that every statement asks again."""

    rows: Any
    # Done first in each transaction that removes some of the rows.
    first: Callable[[Any], None] = lambda rows: None
    # The rows as they are before anything has gone, where that makes a difference.
    expected: Any = None


def database_time() -> datetime:
    """The time of the database: the one clock of all hosts."""
    query = Query(None)
    query.add_annotation(Now(), "now")
    (row,) = query.get_compiler(using=DEFAULT_DB_ALIAS).results_iter()
    return row[0]


def name_of(model: type[Model]) -> str:
    """What people call the rows of a table."""
    return str(model._meta.verbose_name_plural)


def _dependants(model: type[Model]) -> Iterator[Any]:
    """The keys of other tables that point at this one; read off the models, so that none is forgotten."""
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            yield relation


def expect(doomed: Iterable[Doomed]) -> dict[type[Model], list[Any]]:
    """The rows of each table that would go, by reason: as such, or along with rows of another table."""
    roots: dict[Any, list[Any]] = defaultdict(list)
    for one in doomed:
        roots[one.rows.model].append(one.rows if one.expected is None else one.expected)
    known: dict[Any, list[Any]] = {}

    def reasons(model: Any) -> list[Any]:
        if model not in known:
            known[model] = roots[model] + [
                model._base_manager.filter(**{f"{field.name}__in": owners.order_by().values("pk")})
                for field in model._meta.concrete_fields
                if field.remote_field and field.remote_field.on_delete in GOES_ALONG
                for owners in reasons(field.related_model)
            ]
        return known[model]

    return {model: found for model in apps.get_models(include_auto_created=True) if (found := reasons(model))}


def once(reasons: list[Any], column: str) -> Any:
    """The values of a column in the rows that go, each once, whatever the number of reasons."""
    # No OR: each part has an index of its own.
    first, *rest = (rows.order_by().values_list(column, flat=True) for rows in reasons)
    return first.union(*rest).order_by() if rest else first


def purge(doomed: Doomed) -> Iterator[Removed]:
    """Remove rows for good, step by step, with what hangs on them; says after each step what has gone.

    What is restored meanwhile stays, whole. What another run is removing at the same time is left to it.
    """
    yield from _Removal(doomed).steps()


class _Removal:
    def __init__(self, doomed: Doomed):
        self.doomed = doomed
        # Rows of one table weigh alike, of different tables from a few bytes to some megabytes.
        self.sizes: dict[type[Model], int] = defaultdict(lambda: FEWEST)

    def steps(self) -> Iterator[Removed]:
        rows, last = self.doomed.rows, None
        while True:
            rest = rows if last is None else rows.filter(pk__gt=last)
            page = list(rest.order_by("pk").values_list("pk", flat=True)[:PAGE])
            if not page:
                return
            yield from self._remove(rows, page, self._claim, self.doomed.first)
            last = page[-1]

    def _remove(self, rows: Any, keys: list[Any], claim: Any, first: Any = lambda rows: None) -> Any:
        """Remove those rows among the keys that are still in question; how many there were."""
        parents = _with_dependants(rows.model, keys)
        done = yield from self._in_steps(rows, [key for key in keys if key not in parents], _delete, first)
        for some in batched(sorted(parents), PARENTS):
            claimed = claim(rows, list(some))
            held = list(claimed.order_by("pk").values_list("pk", flat=True))
            yield from self._clear(rows.model, held)
            done += yield from self._in_steps(claimed, held, _delete, first)
        return done

    def _claim(self, rows: Any, keys: list[Any]) -> Any:
        with transaction.atomic(durable=True):
            held = _held(rows, keys)
            rows.model.objects.filter(pk__in=held).claim()
        return rows.model.objects.filter(pk__in=held, deleted_at=GONE)

    def _clear(self, model: type[Model], keys: list[Any]) -> Iterator[Removed]:
        """Remove what hangs on rows that are claimed, and let go what merely points at them."""
        for relation in _dependants(model):
            rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": keys})
            let_go = _without(relation.field.name)
            while page := list(rows.order_by().values_list("pk", flat=True)[:PAGE]):
                if relation.on_delete in GOES_ALONG:
                    done = yield from self._remove(rows, page, _as_they_are)
                else:
                    done = yield from self._in_steps(rows, page, let_go)
                if not done:
                    break  # somebody holds them: the row takes them along, or waits for the next run

    def _in_steps(self, rows: Any, keys: list[Any], act: Any, first: Any = lambda rows: None) -> Any:
        """Act on the keys, a few in each transaction, so that it takes as long as it should."""
        at = done = 0
        while at < len(keys):
            size = self.sizes[rows.model]
            step = keys[at : at + size]
            with transaction.atomic(durable=True):
                begun = time.perf_counter()
                first(rows.filter(pk__in=step))
                held = _held(rows, step)
                # What comes before is the same however few there are, or is waiting for others.
                started = time.perf_counter()
                follow_up = act(rows.model, held)
                took = time.perf_counter() - started
            if len(step) == size or took > BUSY:
                self.sizes[rows.model] = max(FEWEST, min(MOST, int(len(step) * min(2, BUSY / took))))
            if connection.vendor == "sqlite":
                # Whoever waits for the file looks at it now and then, and must find it free.
                time.sleep(time.perf_counter() - begun)
            at += size
            done += len(held)
            yield from follow_up()
        return done


def _held(rows: Any, keys: list[Any]) -> list[Any]:
    """The keys whose rows are still in question, held until commit; without those that others hold."""
    found = rows.filter(pk__in=keys).select_for_update(skip_locked=True).order_by("pk")
    return list(found.values_list("pk", flat=True))


def _with_dependants(model: type[Model], keys: list[Any]) -> set[Any]:
    """The keys of rows that others point at."""
    found: set[Any] = set()
    for relation in _dependants(model):
        pointing = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": keys})
        found.update(pointing.order_by().values_list(relation.field.attname, flat=True).distinct())
    return found


def _as_they_are(rows: Any, keys: list[Any]) -> Any:
    return rows.filter(pk__in=keys)


def _delete(model: type[Model], keys: list[Any]) -> Callable[[], Iterator[Removed]]:
    """Delete rows through the ORM, which knows the cascades that the database does not."""
    rows: Any = model._base_manager.filter(pk__in=keys)
    files = [name for column in file_columns(model) for name in rows.values_list(column, flat=True) if name]
    rows.delete()

    def follow_up() -> Iterator[Removed]:
        yield name_of(model), len(keys)
        # Only now that it is committed: a row that stays keeps its file.
        yield FILES, sum(remove_file(name) for name in files)

    return follow_up


def _without(field: str) -> Any:
    def let_go(model: type[Model], keys: list[Any]) -> Callable[[], Iterator[Removed]]:
        model._base_manager.filter(pk__in=keys).update(**{field: None})
        return lambda: iter(())

    return let_go


FILES = "files"


def file_columns(model: type[Model]) -> Iterator[str]:
    """The columns in which a table has the names of files."""
    yield from (field.name for field in model._meta.concrete_fields if isinstance(field, FileField))
