"""Reading the password hashes of older systems."""

from typing import Any

from django.contrib.auth.hashers import BCryptPasswordHasher


class OldBCryptHasher(BCryptPasswordHasher):
    """bcrypt as the older systems wrote it: only the first 72 bytes of a password count."""

    def encode(self, password: str, salt: Any) -> str:
        # The library refuses longer ones nowadays, where it used to cut them in silence.
        return super().encode(password.encode()[:72], salt)  # type: ignore[arg-type]
