"""The contract: what FastAPI makes of the routes, with our problems in place of its own."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.problems import MEDIA_TYPE, Problem

PROBLEM = {"$ref": "#/components/schemas/Problem"}
TITLES = {
    400: "Not readable, or a bad cursor.",
    401: "No valid key.",
    403: "Seen, but not allowed.",
    404: "Not there, or not for this caller.",
    409: "The state forbids it; the answer says the state and what is allowed.",
    412: "Changed since the version that If-Match names.",
    413: "The body is too large.",
    415: "Not JSON.",
    422: "A value is wrong; `errors` says which and why.",
    503: "The database does not answer; Retry-After says when to try again.",
}
EVERYWHERE = (401, 503)
TAGS = {
    "incidents": "Unplanned interruptions and degradations of services.",
    "kpis": "Figures computed from the events.",
    "people": "Persons, teams and API keys.",
    "service": "The service's own health.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an operation that may answer with these problems, and those that all may."""
    return {
        status: {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
        for status in sorted({*statuses, *EVERYWHERE})
    }


def action_responses(row: Any) -> dict[int | str, dict[str, Any]]:
    """The problems of an action: making a record meets no other version of it."""
    if row.opens:
        return problems(400, 403, 409, 413, 415, 422)
    return problems(400, 403, 404, 409, 412, 413, 415, 422)


def one_responses() -> dict[int | str, dict[str, Any]]:
    """The answers besides the record, where one is shown."""
    unchanged = {"description": "The client has this very answer already, as If-None-Match says."}
    return {304: unchanged} | problems(404, 422)


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, as it is served and committed."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": "/", "description": "This installation."}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = made["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    made["components"]["securitySchemes"] = {
        "api_key": {"type": "http", "scheme": "bearer", "description": "An API key: `ldk_<id>_<secret>`."}
    }
    for path, operations in made["paths"].items():
        for operation in operations.values():
            operation["security"] = [{"api_key": []}] if path.startswith("/v1/") else []
            for parameter in operation.get("parameters", ()):
                _as_sent(parameter)
    return made


def _as_sent(parameter: dict[str, Any]) -> None:
    """A parameter is absent or has a value, never null; several values are sent with commas."""
    schema = parameter["schema"]
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del schema["anyOf"]
        schema.update(choices[0])
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
