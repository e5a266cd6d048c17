"""What is asked of each answer, beside schemathesis's own checks."""

from typing import Any

from schemathesis.checks import CHECKS, load_all_checks

from tests.fuzz.document import published

load_all_checks()

# Why a request that the document allows may still be a 400: rules that JSON Schema cannot say, by their code.
UNSAID = {
    "_": "two parameters that exclude each other",
    "ids": "the same",
    "blank": "nothing visible but marks and format characters",
    "characters": "a character that trimming or composing has brought to the inside",
    "does_not_exist": "a key of a row that the sender cannot see",
    "duplicate": "one id twice in a list",
    "invalid_choice": "a column named twice in an ordering",
    "invalid_email": "stricter than the format of JSON Schema",
    "invalid_form": "a pattern's $ before a line feed",
    "invalid_url": "a host that is none",
    "not_a_video": "an address of something else",
    "max_length": "an address in the place of a text",
    "parse_error": "numbers beyond 64 bits and twenty levels, inside of free JSON",
    "max_value": "a number beyond the room's last message",
    "not_allowed": "a field of another type of material",
    "oneself": "a direct room with oneself",
    "password_entirely_numeric": "rules of passwords",
    "password_too_common": "rules of passwords",
    "password_too_short": "rules of passwords",
    "password_too_similar": "rules of passwords",
    "required": "a field that the type of material asks for",
    "too_large": "bytes of JSON",
}


def accepts_what_is_allowed(ctx: Any, response: Any, case: Any) -> None:
    """Refuses nothing that the document allows, but for the rules that it cannot say."""
    if response.status_code != 400 or not case.meta.generation.mode.is_positive:
        return
    error = response.json()["error"]
    fields = error.get("fields", {error["code"]: [error]})
    unexplained = {
        name: [one["code"] for one in errors]
        for name, errors in fields.items()
        if name not in UNSAID and not _is_whole_fraction(case.body, name)
        if {one["code"] for one in errors} - UNSAID.keys()
    }
    assert not unexplained, response.text


def _is_whole_fraction(body: Any, name: str) -> bool:
    """Whether a field was sent as 1.0, which is an integer to JSON Schema and none to Lyceum."""
    value = body
    for part in name.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit():
            value = value[int(part)]
    return isinstance(value, float) and value.is_integer()


def refuses_what_is_not_allowed(ctx: Any, response: Any, case: Any) -> None:
    """Takes nothing that the document does not allow, but for tabs and line ends that are trimmed off."""
    if not _is_trimmed(case.body):
        CHECKS.get_one("negative_data_rejection")(ctx, response, case)


def _is_trimmed(value: Any) -> bool:
    """Whether there is a text that begins or ends in what the patterns of names do not have."""
    if isinstance(value, dict | list):
        return any(map(_is_trimmed, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and value != value.strip("\t\n\v\f\r")


def finds_what_was_made(ctx: Any, response: Any, case: Any) -> None:
    """What has just been made is there; it cannot be restored, though, because it is not deleted."""
    if not case.path.endswith("/restore/"):
        CHECKS.get_one("ensure_resource_availability")(ctx, response, case)


def finds_nothing_that_was_deleted(ctx: Any, response: Any, case: Any) -> None:
    """What was deleted is gone, unless it can be restored: then it may have been."""
    resource = "/".join(case.path.split("/")[:4])
    if f"{resource}/{{id}}/restore/" not in published()["paths"]:
        CHECKS.get_one("use_after_free")(ctx, response, case)


# Each is asked by the test itself or by a check above, for the reason that stands there.
EXCLUDED = [
    CHECKS.get_one(name)
    for name in (
        "ignored_auth",  # it would guess at the header that logs in
        "positive_data_acceptance",
        "negative_data_rejection",
        "ensure_resource_availability",
        "use_after_free",
    )
]
ADDED = [
    accepts_what_is_allowed,
    refuses_what_is_not_allowed,
    finds_what_was_made,
    finds_nothing_that_was_deleted,
]
# The bodies of allauth's calls are not as its own document says: it knows fewer flows than there are.
OF_ALLAUTH = [
    CHECKS.get_one(name)
    for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance")
]
