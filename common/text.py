"""What text may hold: the rules for names and for long texts, over all of Unicode."""

import re
import unicodedata

# Controls (C0, DEL, C1), zero width space, word joiner, byte order mark and the bidirectional controls.
# Joiners and the directional marks that ordinary writing needs are not among them.
_REFUSED_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_REFUSED_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
# Letters by their category that print as nothing: the Hangul fillers and the blank Braille pattern.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def normalised(text: str) -> str:
    """The composed form (NFC), in which equal texts are equal."""
    return unicodedata.normalize("NFC", text)


def is_visible(text: str) -> bool:
    """Whether a reader would see anything at all."""
    return any(
        unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}
        and character not in _BLANK_LETTERS
        for character in text
    )


def suits_a_name(text: str) -> bool:
    """Whether a name or title holds no character that hides or reorders its others."""
    return not _REFUSED_IN_NAMES.search(text)


def suits_a_text(text: str) -> bool:
    """Whether a long text holds no control character but tab, newline and return."""
    return not _REFUSED_IN_TEXT.search(text)
