"""The world of the fuzz, and what a run has met in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from accounts.models import User
from tests.fuzz.world import make_world, undone


@pytest.fixture(scope="package")
def owner(django_db_setup: None, django_db_blocker: Any) -> Iterator[User]:
    """Alice with the world around her, made once; what a test writes is taken back at its end."""
    with django_db_blocker.unblock(), undone():
        yield make_world()


@pytest.fixture
def alice(owner, db, monkeypatch):
    """The person who asks."""
    # What a request does at its end, and what would end the transaction around it.
    monkeypatch.setattr(connections["default"], "close_if_unusable_or_obsolete", lambda: None)
    return owner


def pytest_terminal_summary(terminalreporter: Any) -> None:
    rows = [
        (report.nodeid.partition("[")[2].rstrip("]"), dict(report.user_properties)["seen"])
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        if report.when == "call" and "seen" in dict(report.user_properties)
    ]
    for label, seen in sorted(rows, key=lambda row: row[0].split()[::-1]):
        terminalreporter.write_line(
            f"{label:<75} {'  '.join(f'{status}: {n}' for status, n in seen.items())}"
        )
