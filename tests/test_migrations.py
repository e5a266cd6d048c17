"""Migrations: complete, and reversible down to nothing."""

from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from tests.factories import ThreadFactory

OURS = ["accounts", "materials", "media_summaries", "threads", "chatrooms"]


def test_every_model_has_its_migration(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_migration_has_a_name():
    for label in OURS:
        for path in apps.get_app_config(label).path and _files(label):
            assert "auto" not in path.name


def _files(label):

    return sorted(Path(apps.get_app_config(label).path, "migrations").glob("0*.py"))


@pytest.mark.django_db(transaction=True)
def test_forwards_backwards_to_nothing_and_forwards_again(transactional_db):
    # The admin's log points at people, so it goes first and comes back last.
    for label in ("admin", *reversed(OURS), "account"):
        call_command("migrate", label, "zero", verbosity=0)
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert not [table for table in tables if table.startswith(tuple(f"{label}_" for label in OURS))]

    call_command("migrate", verbosity=0)

    assert ThreadFactory(messages=1).messages.count() == 1
