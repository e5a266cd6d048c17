"""Migrations: complete, and reversible down to nothing."""

import io
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories import (
    KeyframeFactory,
    MaterialFactory,
    OrganizationFactory,
    RoomMessageFactory,
    ThreadFactory,
    UserFactory,
)

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


@pytest.mark.django_db(transaction=True)
def test_rows_stay_as_they_are_through_every_later_migration(transactional_db):
    # SQLite alters a table by copying it, under keys that cascade.
    KeyframeFactory(), MaterialFactory(), OrganizationFactory()
    thread = ThreadFactory(messages=2)
    said = RoomMessageFactory()
    RoomMessageFactory(room=said.room, reply_to=said)
    thread.deleted_by = UserFactory()
    thread.save()
    before = dump()

    for label in reversed(OURS):
        call_command("migrate", label, "0001", verbosity=0)
    call_command("migrate", verbosity=0)

    assert dump() == before


def dump():
    """Every row of every table of ours."""
    models = [model for label in OURS for model in apps.get_app_config(label).get_models()]
    return {model: sorted(map(str, model._base_manager.values_list())) for model in models}


def test_push_is_refused_outside_debug(db):
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("push")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("answer", "applied"), [("", False), ("n\n", False), ("y\n", True)])
def test_push_shows_the_sql_and_applies_it_only_when_told_to(
    transactional_db, settings, monkeypatch, capsys, answer, applied
):
    settings.DEBUG = True
    call_command("migrate", "threads", "0001", verbosity=0)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))

    call_command("push")

    assert "thread_by_deleter" in capsys.readouterr().out
    there = MigrationExecutor(connection).loader.applied_migrations
    assert (("threads", "0002_index_only_deletions") in there) is applied
    call_command("migrate", verbosity=0)
