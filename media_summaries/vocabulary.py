"""How the names of tags and categories are told apart."""

import unicodedata


def name_key(name: str) -> str:
    """What spellings of one name share: compatible forms made one (NFKC), the case folded.

    Normalised again at the end, because folding takes some letters apart: the key of a key is itself.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
