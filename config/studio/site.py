"""The admin site for staff: every table, browsed and repaired."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from common.addresses import client_address


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
        return super().login(request, extra_context)

    empty_value_display = "–"  # noqa: RUF001
