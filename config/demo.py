"""The page on which rooms are seen live, and from which front ends are written."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


# It knows nobody: who has logged in, the scripts alone know. So it is kept for as long as they are.
@require_safe
@cache_control(public=True, max_age=60)
def demo_room(request: HttpRequest) -> HttpResponse:
    """A client like any other, which can do nothing that the API does not let its person do.

    Served in production as well: there it shows within a minute whether live events come through the proxy.
    """
    return render(request, "demo/room.html")
