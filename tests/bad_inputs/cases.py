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

# Where the collection leaves a choice: what Lyceum answers, everywhere and on both databases.
CHOSEN: dict[tuple[int, ...], str] = {
    (200,): "STM-01 HDR-09 HDR-21 HDR-22 CHT-02 CHT-15",
    (200, 201): "STR-25 STR-41 STR-42 TAG-01 TAG-02 TAG-03 EML-12 EML-13 UPL-01",
    (200, 201, 400): "BDY-17",
    (204, 400, 405): "MTH-02",
    (400,): (
        "STR-13 STR-44 EML-10 EML-11 USR-02 USR-03 AUT-01 AUT-02 AUT-03 AUT-06 AUT-07 UID-12 UID-13 "
        "STM-02 STM-03 STM-04 JSN-09 JSN-12 JSN-16 BDY-08 BDY-18 BDY-20 BDY-24 BDY-25 BDY-26 PAG-09 "
        "PAG-10 PAG-11 PAG-12 PAG-13 PAG-14 PAG-15 PAG-16 PAG-17 PAG-18 PAG-19 PAG-20 PAG-21 PAG-22 "
        "PAG-23 PAG-24 ORD-01 ORD-02 ORD-03 ORD-04 ORD-05 ORD-06 SRC-01 SRC-02 SRC-03 SRC-05 SRC-07 "
        "FLT-Q4 FLT-Q6 FLT-Q7 FLT-Q8 FLT-Q9 FMT-01 FMT-02 UPL-02 UPL-04 UPL-13 CHT-03 CHT-04"
    ),
    (401,): "HDR-04 HDR-05 HDR-20",
    (404,): "PTH-02 PTH-03 PTH-07 PTH-08 PTH-11 PTH-13 CHT-13",
    (405,): "MTH-04",
    (406,): "HDR-10",
    (409,): "EML-09 USR-01 STM-05 CHT-05 CHT-06 CHT-08",
    (412,): "HDR-18",
    (413,): "BDY-19 UPL-09 UPL-14",
    (415,): "BDY-21 UPL-06 UPL-07 UPL-08 UPL-11",
}
CHOICES = {case: statuses for statuses, chosen in CHOSEN.items() for case in chosen.split()}

# Kinds of value that no call takes.
NOT_HERE = {
    "url_fetched": "No address that somebody sends is ever fetched: each is a text that clients show.",
    "datetime": "No call takes a time; every time is the database's own.",
    "date": "No call takes a date.",
    "import": "There is no call that imports files of rows.",
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
    if case["id"] in DECIDED:
        return DECIDED[case["id"]][0]
    return list(CHOICES.get(case["id"], case["expect"]))


def value_of(case: dict[str, Any], *, limit: int = 0) -> Any:
    """What is sent; `limit` is the greatest length of the field it is sent to."""
    if "b64" in case:
        return b64decode(case["b64"])
    if "gen" in case:
        # Expressions of the collection itself, about the length of a field.
        return eval(case["gen"], {"__builtins__": {"range": range}}, {"MAX": limit, "TEXT_MAX": limit})  # noqa: S307
    return case["value"]
