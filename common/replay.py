"""Whether a repeated create asks for what is there already."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model


def is_replay(row: Model, sent: Mapping[str, Any]) -> bool:
    """Whether every value that was sent, under its column's name, is the one that the row has now."""
    return all(_alike(_kept(row, name), value) for name, value in sent.items())


def _kept(row: Model, name: str) -> Any:
    field: Any = row._meta.get_field(name)
    return getattr(row, field.attname if field.is_relation else name)


def _alike(kept: Any, sent: Any) -> bool:
    """Equality as JSON has it: true is not 1, and 1 is 1.0."""
    if isinstance(sent, Model):
        return kept == sent.pk
    if isinstance(kept, dict) and isinstance(sent, dict):
        return kept.keys() == sent.keys() and all(_alike(kept[key], sent[key]) for key in kept)
    if isinstance(kept, list) and isinstance(sent, list):
        return len(kept) == len(sent) and all(map(_alike, kept, sent))
    return kept == sent and isinstance(kept, bool) == isinstance(sent, bool)
