"""The WSGI application that granian serves."""

import os

# Before anything is imported that reads them.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.db.backends.signals import connection_created

from config.ops.bodies import with_known_length, with_readable_type, with_whole_answers
from config.ops.postgresql import drop_broken, limit_waiting
from config.ops.sqlite import hold_open

plain = with_whole_answers(with_readable_type(with_known_length(get_wsgi_application())))

from config.ops.reads import CompiledReads  # noqa: E402  # of apps that are set up by now

application = CompiledReads(plain)

# Only here: a command has one thread, and what it opens shall be closed when it ends.
connection_created.connect(hold_open)
if connection.vendor == "postgresql":
    request_started.connect(drop_broken)
    # Only here: a migration or a purge takes as long as it takes.
    limit_waiting(
        connection.settings_dict,
        lock_seconds=settings.DB_LOCK_TIMEOUT,
        statement_seconds=settings.DB_STATEMENT_TIMEOUT,
    )
