"""Lyceum as plain REST framework: the same views, serializers and querysets, no read compiled."""

from config.wsgi import plain as application  # noqa: F401
