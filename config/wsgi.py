"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created

from config.ops.bodies import with_known_length
from config.ops.sqlite import hold_open

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = with_known_length(get_wsgi_application())

# Only here: a command has one thread, and what it opens shall be closed when it ends.
connection_created.connect(hold_open)
