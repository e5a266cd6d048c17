"""What is checked of the API as a whole before it is served."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, get_resolver

from common import reads
from common.views import ApiViewSet


def compiled_reads() -> Iterator[tuple[type[ApiViewSet], str, tuple[str, ...]]]:
    """Each read that is to be compiled: its viewset, its action and the keys in its address."""
    todo: list[tuple[Any, tuple[str, ...]]] = [(get_resolver(), ())]
    while todo:
        pattern, keys = todo.pop()
        keys = (*keys, *pattern.pattern.converters)
        if not isinstance(pattern, URLPattern):
            todo += [(inner, keys) for inner in pattern.url_patterns]
            continue
        callback: Any = pattern.callback
        view = getattr(callback, "cls", None)
        if view is not None and issubclass(view, ApiViewSet):
            action = callback.actions.get("get")
            if action in view.compiled:
                yield view, action, keys


# Of the database, because a plan is a statement of the one in use.
@register(Tags.database)
def check_compiled_reads(databases: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a read that cannot be compiled, or that does not ask who reads."""
    errors: list[CheckMessage] = []
    for view, action, keys in compiled_reads() if databases else ():
        try:
            reads.plan(view, action, keys, reads.chosen_by(view, action, "")[0])
        except ImproperlyConfigured as refusal:
            errors.append(Error(str(refusal), obj=view, id="lyceum.E001"))
    return errors
