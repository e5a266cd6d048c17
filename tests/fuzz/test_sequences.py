"""Calls that follow from each other: what one has made is read, changed, deleted, restored by the next."""

from collections import Counter
from contextlib import ExitStack

from hypothesis import HealthCheck, settings

from tests.fuzz.checks import ADDED, EXCLUDED
from tests.fuzz.document import EXAMPLES, SEED, document
from tests.fuzz.world import token_of, undone

STEPS = 8


def test_what_is_made_goes_on_as_documented(alice, record_property):
    # What ends the log-in would end each sequence.
    schema = (
        document().include(path_regex="^/api/v1/").exclude(path_regex="/ops/|/signup/|/me/$|/me/sessions/")
    )
    schema.apply_stateful_inference(None)
    log_in = {"Authorization": f"Bearer {token_of(alice)}"}
    seen = Counter()

    class Sequence(schema.as_state_machine()):
        def setup(self):
            self.stack = ExitStack()
            self.stack.enter_context(undone())

        def teardown(self):
            self.stack.close()

        def get_call_kwargs(self, case):
            return {"headers": log_in}

        def after_call(self, response, case):
            super().after_call(response, case)
            seen[f"{case.method} {response.status_code}"] += 1

        def validate_response(self, response, case, **kwargs):
            case.validate_response(
                response,
                excluded_checks=EXCLUDED,
                additional_checks=ADDED,
                recorder=self.recorder,
                transport_kwargs=kwargs,
            )

    try:
        Sequence.run(
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                derandomize=not SEED,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
        )
    finally:
        record_property("seen", dict(sorted(seen.items())))

    assert {"PATCH 200", "DELETE 204"} <= seen.keys(), dict(seen)
