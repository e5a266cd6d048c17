"""Lyceum as plain REST framework: the same views, serializers and querysets, no read compiled."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

settings.MIDDLEWARE = [
    middleware
    for middleware in settings.MIDDLEWARE
    if middleware != "config.ops.reads.CompiledReadsMiddleware"
]

from config.wsgi import application  # noqa: E402, F401
