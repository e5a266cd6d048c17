"""What the database keeps in secret: sealed under the installation's key, useless without it."""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class BrokenSeal(ValueError):
    """A text that no key of this installation has sealed."""


def seal(text: str) -> str:
    """The text as only this installation reads it."""
    return _seals(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed, under the key in use or one before it; raises BrokenSeal."""
    try:
        return _seals(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise BrokenSeal from None


@lru_cache(maxsize=4)
def _seals(*keys: str) -> MultiFernet:
    return MultiFernet(Fernet(_derived(key)) for key in keys)


def _derived(key: str) -> bytes:
    # The key signs cookies and links too; each use has a key of its own.
    return base64.urlsafe_b64encode(hashlib.sha256(b"lyceum.accounts.seals:" + key.encode()).digest())
