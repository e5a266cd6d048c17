"""What the generated OpenAPI document needs beyond what the views declare."""

import inspect
import re
from typing import Any

from drf_spectacular.openapi import AutoSchema

from common.serializers import ReplayableSerializer

_SUMMARIES = {
    "list": "List {many}",
    "create": "Add {one}",
    "retrieve": "Read {one}",
    "partial_update": "Change {one}",
    "destroy": "Delete {one}",
}


class Schema(AutoSchema):
    """Operations under the names that people would give them."""

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
                "request_id": {"type": "string"},
            },
        }
    },
}


def only_versioned(endpoints: list[tuple], **_: Any) -> list[tuple]:
    """The addresses under /api/v1/; the document does not describe itself."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def with_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation may answer with the one error envelope."""
    result["components"]["schemas"]["Error"] = ERROR
    refusal = {
        "description": "Refused; the code says why.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"] |= {"4XX": refusal, "5XX": refusal}
    return result
