"""Every operation of the document, with what the document allows and with what it does not."""

from collections import Counter

import pytest
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test

from tests.fuzz.checks import ADDED, EXCLUDED, OF_ALLAUTH
from tests.fuzz.document import document, libraries_of, operations
from tests.fuzz.world import make_staff, token_of, undone


def fuzz(operation, ask):
    """Examples, coverage and fuzzing of one operation."""
    # What schemathesis's own decorator makes of each operation when tests are collected: for this many that
    # takes longer than the tests, in every process.
    test = build_operation_test(
        config=operation.schema.config,
        operation=operation,
        test_func=ask,
        given_kwargs={},
        feedback=FeedbackSources(),
    )
    test()


@pytest.mark.parametrize("label", operations("/api/v1/"))
def test_every_answer_is_one_that_the_document_has(label, alice, client, record_property):
    (found,) = document().include(name=label).get_all_operations()
    operation = found.ok()
    is_for_staff = "/ops/" in label
    token = token_of(make_staff() if is_for_staff else alice)
    log_in = {"Authorization": f"Bearer {token}"}
    seen, welcome = Counter(), []

    def ask(case):
        # What is no key in a path is refused by the table of addresses, for every method alike.
        if case.method != "GET" and case.meta.is_negative_at(ParameterLocation.PATH):
            return
        with undone():
            response = case.call(headers=log_in)
            is_welcome = 200 <= response.status_code < 300
            if is_welcome and case.method not in {"GET", "DELETE"}:
                for library in libraries_of(case):
                    assert client.get(library, headers=log_in).status_code == 200, library
        seen[response.status_code] += 1
        if is_welcome:
            welcome.append(case)
        case.validate_response(response, excluded_checks=EXCLUDED, additional_checks=ADDED)

    try:
        fuzz(operation, ask)
    finally:
        record_property("seen", dict(sorted(seen.items())))

    assert welcome, f"Nothing has ever come in: {dict(seen)}"
    if {} not in operation.definition.raw["security"]:
        with undone():
            assert welcome[0].call().status_code == 401


@pytest.mark.parametrize("label", operations("/api/auth/"))
def test_every_answer_of_the_log_in_is_one_that_the_document_has(label, alice, record_property):
    (found,) = document().include(name=label).get_all_operations()
    log_in = {"X-Session-Token": token_of(alice)}
    seen = Counter()

    def ask(case):
        with undone():
            response = case.call(headers=log_in)
        seen[response.status_code] += 1
        case.validate_response(response, checks=OF_ALLAUTH)

    try:
        fuzz(found.ok(), ask)
    finally:
        record_property("seen", dict(sorted(seen.items())))
