"""Reads and bulk writes that every table with a trash shares."""

from datetime import UTC, datetime
from typing import Any, Self, TypeVar, cast

from django.db.models import F, Field, Func, Model, Q, QuerySet, Value
from django.db.models.functions import Now
from django.db.models.lookups import Contains

from common.functions import Fold, UnknownFirst, code_point_order

ModelT = TypeVar("ModelT", bound=Model)

# The `deleted_at` of a row that is being removed for good: long before any deletion, so that no retention
# keeps it.
GONE = datetime(1000, 1, 1, tzinfo=UTC)


class SearchQuerySet(QuerySet[ModelT]):
    """Rows that people search and sort."""

    def matching(self, term: str, *fields: str) -> Self:
        """Rows that hold the term in one of the fields, inside words too, whatever the case."""
        found = Q()
        for field in fields:
            found |= Q(Contains(Fold(F(field)), _folded(term)))
        return self.filter(found) if term else self

    def sorted_by(self, *keys: str) -> Self:
        """Rows by the named columns, `-` reversing; text by code point, unknown first, the key last."""
        order: list[Any] = []
        for key in keys:
            name = key.removeprefix("-")
            field = cast(Field, self.model._meta.get_field(name))
            expression: Any = UnknownFirst(name) if field.null else F(name)
            if field.get_internal_type() == "CharField":
                expression = code_point_order(name)
            order.append(expression.desc() if key.startswith("-") else expression.asc())
        newest_first = bool(keys) and keys[0].startswith("-")
        return self.order_by(*order, "-pk" if newest_first else "pk")


def _folded(term: str) -> Func:
    return Fold(Value(term))


class SoftDeleteQuerySet(SearchQuerySet[ModelT]):
    """Rows that can be in the trash."""

    def alive(self) -> Self:
        return self.filter(deleted_at=None)

    def deleted(self) -> Self:
        """What can be restored; not what is being removed for good."""
        return self.filter(deleted_at__gt=GONE)

    def deleted_before(self, time: datetime) -> Self:
        """What has been in the trash since then or longer, and what is being removed for good."""
        return self.filter(deleted_at__lte=time)

    def claim(self) -> int:
        """Begin to remove rows for good: nobody can restore them any more; how many there were."""
        return self.update(deleted_at=GONE)

    def soft_delete(self, by: Model | None = None, **more: Any) -> int:
        """Put live rows in the trash, with `more` columns that this moves; how many there were."""
        columns: dict[str, Any] = {"deleted_at": Now(), "updated_at": Now(), **more}
        if by is not None:
            columns["deleted_by"] = by
        return self.alive().update(**columns)

    def restore(self, **more: Any) -> int:
        """Bring rows back from the trash, with `more` columns that this moves; how many there were."""
        columns: dict[str, Any] = {"deleted_at": None, "updated_at": Now(), **more}
        if any(field.name == "deleted_by" for field in self.model._meta.fields):
            columns["deleted_by"] = None
        return self.deleted().update(**columns)
