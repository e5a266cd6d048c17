"""The collection of nasty inputs, and what Lyceum answers otherwise than it expects."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "cases.json").read_text())
BY_ID = {case["id"]: case for case in CASES}

# What Lyceum answers otherwise: the statuses, and why.
DECIDED: dict[str, tuple[list[int], str]] = {}

# Kinds of value that no call takes.
NOT_HERE = {
    "url_fetched": "No address that somebody sends is ever fetched: each is a text that clients show.",
    "datetime": "No call takes a time; every time is the database's own.",
    "date": "No call takes a date.",
    "import": "There is no call that imports files of rows.",
    "live": "There are no live events yet.",
    "sql_console": "There is no SQL console yet.",
}

taken: set[str] = set()


def cases_of(*targets: str) -> list[Any]:
    """The cases of these kinds, each to be one test."""
    taken.update(targets)
    return [
        pytest.param(case, id=case["id"])
        for case in CASES
        if case["target"] in targets and case.get("applies", True)
    ]


def expected(case: dict[str, Any]) -> list[int]:
    """The statuses that are right for the case."""
    return DECIDED[case["id"]][0] if case["id"] in DECIDED else case["expect"]


def value_of(case: dict[str, Any], *, limit: int = 0) -> Any:
    """What is sent; `limit` is the greatest length of the field it is sent to."""
    if "b64" in case:
        return b64decode(case["b64"])
    if "gen" in case:
        # Expressions of the collection itself, about the length of a field.
        return eval(case["gen"], {"__builtins__": {"range": range}}, {"MAX": limit, "TEXT_MAX": limit})  # noqa: S307
    return case["value"]
