"""Every address, by the app that answers there; the health of the process is `config.ops.health`."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import csrf, defaults

from common.exception_handler import plain
from config.schema import DocsView, SchemaView

api = [
    path("", include("accounts.urls")),
    path("", include("materials.urls")),
    path("", include("media_summaries.urls")),
    path("", include("threads.urls")),
    path("", include("chatrooms.urls")),
]

urlpatterns = [
    path("api/v1/", include(api)),
    path("api/auth/", include("allauth.headless.urls")),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", DocsView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain(request, 400)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page_or_plain(request, 403, defaults.permission_denied, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A write with the cookie of a browser that does not prove to come from the site itself."""
    return _page_or_plain(request, 403, csrf.csrf_failure, reason)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page_or_plain(request, 404, defaults.page_not_found, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    return plain(request, 500)


def _page_or_plain(request, status, page, reason) -> HttpResponse:
    """People in the studio read a page, programs the envelope."""
    if request.path_info.startswith("/admin/"):
        return page(request, reason)
    return plain(request, status)
