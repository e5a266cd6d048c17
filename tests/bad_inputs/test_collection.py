"""Whether every case is tried, and every field and address is tried with it."""

import importlib

from tests.bad_inputs import cases
from tests.bad_inputs.places import BODIES

MODULES = ("fields", "requests", "actions", "uploads")


def test_every_kind_of_case_is_tried_or_has_a_reason_not_to_be():
    for module in MODULES:
        importlib.import_module(f"tests.bad_inputs.test_{module}")

    assert cases.taken | cases.NOT_HERE.keys() == {case["target"] for case in cases.CASES}
    assert not cases.taken & cases.NOT_HERE.keys()


def test_nearly_every_answer_is_the_expected_one():
    tried = [
        case["id"] for case in cases.CASES if case["target"] in cases.taken and case.get("applies", True)
    ]
    otherwise = [case for case in tried if case in cases.DECIDED]

    print(f"{len(tried)} cases, {len(tried) - len(otherwise)} answered exactly as expected")
    assert len(otherwise) <= 0.02 * len(tried)


def test_what_was_chosen_is_one_of_the_choices():
    for case, statuses in cases.CHOICES.items():
        assert set(statuses) < set(cases.BY_ID[case]["expect"]), case


def sent_fields(document, schema, prefix=""):
    """Every field of a body in the document, those of nested bodies by dotted names."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in schema.get("oneOf", schema.get("anyOf", [])):
        yield from sent_fields(document, one, prefix)
    for name, inner in schema.get("properties", {}).items():
        if "items" in inner:
            nested = set(sent_fields(document, inner["items"], f"{prefix}{name}.0."))
            yield from nested or {f"{prefix}{name}.0" if inner["items"] else f"{prefix}{name}"}
        else:
            yield from set(sent_fields(document, inner, f"{prefix}{name}.")) or {f"{prefix}{name}"}


def test_every_field_of_every_body_is_tried(anyone, db):
    document = anyone.get("/api/schema/?format=json").json()
    missing = []
    for path, operations in document["paths"].items():
        if not path.startswith("/api/v1/"):
            continue
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            for form in content.values():
                tried = {name for body in BODIES if same_place(body, method, path) for name in body.fields}
                missing += [
                    (method, path, name)
                    for name in sent_fields(document, form["schema"])
                    if name not in tried
                ]
    assert not missing


def same_place(body, method, path):
    mine = f"/api/v1/{body.path}".split("/")
    theirs = path.split("/")
    return (
        body.method == method.upper()
        and len(mine) == len(theirs)
        and all(
            one == other or (one.startswith("<") and other.startswith("{"))
            for one, other in zip(mine, theirs, strict=True)
        )
    )
