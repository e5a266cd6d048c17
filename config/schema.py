"""The OpenAPI document and its page."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.response import Response

from common.renderers import JSONRenderer


class RefusesInJSON:
    """Takes GET and HEAD, and refuses the rest as the API does, whatever the view itself renders."""

    http_method_names: Any = ("get", "head")

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)  # type: ignore[misc]
        request = self.request  # type: ignore[attr-defined]
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return response


class SchemaView(RefusesInJSON, SpectacularAPIView):
    """The document as YAML, or as JSON by `?format=json` or by what the client accepts."""

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        for renderer in self.get_renderers():
            if renderer.format == request.query_params.get("format"):
                return renderer, renderer.media_type
        return super().perform_content_negotiation(request, force)


class DocsView(RefusesInJSON, SpectacularSwaggerView):
    """Swagger UI from local files."""
