"""What text may hold: the rules for names and for long texts, over all of Unicode."""

import re
import unicodedata
from typing import NamedTuple

# Controls (C0, DEL, C1), zero width space, word joiner, byte order mark and the bidirectional controls.
# Joiners and the directional marks that ordinary writing needs are not among them.
_HIDDEN = r"\u0000-\u001f\u007f-\u009f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069"
_CONTROLS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f"
# Controls that Python trims as if they were blanks.
_SEPARATORS = re.compile(r"[\u001c-\u001f\u0085]")
_REFUSED_IN_NAMES = re.compile(f"[{_HIDDEN}]")
_REFUSED_IN_TEXT = re.compile(f"[{_CONTROLS}]")
# Letters and marks by their category that print as nothing: the grapheme joiner, the Hangul fillers, two
# Khmer vowels, the blank Braille pattern, and those that choose among the variants of another character.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


class Pattern(NamedTuple):
    """What regular expressions, also those of JSON Schema, can say of a text: whether empty or not."""

    any: str
    filled: str


def _pattern(refused: str) -> Pattern:
    return Pattern(f"^[^{refused}]*$", rf"^[^{refused}]*[^{refused}\s][^{refused}]*$")


NAME, TEXT = _pattern(_HIDDEN), _pattern(_CONTROLS)


def _is_mark(character: str) -> bool:
    """Whether a character only ever joins the one before it."""
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) != 0


# All of Unicode's marks stand in this range.
_MANY_MARKS = re.compile(f"[{''.join(filter(_is_mark, map(chr, range(0x300, 0x1F000))))}]{{64,}}")


def _in_order(marks: re.Match[str]) -> str:
    apart = "".join(unicodedata.normalize("NFD", mark) for mark in marks[0])
    return "".join(sorted(apart, key=unicodedata.combining))


def normalised(text: str) -> str:
    """The composed form (NFC), in which equal texts are equal."""
    if text.isascii():
        return text
    # Python puts the marks of one letter in order in the square of their number: 100,000 of them, which
    # nobody writes but an attacker, would take half a minute. Sorted beforehand they take none.
    return unicodedata.normalize("NFC", _MANY_MARKS.sub(_in_order, text))


def is_visible(text: str) -> bool:
    """Whether a reader would see anything at all."""
    return any(
        unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}
        and not _BLANK.match(character)
        for character in text
    )


def has_separators(text: str) -> bool:
    """Whether a text holds one of the controls that would be trimmed, and so be accepted, at its ends."""
    return bool(_SEPARATORS.search(text))


def suits_a_name(text: str) -> bool:
    """Whether a name or title holds no character that hides or reorders its others."""
    return not _REFUSED_IN_NAMES.search(text)


def suits_a_text(text: str) -> bool:
    """Whether a long text holds no control character but tab, newline and return."""
    return not _REFUSED_IN_TEXT.search(text)


def as_long_text(text: str) -> str:
    """Text that nobody typed, such as that of a file, as a long text may hold it: blanks for controls."""
    return normalised(_REFUSED_IN_TEXT.sub(" ", text))
