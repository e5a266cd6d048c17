"""The OpenAPI document as the fuzz reads it: Lyceum's own, with real keys in it and answers closed."""

import json
import os
import re
from copy import deepcopy
from functools import cache
from typing import Any

import schemathesis
from django.core.wsgi import get_wsgi_application
from drf_spectacular.generators import SchemaGenerator

from tests.doors.test_doors import DOORS
from tests.fuzz.world import BY_NAME, IN_PATHS, KEYS_BY_NAME, STANDING_FOR

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 25)
SEED = os.environ.get("FUZZ_SEED")
LONG = 5_000
# What is in a file can hardly be made up from a schema.
FILES = ["Ebb and flow\n", "", "a,b\n1,2\n", "%PDF-1.4\n", "\0"]
FILE = {
    "anyOf": [{"type": "string", "enum": FILES}, {"type": "string"}],
    "contentMediaType": "application/octet-stream",
}
NAMED = {"file": {"headers": {"Content-Disposition": {"example": 'filename="tides.txt"'}}}}
NAME = r"\{(\w+)\}"
METHODS = {"get", "post", "put", "patch", "delete"}


@cache
def published() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


def operations(prefix: str) -> list[str]:
    """Every operation below an address, as `GET /path`."""
    return [
        f"{method.upper()} {path}"
        for path, item in published()["paths"].items()
        for method in item
        if method in METHODS and path.startswith(prefix)
    ]


@cache
def told() -> dict[str, Any]:
    """The document with the keys of the fuzz's world where keys stand, with a body for each operation that
    is known to be taken, and with answers that have no more than it says."""
    document = deepcopy(published())
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                for parameter in operation.get("parameters", ()):
                    _fill(path, parameter)
    # Backwards, so that of several doors of one operation the first gives the example.
    for door in reversed(DOORS):
        is_open = any(cell.startswith("2") for cell in door.people)
        if door.body and is_open and set(re.findall(NAME, door.body)) <= STANDING_FOR.keys():
            path = "/" + re.sub(r"<uuid:(\w+)>", r"{\1}", door.route).replace("{pk}", "{id}")
            content = document["paths"][path][door.method]["requestBody"]["content"]
            body = re.sub(NAME, lambda name: STANDING_FOR[name[1]], door.body)
            content["application/json"]["example"] = example = json.loads(body)
            if form := content.get("multipart/form-data"):
                form |= {"example": example | {"type": "file", "file": FILES[0]}, "encoding": NAMED}
    schemas = document["components"]["schemas"]
    # Hundreds of names of zones would be hundreds of requests.
    schemas["TimezoneEnum"]["enum"] = ["Europe/Vienna", "UTC"]
    for name, schema in schemas.items():
        if name.endswith("Request"):
            for field, value in schema.get("properties", {}).items():
                schema["properties"][field] = (
                    FILE if value.get("format") == "binary" else _filled(field, value)
                )
        elif not name.startswith("Auth"):
            _close(schema)
    return document


def _fill(path: str, parameter: dict[str, Any]) -> None:
    name = parameter.get("name", "")
    if parameter.get("in") == "path":
        before = re.sub(r"\{\w+\}", "{}", path.partition(f"{{{name}}}")[0])
        if before in IN_PATHS:
            parameter["schema"] = {"type": "string", "enum": IN_PATHS[before]}
            parameter["example"] = IN_PATHS[before][0]
    elif parameter.get("in") == "query":
        parameter["schema"] = _filled(name, parameter["schema"])


def _filled(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") == "array":
        return schema | {"items": _filled(name, schema["items"])}
    if schema.get("maxLength", 0) > LONG:
        # Texts just below and above such a limit take most of the time; each has an ordinary test.
        del schema["maxLength"]
    if name in KEYS_BY_NAME and "type" in schema:
        nothing = [None] if "null" in schema["type"] else []
        return {"type": schema["type"], "enum": KEYS_BY_NAME[name] + nothing}
    if name in BY_NAME:
        values = BY_NAME[name]
        kind = "integer" if isinstance(values[0], int) else "string"
        return {"anyOf": [{"type": kind, "enum": values}, schema]}
    return schema


def _close(schema: dict[str, Any]) -> None:
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
        for inner in schema["properties"].values():
            _close(inner)
    elif "items" in schema:
        _close(schema["items"])


def _served(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """An answer whose request is over, as a server ends it: its files are closed."""
    answer = _application()(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


@cache
def _application() -> Any:
    return get_wsgi_application()


@cache
def document() -> Any:
    """Schemathesis's view of the document, to be called in this process."""
    generation = {
        "max-examples": EXAMPLES,
        "deterministic": not SEED,
        "database": "none",
        # Who asks is the test's business.
        "with-security-parameters": False,
    }
    phases = {
        "examples": {"fill-missing": True},
        # Of the methods that an address does not take, one stands for the others.
        "coverage": {"unexpected-methods": ["put"]},
    }
    seed = {"seed": int(SEED)} if SEED else {}
    config = schemathesis.Config.from_dict({"generation": generation, "phases": phases, **seed})
    schema = schemathesis.openapi.from_dict(told(), config=config)
    schema.app = _served
    return schema


def libraries_of(case: Any) -> list[str]:
    """The lists above what an operation has written, each with all that lies in it."""
    above = [
        path
        for path, item in published()["paths"].items()
        if case.path.startswith(path) and item.get("get", {}).get("operationId", "").endswith("_list")
    ]
    return [path.format(**case.path_parameters) for path in above]
