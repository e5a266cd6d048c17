"""Single values: each of its own type, bounded, and the same on every database."""

import pytest
from django.db import models
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from common.constraints import MAX_INTEGER
from common.fields import KeyField
from common.serializers import StrictModelSerializer
from tests.factories import SubjectFactory


def code(answer, field):
    """The code of the refusal of one field; None where the whole body was taken."""
    if answer.status_code in {200, 201}:
        return None
    assert answer.status_code == 400
    return answer.json()["error"]["fields"][field][0]["code"]


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "https://example.com:8443/a/b.html?c=d#e",
        "HTTPS://EXAMPLE.COM/",
        "http://localhost:3000/x",
        "http://127.0.0.1/",
        "http://[::1]:8000/",
        "https://bücher.example/straße?q=é",
        "https://xn--bcher-kva.example/",
        "https://xn--strae-oqa.example/",  # straße, which only the newer rules allow
        "https://例え.テスト/",
        "https://example.com/" + "a" * 1980,
    ],
)
def test_an_address_of_the_web_is_taken(as_user, alice, address):
    answer = as_user(alice).patch("/api/v1/me/", {"image": address})

    assert (answer.status_code, answer.json().get("image")) == (200, address)


@pytest.mark.parametrize(
    "address",
    [
        "example.com",
        "//example.com/x",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "file:///etc/passwd",
        "ftp://example.com/",
        "http://",
        "http://[",
        "http://[::1",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://exa mple.com/",
        "http://example.com/a b",
        "http://example.com/\r\nX-Injected: 1",
        "http://example.com/\x01",
        "http://example.com/\u202ex",
        "\thttps://example.com",
        " https://example.com",
        "http://user:secret@example.com/",
        "http://user@example.com/",
        "http://xn--a.com/",
        "http://xn--.com/",
        "http://xn--zzzzzzzzzzzz.com/",
        "http://" + "ü" * 60 + ".com/",
    ],
)
def test_any_other_address_is_refused(as_user, alice, address):
    answer = as_user(alice).patch("/api/v1/me/", {"image": address})

    assert code(answer, "image") == "invalid_url"


def test_an_address_has_a_length(as_user, alice):
    answer = as_user(alice).patch("/api/v1/me/", {"image": "https://example.com/" + "a" * 1981})

    assert code(answer, "image") == "max_length"


@pytest.mark.parametrize(
    "key",
    [
        "nonsense",
        "",
        1,
        -1,
        2**62,
        1.5,
        True,
        ["3fa85f64-5717-4562-b3fc-2c963f66afa6"],
        {"id": 1},
        "3fa85f64-5717-4562-b3fc-2c963f66afa6\n",
        " 3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "3fa85f6457174562b3fc2c963f66afa6",
        "{3fa85f64-5717-4562-b3fc-2c963f66afa6}",
        "urn:uuid:3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "\u0663fa85f64-5717-4562-b3fc-2c963f66afa6",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-ffff-ffff-ffff-ffffffffffff",
    ],
)
def test_a_key_is_a_hyphenated_uuid_and_neither_the_least_nor_the_greatest(as_user, alice, key):
    own = as_user(alice).post("/api/v1/subjects/", {"name": "Physics", "id": key})
    other = as_user(alice).post("/api/v1/materials/", {"title": "x", "type": "text", "subject": key})

    assert code(own, "id") == "invalid"
    assert code(other, "subject") == "invalid"


def test_a_key_may_be_written_in_capitals_and_of_any_version(as_user, alice):
    subject = SubjectFactory(user=alice)
    body = {"title": "x", "type": "text", "subject": str(subject.pk).upper()}

    made = as_user(alice).post("/api/v1/materials/", body)
    fourth = as_user(alice).post(
        "/api/v1/subjects/", {"name": "x", "id": "3FA85F64-5717-4562-B3FC-2C963F66AFA6"}
    )

    assert (made.status_code, made.json()["subject"]) == (201, str(subject.pk))
    assert fourth.json()["id"] == "3fa85f64-5717-4562-b3fc-2c963f66afa6"
    assert as_user(alice).post("/api/v1/subjects/", {"name": "y", "id": None}).status_code == 400


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        *[
            (wrong, "invalid")
            for wrong in ("5", "abc", " 7 ", "1_000", "\u0663", "", 5.0, 1.5, True, [1], {})
        ],
        (None, "null"),
        (0, "min_value"),
        (11, "max_value"),
        (2**31, "max_value"),
        (-(2**31) - 1, "min_value"),
    ],
)
def test_a_number_is_a_json_number_within_its_bounds(as_user, alice, value, refusal):
    answer = as_user(alice).patch("/api/v1/me/settings/", {"difficulty": value})

    assert code(answer, "difficulty") == refusal


def test_a_number_has_the_same_bound_on_every_database():
    class Thing(models.Model):  # noqa: DJ008
        small = models.PositiveIntegerField()
        large = models.PositiveBigIntegerField()

        class Meta:
            app_label = "tests"
            managed = False

    class ThingSerializer(StrictModelSerializer):
        class Meta:
            model = Thing
            fields = ("small", "large")

    for field in ThingSerializer().fields.values():
        assert (field.min_value, field.max_value) == (0, MAX_INTEGER)


@pytest.mark.parametrize("value", ["true", "maybe", "", 0, 1, 2, [], {}, "\u0661"])
def test_yes_and_no_are_true_and_false(as_user, alice, value):
    answer = as_user(alice).patch("/api/v1/me/settings/", {"pacing": value})

    assert code(answer, "pacing") == "invalid"


@pytest.mark.parametrize(
    "value", ["", "VISUAL", "visual ", "bogus", "v\u0131sual", 0, ["visual"], {"visual": 1}]
)
def test_a_choice_is_one_of_its_words_exactly(as_user, alice, value):
    answer = as_user(alice).patch("/api/v1/me/settings/", {"learning_style": value})

    assert code(answer, "learning_style") == "invalid_choice"


@pytest.mark.parametrize("value", [12345, True, [], {"a": 1}, 1.5])
def test_a_text_is_a_json_text(as_user, alice, value):
    name = as_user(alice).post("/api/v1/subjects/", {"name": value})
    text = as_user(alice).post("/api/v1/subjects/", {"name": "x", "description": value})

    assert code(name, "name") == code(text, "description") == "invalid"


@pytest.mark.parametrize(
    "text",
    [
        "Robert'); DROP TABLE subject;--",
        "100%_\\ off",
        "<script>alert(1)</script>",
        "{{7*7}}{% debug %}${7*7}",
        '=HYPERLINK("http://evil.example/","x")',
        "None",
        "NaN",
        "__proto__",
        "👨\u200d👩\u200d👧\u200d👦",
        "שלום مرحبا 你好 हि",
        "O'Brien — “naïve” & <3",
        "\uffff\U0010ffff",
        "😀" * 200,
    ],
)
def test_ordinary_text_comes_back_as_it_was_sent(as_user, alice, text):
    made = as_user(alice).post("/api/v1/subjects/", {"name": text, "description": text})

    assert (made.status_code, made.json()["name"], made.json()["description"]) == (201, text, text)
    again = as_user(alice).get(f"/api/v1/subjects/{made.json()['id']}/").json()
    assert (again["name"], again["description"]) == (text, text)


@given(st.uuids())
def test_any_hyphenated_uuid_is_a_key(key):
    assert KeyField().run_validation(str(key)) == key
    assert KeyField().run_validation(str(key).upper()) == key


def test_a_key_of_nobodys_row_is_refused_like_one_out_of_sight(as_user, alice, bob):
    foreign = SubjectFactory(user=bob)
    bodies = [{"title": "x", "type": "text", "subject": str(key)} for key in (foreign.pk, uuid7())]

    answers = [as_user(alice).post("/api/v1/materials/", body) for body in bodies]

    assert code(answers[0], "subject") == "does_not_exist"
    first, second = (answer.json()["error"] | {"request_id": ""} for answer in answers)
    assert first == second
