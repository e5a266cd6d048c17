"""Nasty values in every field of every body."""

import json
from typing import Any

import pytest

from tests.bad_inputs.cases import cases_of, expected, value_of
from tests.bad_inputs.places import Body, Field, fields_of
from tests.bad_inputs.world import World

# Where a text may be absent, an empty one and one of blanks alone are.
ABSENT = {"STR-06", "STR-07", "STR-08"}
# Long texts keep their line ends and the controls of other alphabets, and are measured by their own cases.
NAMES_ONLY = {"STR-13", "STR-21"}
# What is no sound text is no slug, language or password either.
NO_TEXT = {"STR-01", "STR-02", "STR-03", "STR-04", "STR-05", "STR-14", "STR-15", "STR-17", "STR-18"}


def send(world: World, body: Body, name: str, value: Any, *, raw: bool = False) -> Any:
    """The answer to the body with the value in the field; `raw` is JSON text as it stands."""
    if not raw:
        return world.ask(body.method, body.path, body.with_value(name, value))
    text = world.filled(json.dumps(body.with_value(name, "@")))
    return world.ask(body.method, body.path, text.replace('"@"', value))


def read_back(world: World, body: Body, answer: Any, name: str) -> Any:
    """The value of the field as it is read afterwards."""
    row: Any = answer.json()
    if body.row:
        row = world.ask("GET", body.row.format(id=row.get("id"))).json()
    elif "user" in row:
        row |= row["user"]  # who has signed up
    for part in (body.fields[name].read_as or name).split("."):
        # What is sent as a batch or a list of keyframes is answered as its items.
        row = row[int(part)] if part.isdigit() else row[part if part in row else "items"]
    return row


def passes(world: World, case: dict[str, Any], body: Body, name: str, field: Field, right: list[int]) -> None:
    """Send the case to one field, look at the answer, at what is kept, and whether all can still be read."""
    value = value_of(case, limit=field.limit)
    with world.unharmed(body.rows):
        answer = send(world, body, name, value, raw=case["via"] == "raw_field")
        assert answer.status_code in right, (str(body), name, answer.content[:300])
        if answer.status_code < 300 and "roundtrip" in case.get("then", ""):
            assert read_back(world, body, answer, name) == value, (str(body), name)


@pytest.mark.parametrize("case", cases_of("string", "single_line", "display_name"))
def test_names_and_titles(case, world):
    for body, name, field in fields_of("string", "tag"):
        absent = case["id"] in ABSENT and not field.needed
        passes(world, case, body, name, field, [200, 201] if absent else expected(case))


@pytest.mark.parametrize("case", [case for case in cases_of("string", "text") if case.id not in NAMES_ONLY])
def test_long_texts(case, world):
    for body, name, field in fields_of("text"):
        absent = case["id"] in {*ABSENT, "STR-09"} and not field.needed
        passes(world, case, body, name, field, [200, 201] if absent else expected(case))


@pytest.mark.parametrize("case", [case for case in cases_of("string") if case.id in NO_TEXT])
def test_texts_of_one_form(case, world):
    for body, name, field in fields_of("form", "username", "email", "url"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("ci_unique_name"))
def test_names_that_are_one_whatever_their_case(case, world):
    for body, name, field in fields_of("tag"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("tag"))
def test_sets_of_tags(case, world):
    for body, name, _ in fields_of("tag"):
        value = value_of(case)
        names = value if isinstance(value, list) else [value]
        with world.unharmed(body.rows):
            answer = world.ask(body.method, body.path, body.with_value(name.partition(".")[0], names))
            assert answer.status_code in expected(case)
            if "one_row" in case.get("then", ""):
                assert len(answer.json()[name.partition(".")[0]]) == 1


@pytest.mark.parametrize("case", cases_of("email"))
def test_addresses_of_mail(case, world, existing):
    for body, name, field in fields_of("email"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("username"))
def test_usernames(case, world, existing):
    for body, name, field in fields_of("username"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("url"))
def test_addresses_of_the_web(case, world):
    for body, name, field in fields_of("url"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("uuid"))
def test_keys_that_clients_choose(case, world):
    for body, name, field in fields_of("uuid"):
        passes(world, case, body, name, field, expected(case))


# What each case of this name points at, of the kind that the field wants.
ROWS = {"<uuid of another user's object>": "foreign", "<uuid of a soft-deleted object>": "deleted"}


@pytest.mark.parametrize("case", cases_of("fk"))
def test_keys_of_other_rows(case, world):
    for body, name, field in fields_of("fk"):
        value = value_of(case)
        if which := ROWS.get(value) if isinstance(value, str) else None:
            if f"{which} {field.of}" not in world.keys:
                continue  # everybody sees everybody
            value = f"<{which} {field.of}>"
        with world.unharmed(body.rows):
            answer = send(world, body, name, value)
            assert answer.status_code in expected(case), (str(body), name, answer.content)


@pytest.mark.parametrize("case", cases_of("enum"))
def test_choices(case, world):
    for body, name, field in fields_of("enum"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("integer", "float", "decimal"))
def test_numbers(case, world):
    for body, name, field in fields_of("integer", "duration"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("duration"))
def test_durations(case, world):
    for body, name, field in fields_of("duration"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("boolean"))
def test_yes_and_no(case, world):
    for body, name, field in fields_of("boolean"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize("case", cases_of("json"))
def test_objects(case, world):
    for body, name, field in fields_of("json"):
        passes(world, case, body, name, field, expected(case))


@pytest.mark.parametrize(
    "case", [case for case in cases_of("json") if case.id in {"JSN-05", "JSN-09", "JSN-13"}]
)
def test_lists(case, world):
    for body, name, field in fields_of("list"):
        passes(world, case, body, name, field, expected(case))
