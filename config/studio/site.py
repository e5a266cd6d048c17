"""The admin site for staff: every table, browsed and repaired."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from accounts.services import TooManyAttempts
from common.addresses import client_address
from config.studio.pages import page_or_plain


class Studio(AdminSite):
    """Lyceum's admin site."""

    site_header = "Lyceum studio"
    site_title = "Lyceum studio"
    index_title = "Tables"
    site_url = "/api/docs/"

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Log in, and remember from where."""
        session: Any = request.session
        session.ip_address = client_address(request)
        session.user_agent = request.headers.get("User-Agent", "")
        try:
            return super().login(request, extra_context)
        except TooManyAttempts as refusal:
            response = page_or_plain(request, 429, f"{refusal.message} In {refusal.retry_after} seconds.")
            response["Retry-After"] = str(refusal.retry_after)
            return response

    empty_value_display = "–"  # noqa: RUF001
