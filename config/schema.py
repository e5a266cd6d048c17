"""The OpenAPI document and its page."""

import json
import re
from copy import deepcopy
from functools import cache
from typing import Any

from allauth.headless.spec.views import OpenAPIJSONView
from django.http import HttpRequest
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from common.fields import StrictChoiceField
from common.queries import read_query
from common.renderers import JSONRenderer
from common.serializers import StrictSerializer


class RefusesInJSON:
    """Takes GET and HEAD, and refuses the rest as the API does, whatever the view itself renders."""

    http_method_names: Any = ("get", "head")

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)  # type: ignore[misc]
        request = self.request  # type: ignore[attr-defined]
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return response


class SchemaQuery(StrictSerializer):
    """What the document may be asked for."""

    format = StrictChoiceField(["yaml", "json"], required=False)


class SchemaView(RefusesInJSON, SpectacularAPIView):
    """The document as YAML, or as JSON by `?format=json` or by what the client accepts."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        read_query(request.META.get("QUERY_STRING", ""), SchemaQuery)

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        for renderer in self.get_renderers():
            if renderer.format == request.query_params.get("format"):
                return renderer, renderer.media_type
        return super().perform_content_negotiation(request, force)


class DocsView(RefusesInJSON, SpectacularSwaggerSplitView):
    """Swagger UI from local files; what starts it is a file too, so that no script stands in the page."""


# What the calls of the API are named by their methods.
VERBS = {
    "get": "retrieve",
    "post": "create",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}
# Telephones, codes by mail and tokens that are refreshed: allauth's addresses for what Lyceum does not offer.
UNUSED = re.compile("/(phone|code|tokens|resend)(/|$)")


def with_auth_calls(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The calls under /api/auth/ in the same document, so that one generated client covers everything."""
    document = deepcopy(auth_document())
    result["paths"] |= document["paths"]
    for kind, components in document["components"].items():
        result["components"].setdefault(kind, {}).update(components)
    return result


@cache
def auth_document() -> dict[str, Any]:
    """allauth's published document with what it lacks to be merged: operation ids, names of its own, 3.1."""
    document = _restated(json.loads(OpenAPIJSONView().get(HttpRequest()).content))
    paths = {path: item for path, item in document["paths"].items() if not UNUSED.search(path)}
    for path, operations in paths.items():
        words = re.findall(r"[a-z0-9]+", path.partition("/v1/")[2].removeprefix("auth/"))
        for method in VERBS.keys() & operations.keys():
            operation = operations[method]
            operation["operationId"] = "_".join(["auth", *words, VERBS[method]])
            operation["tags"] = ["auth"]
            if operation["responses"].keys() <= {"400", "401"} and method == "post":
                # Said in words there, and not as a response.
                operation["responses"]["200"] = {"description": "Done."}
            operation["responses"] = _unsaid(path, method, operation) | operation["responses"]
    return {
        "paths": paths,
        "components": {
            kind: {f"Auth{name}": component for name, component in components.items()}
            for kind, components in document["components"].items()
        },
    }


def _unsaid(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """What a call of allauth also answers, be it by itself or because Lyceum stands before it."""
    answers = {"429": "AuthTooManyRequests", "503": "Unavailable"}
    if {"$ref": "#/components/parameters/AuthSessionToken"} in operation.get("parameters", ()):
        answers |= {"401": "AuthAuthentication", "410": "AuthSessionGone"}
    if "{" in path:
        answers |= {"404": "NotFound"}
    if method != "get":
        # A browser's call without its CSRF token.
        answers |= {"403": "PermissionDenied"}
    if "requestBody" in operation:
        answers |= {"400": "AuthError", "413": "TooLarge", "415": "UnsupportedMediaType"}
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in answers.items()}


def _restated(node: Any) -> Any:
    """A part of the document in the words of OpenAPI 3.1, with its references under their new names."""
    if isinstance(node, list):
        return [_restated(part) for part in node]
    if not isinstance(node, dict):
        return node
    node = {key: _restated(part) for key, part in node.items()}
    if node.pop("nullable", False) and "type" in node:
        node["type"] = [node["type"], "null"]
    if isinstance(reference := node.get("$ref"), str):
        node["$ref"] = re.sub(r"^(#/components/\w+/)", r"\1Auth", reference)
    if isinstance(node.get("security"), list):
        ways = node["security"]
        node["security"] = [{f"Auth{name}": scopes for name, scopes in way.items()} for way in ways]
    return node
