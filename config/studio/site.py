"""The admin site for staff: every table, browsed and repaired."""

from django.contrib.admin import AdminSite


class Studio(AdminSite):
    """Lyceum's admin site."""

    site_header = "Lyceum studio"
    site_title = "Lyceum studio"
    index_title = "Tables"
    site_url = "/api/docs/"
    empty_value_display = "–"  # noqa: RUF001
