"""The rules for text, over all of Unicode."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from common.fields import LongTextField, NameField
from common.text import is_visible, normalised, suits_a_name, suits_a_text

# Whole characters: the parser lets no half of one through.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
marks = st.sampled_from("\u0301\u0327\u0344\u0323\u0345\u0f71\u0f73\u0f81\u3099\u1dfa\U0001e8d0")
awkward = st.text(
    st.sampled_from(
        "aé \t\n\x00\x1f\x7f\x85\xa0\u00ad\u034f\u115f\u200b\u200d\u200e\u202e\u2060\u3000\ufe0f\ufeff"
    )
    | marks,
    max_size=20,
)


@given(texts | awkward)
@example("e\u0301")
def test_composing_gives_the_composed_form_of_unicode(text):
    assert normalised(text) == unicodedata.normalize("NFC", text)


@given(st.sampled_from(["", "a", "é", "\u1100", "ก"]), st.lists(marks, min_size=60, max_size=150), texts)
def test_a_heap_of_marks_is_composed_like_any_other(letter, heap, rest):
    text = letter + "".join(heap) + rest

    assert normalised(text) == unicodedata.normalize("NFC", text)


def test_a_hundred_thousand_marks_on_one_letter_cost_no_time():
    began = time.perf_counter()

    normalised("a" + "\u0301\u0327" * 50_000)

    # Python alone takes some ten seconds.
    assert time.perf_counter() - began < 1


def refused_in_names(character):
    return (
        unicodedata.category(character) == "Cc"
        or character in "\u200b\u2060\ufeff"
        or "\u202a" <= character <= "\u202e"
        or "\u2066" <= character <= "\u2069"
    )


@given(texts | awkward)
def test_names_hold_nothing_that_hides_or_reorders(text):
    assert suits_a_name(text) == (not any(map(refused_in_names, text)))


@given(texts | awkward)
def test_long_texts_hold_no_control_but_tab_newline_and_return(text):
    assert suits_a_text(text) == all(character >= " " or character in "\t\n\r" for character in text)


@pytest.mark.parametrize(
    "text",
    ["", " \t\u00a0\u3000", "\u200d\u200c", "\u00ad", "\u034f", "\ufe0f", "\u180b", "\u3164\u115f", "\u2800"],
)
def test_what_prints_nothing_is_not_visible(text):
    assert not is_visible(text)


@pytest.mark.parametrize(
    "text", ["x", " . ", "\u0301", "👨\u200d👩\u200d👧", "हि", "שלום", "\u200fא", "©\ufe0f"]
)
def test_what_prints_something_is_visible(text):
    assert is_visible(text)


def kept(field, text):
    """What a field makes of a text, or the code of its refusal in brackets."""
    try:
        return field.run_validation(text)
    except ValidationError as refused:
        return [refused.detail[0].code]


# Python trims the separators U+001C to U+001F and U+0085 as well; they are controls.
BLANKS = "".join(set(filter(str.isspace, map(chr, range(0x3001)))) - set("\x1c\x1d\x1e\x1f\x85"))


@given(texts | awkward)
@example("\x1cEbb")
@example("Flow\x85")
@example("\x1e")
@example("\t Ebb and flow\u3000\n")
def test_a_name_is_kept_trimmed_and_composed_or_refused(text):
    name = unicodedata.normalize("NFC", text.strip(BLANKS))
    fine = is_visible(name) and suits_a_name(name) and len(name) <= 20

    answer = kept(NameField(max_length=20), text)

    assert answer == name if fine else answer in (["blank"], ["characters"], ["max_length"])


@given(texts | awkward)
def test_a_long_text_is_kept_composed_and_untrimmed_or_refused(text):
    composed = unicodedata.normalize("NFC", text)
    fine = is_visible(composed) and suits_a_text(composed) and len(composed) <= 30

    answer = kept(LongTextField(max_length=30), text)

    assert answer == composed if fine else answer in (["blank"], ["characters"], ["max_length"])


def test_a_limit_counts_code_points_of_the_composed_form():
    field = NameField(max_length=3)

    assert kept(field, "e\u0301" * 3) == "ééé"
    assert kept(field, "😀😀😀") == "😀😀😀"
    assert kept(field, "éééé") == ["max_length"]


def test_an_optional_name_may_be_absent_but_not_invisible():
    field = NameField(max_length=20, allow_blank=True)

    assert kept(field, "  ") == ""
    assert kept(field, "\u200d") == ["blank"]
