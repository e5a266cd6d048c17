"""The app under the name that the studio shows."""

from django.apps import AppConfig


class ChatroomsConfig(AppConfig):
    """Rooms and what is said in them."""

    name = "chatrooms"
    verbose_name = "Chat rooms"
