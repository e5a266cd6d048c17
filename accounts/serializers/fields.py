"""What accounts write in a form of their own."""

import re
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.core.validators import validate_email

from common.fields import (
    StrictCharField,
)


class EmailField(StrictCharField):
    """An e-mail address in ASCII, kept in lower case."""

    keywords: Any = {"format": "email"}
    default_error_messages = {"invalid_email": "Not an e-mail address."}

    def __init__(self, **kwargs: Any):
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            validate_email(value)
        except InvalidValue:
            self.fail("invalid_email")
        # As sent: the Kelvin sign becomes a K when it is normalised.
        if not data.isascii() or len(value.partition("@")[0]) > 64:
            self.fail("invalid_email")
        return value.lower()


class PatternField(StrictCharField):
    """A short ASCII text of one form; never trimmed."""

    def __init__(self, pattern: str, message: str, **kwargs: Any):
        super().__init__(trim_whitespace=False, **kwargs)
        self.pattern = re.compile(pattern, re.ASCII)
        self.keywords = {"pattern": f"^{pattern}$"}
        self.error_messages["invalid_form"] = message

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not data.isascii() or not self.pattern.fullmatch(value):
            self.fail("invalid_form")
        return value


def username_field() -> PatternField:
    return PatternField(
        r"[A-Za-z0-9_.-]{3,30}",
        "3 to 30 letters, digits, underscores, hyphens or dots.",
        required=False,
        allow_null=True,
    )


def slug_field() -> PatternField:
    return PatternField(r"[a-z0-9-]{1,50}", "1 to 50 small letters, digits or hyphens.", required=False)


class PasswordField(StrictCharField):
    """A password; blanks around it do not count, because the log-in does not count them either."""

    def __init__(self, **kwargs: Any):
        super().__init__(write_only=True, max_length=4096, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        # Not composed: the log-in compares what it is given.
        return str(data).strip()
