"""What is checked of the API as a whole before it is served."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from config.ops.reads import compiled_reads


# Of the database, because a plan is a statement of the one in use.
@register(Tags.database)
def check_compiled_reads(databases: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a read that cannot be compiled, or that does not ask who reads."""
    errors: list[CheckMessage] = []
    for read in compiled_reads().values() if databases else ():
        try:
            read.plan(read.chosen("")[0])
        except ImproperlyConfigured as refusal:
            errors.append(Error(str(refusal), obj=read.view, id="lyceum.E001"))
    return errors
