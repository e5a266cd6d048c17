"""Where allauth's flows meet Lyceum's people."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts import services
from common.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):
    """allauth as Lyceum wants it."""

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """A username is chosen by its person or there is none; allauth would make one up."""
        user.username = user.username or None

    def set_password(self, user: Any, password: str) -> None:
        """Change or reset a password."""
        services.change_password(person=user, password=password)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Log in, and remember from where."""
        request.session.ip_address = client_address(request)  # type: ignore[attr-defined]
        request.session.user_agent = request.headers.get("User-Agent", "")  # type: ignore[attr-defined]
        super().login(request, user)

    def get_client_ip(self, request: HttpRequest) -> str:
        """As sessions and limits see it, behind trusted proxies too."""
        return client_address(request) or ""
