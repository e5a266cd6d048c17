"""What Django must know before the first query."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from common.functions import folded
from config.ops.sqlite import wait_in_short_steps


class LyceumConfig(AppConfig):
    """The project itself, for its commands and its database functions."""

    name = "config"
    label = "lyceum"

    def ready(self) -> None:
        connection_created.connect(_give_sqlite_fold)
        connection_created.connect(wait_in_short_steps)
        # Not before the models are there, whose views it looks at.
        from config.ops import checks  # noqa: F401


def _give_sqlite_fold(connection: Any, **_: Any) -> None:
    """SQLite folds ASCII only: give it Python's folding under the name that `Fold` uses."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("fold", 1, folded, deterministic=True)
