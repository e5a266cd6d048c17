"""Refusals as pages: people in the studio read them, programs the envelope."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from common.exception_handler import body, plain


def page_or_plain(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """A page below /admin/, with `message` in place of the usual words; the envelope elsewhere."""
    if not request.path_info.startswith("/admin/"):
        return plain(request, status)
    said = body(request, status, message=message)["error"]
    # Rendered without the request: neither the session nor the person is asked for, which may be what failed.
    shown = {**said, "status": status, "title": said["message"], "site_title": admin.site.site_title}
    page = render_to_string("studio/refused.html", {**shown, "site_header": admin.site.site_header})
    return HttpResponse(page, status=status)
