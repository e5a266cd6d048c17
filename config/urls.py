"""Every address, by the app that answers there; the health of the process is `config.ops.health`."""

import sys

from django.contrib import admin
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from config.demo import demo_room
from config.ops.middleware import unavailable
from config.ops.views import NothingThere
from config.schema import DocsView, SchemaView
from config.studio.pages import page_or_plain

api: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("materials.urls")),
    path("", include("media_summaries.urls")),
    path("", include("threads.urls")),
    path("", include("chatrooms.urls")),
    path("", include("config.people.urls")),
    # Behind all others: what is left below `ops/`.
    re_path("^ops/", NothingThere.as_view()),
]

urlpatterns = [
    path("api/v1/", include(api)),
    path("api/auth/", include("accounts.headless")),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", DocsView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
    path("demo/room/", demo_room, name="demo-room"),
    # What a browser asks for on its own account; pages name the icon themselves.
    path("favicon.ico", require_safe(RedirectView.as_view(url=static("studio/icon.svg")))),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_plain(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_plain(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A write with the cookie of a browser that does not prove to come from the site itself."""
    return page_or_plain(
        request, 403, "This page was open for too long, or was sent from elsewhere. Open it again and repeat."
    )


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page_or_plain(request, 404)


def handler500(request: HttpRequest) -> HttpResponse:
    # What middleware raises comes straight here: a session that cannot be read or saved.
    return unavailable(request, sys.exception()) or page_or_plain(request, 500)
