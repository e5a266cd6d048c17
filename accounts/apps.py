"""The app under the name that the studio shows."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People; allauth's own app is called Accounts there."""

    name = "accounts"
    verbose_name = "People"
