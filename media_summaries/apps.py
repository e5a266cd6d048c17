"""The app under the name that the studio shows."""

from django.apps import AppConfig


class MediaSummariesConfig(AppConfig):
    """Videos with what has been made of them."""

    name = "media_summaries"
    verbose_name = "Video summaries"
