"""What the generated OpenAPI document needs beyond what the views declare."""

import inspect
import re
from copy import deepcopy
from typing import Any

from drf_spectacular.drainage import warn
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.serializers import ListField

from common.errors import DomainError, IdConflict
from common.exception_handler import CODES
from common.serializers import ReplayableSerializer, StrictSerializer

_SUMMARIES = {
    "list": "List {many}",
    "create": "Add {one}",
    "retrieve": "Read {one}",
    "partial_update": "Change {one}",
    "destroy": "Delete {one}",
}


class Schema(AutoSchema):
    """Operations under the names that people would give them, with every answer that they have."""

    def get_operation_id(self) -> str:
        action = getattr(self.view, "action", None)
        if action is None or action in _SUMMARIES:
            return super().get_operation_id()
        path = [part.replace("-", "_") for part in self._tokenize_path()]
        return "_".join(path if path[-1] == action else [*path, action])

    def get_response_serializers(self) -> Any:
        serializer = super().get_response_serializers()
        if getattr(self.view, "action", "") == "create" and isinstance(serializer, ReplayableSerializer):
            # 200 is the answer to a repetition.
            return {200: serializer, 201: serializer}
        return serializer

    def get_override_parameters(self) -> list[Any]:
        declared = getattr(self.view, "queries", {}).get(getattr(self.view, "action", None))
        return [declared] if declared else []

    def get_summary(self) -> str | None:
        action = getattr(self.view, "action", "")
        summary = _SUMMARIES.get(action)
        model = getattr(getattr(self.view, "queryset", None), "model", None)
        if summary is None or model is None:
            # What the method says it does, as far as the first stop.
            said = inspect.getdoc(getattr(self.view, action)) or action
            return re.split(r"[.;:]", said, maxsplit=1)[0]
        meta = model._meta
        return summary.format(one=meta.verbose_name, many=meta.verbose_name_plural)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "response":
            # An answer has all its fields, always.
            schema["required"] = sorted(schema.get("properties", {}))
            return schema
        properties = schema.get("properties", {})
        for name in properties:
            _say_rules(serializer.fields[name], properties[name])
        if isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
            if serializer.partial:
                for name in serializer.fixed_fields:
                    properties.pop(name, None)
        return schema

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)
        if body:
            body["required"] = True  # of a PATCH too, though none of its fields is
        return body

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        refusals: dict[str, Any] = {str(status): _reference(status) for status in sorted(self._refusals())}
        if codes := self._conflicts():
            refusals["409"] = {
                "description": "Refused because of what there is; the code says why.",
                "content": {"application/json": {"schema": _with_codes(codes)}},
            }
        if getattr(self.view, "versioned", False) and getattr(self.view, "action", "") == "retrieve":
            version = _headers({"ETag": "Version"})
            refusals["304"] = {"description": "It is as `If-None-Match` names it.", "headers": version}
            bodies["200"]["headers"] = version
        # What a view itself declares stands.
        return dict(sorted((refusals | bodies).items()))

    def _refusals(self) -> set[int]:
        """The statuses of refusals that are made alike at every address."""
        # 400: no address takes a query parameter that it does not declare.
        statuses = {400, 406, 429, 503} | getattr(self.view, "refusals", set())
        permissions = self.view.get_permissions()
        if not any(isinstance(permission, AllowAny) for permission in permissions):
            statuses.add(401)
            is_for_staff = any(isinstance(permission, IsAdminUser) for permission in permissions)
            # A write with the cookie of a browser is refused without its CSRF token, whoever sends it.
            if is_for_staff or self.method != "GET":
                statuses.add(403)
        if self.method in {"PATCH", "DELETE"}:
            statuses.add(412)
        if "{" in self.path:
            statuses.add(404)
        if self.method != "GET":
            # A deletion takes no body, and looks at what comes all the same.
            statuses |= {413, 415}
        return statuses

    def _conflicts(self) -> list[str]:
        """The codes of 409 that the view declares, that of a client's id, and that of requests that met."""
        action = getattr(self.view, "action", "")
        conflicts: set[type[DomainError]] = set(getattr(self.view, "conflicts", {}).get(action, ()))
        if self.method != "GET":
            conflicts.add(DomainError)
        if action == "create" and isinstance(self.get_request_serializer(), ReplayableSerializer):
            conflicts.add(IdConflict)
        for conflict in conflicts:
            if conflict.status != 409:
                warn(f"{conflict.__name__} is declared as a conflict, and is none.")
        return sorted(conflict.code for conflict in conflicts)


def _say_rules(field: Any, schema: dict[str, Any]) -> None:
    """Add what a field knows of itself and spectacular does not ask for."""
    if "$ref" not in schema:
        schema |= getattr(field, "keywords", {})
    if isinstance(field, ListField):
        if not field.allow_empty:
            schema["minItems"] = 1
        _say_rules(field.child, schema["items"])


def _component(status: int) -> str:
    return CODES[status][0].title().replace("_", "")


def _reference(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{_component(status)}"}


def _with_codes(codes: list[str]) -> dict[str, Any]:
    error = {"type": "object", "properties": {"code": {"type": "string", "enum": codes}}}
    return {
        "allOf": [
            {"$ref": "#/components/schemas/Error"},
            {"type": "object", "properties": {"error": error}},
        ]
    }


ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "request_id"],
            "properties": {
                "code": {"type": "string", "example": "validation_error"},
                "message": {"type": "string"},
                "fields": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["code", "message"],
                            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                        },
                    },
                },
                "existing_id": {
                    "type": "string",
                    "format": "uuid",
                    "description": "With `duplicate_video`: the one that is there already.",
                },
                "request_id": {"type": "string"},
            },
        }
    },
}
HEADERS = {
    "RequestId": {
        "description": "The client's `X-Request-ID`, or one that was made for it; it stands in the log.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "RetryAfter": {
        "description": "Seconds after which it may be different.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Version": {
        "description": "The version of the answer, for `If-None-Match` and `If-Match`.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Authenticate": {
        "description": "How to log in.",
        "required": True,
        "schema": {"type": "string"},
    },
}
# Beside the request's id, which every answer has.
_HEADERS_OF = {
    401: {"WWW-Authenticate": "Authenticate"},
    429: {"Retry-After": "RetryAfter"},
    503: {"Retry-After": "RetryAfter"},
}


def only_versioned(endpoints: list[tuple], **_: Any) -> list[tuple]:
    """The addresses under /api/v1/; the document does not describe itself."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def with_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The refusals that operations refer to, and the header that every answer has."""
    components = result["components"]
    components["schemas"]["Error"] = deepcopy(ERROR)
    components["headers"] = deepcopy(HEADERS)
    components.setdefault("responses", {}).update({_component(status): refusal(status) for status in CODES})
    for operations in result["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                if "$ref" not in response:
                    response["headers"] = response.get("headers", {}) | _headers(
                        {"X-Request-ID": "RequestId"}
                    )
    return result


def refusal(status: int) -> dict[str, Any]:
    """An answer in the one error envelope."""
    code, message = CODES[status]
    return {
        "description": f"`{code}`: {message}",
        "headers": _headers({"X-Request-ID": "RequestId"} | _HEADERS_OF.get(status, {})),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _headers(names: dict[str, str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{component}"} for name, component in names.items()}
