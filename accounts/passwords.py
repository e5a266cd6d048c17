"""What a new password brings with it, whichever way it is set."""

from typing import Any

from accounts import services


class EndsAPITokens:
    """Ends a person's API tokens when their password changes; the log-ins of the old one end by themselves.

    Django tells its password validators of every change, be it by the API, in the studio or by
    `manage.py changepassword`, and not when a hash is merely renewed. This one refuses no password.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Any password will do."""

    def get_help_text(self) -> str:
        return "A new password ends all other log-ins and all API tokens."

    def password_changed(self, password: str, user: Any = None) -> None:
        if user is not None:
            services.end_api_tokens(person=user)
