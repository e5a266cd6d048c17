"""Puts the studio in the place of the built-in admin site."""

from django.contrib.admin.apps import AdminConfig


class StudioConfig(AdminConfig):
    """The admin, with Lyceum's own site."""

    default_site = "config.studio.site.Studio"
