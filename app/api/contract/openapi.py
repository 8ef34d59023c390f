"""The OpenAPI document: FastAPI's description of the routes, with our problems in place of FastAPI's own, and
shared components.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi._compat import get_cached_model_fields
from fastapi.dependencies import utils as dependencies
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.api import field_words
from app.api.authentication.key_scopes import CHANGE_CALENDAR, EVENT_STREAM, PARAMETER, TICKET_PARAMETER
from app.api.authentication.sessions import COOKIE, HOST_COOKIE
from app.api.contract import components, examples, payload_marks, refusal_ranges
from app.api.contract.deprecations import EXTENSION
from app.api.contract.problems import ProblemDocument
from app.api.lazy_routes import quiet_building
from app.api.records.partial import PartialPage, PartialRecord, PartialRows
from app.api.replica_reads import PATTERN, is_marked
from app.api.requests import csv_output as tables
from app.api.requests import response_headers
from app.api.requests.raw_bodies import RECEIVE_WEBHOOK

# FastAPI keeps the fields of 128 models of query parameters, and could not describe an application with more.
dependencies.get_cached_model_fields = cache(  # type: ignore[attr-defined]  # FastAPI's own
    get_cached_model_fields.__wrapped__
)
#: The statuses that any operation may be refused with.
EVERYWHERE = (401, 403, 406, 429, 503)
#: The content of a response or request of arbitrary bytes.
BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
#: The content of a response as a table for spreadsheets.
CSV = {tables.MEDIA_TYPE: {"schema": {"type": "string"}}}
#: Each request is authenticated in one of these ways.
SECURITY: list[dict[str, list[str]]] = [{"api_key": []}, {"access_token": []}, {"session": []}]
#: The description of each way to authenticate.
SECURITY_SCHEMES: dict[str, dict[str, str]] = {
    "api_key": {"type": "http", "scheme": "bearer", "description": "An API key: `ldk_<id>_<secret>`."},
    "access_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the OpenID Connect provider that this installation trusts.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "A session of a browser, opened by `POST /v1/sessions`. Over https its cookie is "
        f"called `{HOST_COOKIE}`.",
    },
    "calendar_key": {
        "type": "apiKey",
        "in": "query",
        "name": PARAMETER,
        "description": "An API key of the scope `calendar`, for programs that send no headers.",
    },
    "stream_ticket": {
        "type": "apiKey",
        "in": "query",
        "name": TICKET_PARAMETER,
        "description": "A ticket that opens the stream once, for pages of other origins: "
        "`POST /v1/events/tickets`.",
    },
    "webhook_secret": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Webhook-Token",
        "description": "The secret of a webhook source, or what its tool sends to show that it has it: a "
        "signature or a password, in a header of the tool's own.",
    },
}
#: Further ways to authenticate, of single paths.
SECURITY_OF: dict[str, list[dict[str, list[str]]]] = {
    CHANGE_CALENDAR: [*SECURITY, {"calendar_key": []}],
    EVENT_STREAM: [*SECURITY, {"stream_ticket": []}],
    RECEIVE_WEBHOOK: [{"webhook_secret": []}],
}
TAGS = {
    "bulk": "Many actions by the file.",
    "tickets": "What tickets of every kind have: complaints, for instance.",
    "improvements": "The improvement programme: plans, suggestions, assessments, improvements, trainings.",
    "slas": "What is promised to customers, and by teams and suppliers so that it can hold.",
    "alerts": "What monitoring tools tell.",
    "trainings": "Who is trained in which process, examined, and licensed to carry it out.",
    "documents": "All documents in one register: reviewed, published, acknowledged, kept, destroyed.",
    "audits": "How teams ran their processes, month by month, and the points that follow.",
    "findings": "What audits have found, until it is corrected.",
    "processes": "How each process is defined, from its draft to its retirement.",
    "recognitions": "What people have contributed, and awards that they give one another.",
    "risks": "What may happen, how bad it would be, and what is done about it.",
    "scorecards": "How persons and teams do by the quarter: counted, rated, objected to, talked over.",
    "surveys": "Questions to a sample of persons, answered by name or tied to nobody; and their results.",
    "articles": "What is known of troubles, and what helps.",
    "releases": "Changes that go into use together, through the gates of their stages.",
    "events": "What has happened to every record, in the order in which the log took it.",
    "proofs": "That an event is in the log, and that the log was not altered: to be checked offline.",
    "decisions": "Who votes on what, by which rules, and in whose name.",
    "deployments": "What was deployed where, by releases and by pipelines.",
    "attachments": "Files that are sent, to be attached to tickets.",
    "assignment_rules": "To whom tickets go that nobody has.",
    "conformance": "How processes really ran, from the log.",
    "changes": "What is changed, when it may be, and what came of it.",
    "checklists": "What is to be done again and again.",
    "custom_fields": "What an organisation wants to know of its tickets besides.",
    "calendars": "When it counts: hours, holidays, and business time.",
    "imports": "Histories of other systems that are brought in.",
    "incidents": "Unplanned interruptions and degradations of services.",
    "kpis": "Figures computed from the events.",
    "attention": "What needs attention, in sentences with their cases.",
    "meetings": "Who meets when, what is talked about, and what came of it.",
    "problems": "The causes behind incidents, and what helps until they are removed.",
    "people": "Persons, teams and API keys.",
    "quality": "Quality targets and assessments, corrective actions, and maintenance.",
    "requests": "What people ask for, from intake to support after delivery.",
    "service": "The service's own health.",
    "catalogue": "Services, and what of them can be asked for.",
    "costs": "What an hour of work costs.",
    "configuration": "Configuration items, what they are to one another, and what is touched if one fails.",
    "webhooks": "What other tools tell of their tickets and alerts, and mails.",
    "subscriptions": "Events that are sent to other systems as they happen.",
    "search": "Records of all kinds by what is said in them, and by what they are called.",
    "views": "What lists are narrowed and sorted by, under a name.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of an operation that may be refused with these statuses, besides those that
    every operation may.
    """
    return {
        status: {"description": refusal_ranges.MEANINGS[status], "content": refusal_ranges.CONTENT}
        for status in sorted({*statuses, *EVERYWHERE})
    }


def action_responses(row: Any) -> dict[int | str, dict[str, Any]]:
    """Return the problems of an action; one that makes a record has no record to find and no version to
    match.
    """
    if row.opens:
        return problems(400, 403, 409, 413, 415, 422)
    return problems(400, 403, 404, 409, 412, 413, 415, 422)


def record_responses() -> dict[int | str, dict[str, Any]]:
    """Return the responses, besides the record itself, of an operation that shows one."""
    unchanged = {"description": "The client has this very answer already, as If-None-Match says."}
    return {304: unchanged} | problems(404, 422)


def problem_page_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the responses of operations that explain problems: as JSON, or as a page for people."""
    html = {"text/html": {"schema": {"type": "string"}}}
    responses = problems(*statuses)
    return (
        in_language() | {200: {**in_language()[200], "content": html}} | {s: responses[s] for s in statuses}
    )


def in_language() -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI response of an operation that returns translated texts: a header names the
    language.
    """
    return {200: {"description": "Successful Response", "headers": {"Content-Language": {}}}}


def or_table() -> dict[int | str, dict[str, Any]]:
    """Return the successful response of an operation that also offers a CSV table."""
    description = "Successful Response; a table for `Accept: text/csv`."
    return {200: {"description": description, "content": CSV}}


def document(app: FastAPI, models: Sequence[type[BaseModel]] = ()) -> dict[str, Any]:
    """Return the OpenAPI document, as it is served and committed. `models`: those that no operation takes or
    returns as JSON.
    """
    with quiet_building():
        contract = get_openapi(
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
    schemas = contract["components"]["schemas"]
    described: tuple[type[BaseModel], ...] = (ProblemDocument, PartialRecord, PartialPage, PartialRows)
    for model in (*described, *models):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    contract["components"]["securitySchemes"] = SECURITY_SCHEMES
    contract["components"]["headers"] = response_headers.components()
    contract["components"]["responses"] = refusal_ranges.components()
    refusal_ranges.share_ranges(contract)
    _add_positions(contract, app)
    _describe_operations(contract)
    components.without_titles(contract["paths"])
    components.without_titles(contract["components"])
    components.lift(contract)
    components.open_codes(contract)
    examples.add_examples(contract)
    components.shorten_nullable(contract["paths"])
    components.shorten_nullable(contract["components"])
    components.share_nullable(contract)
    components.share_components(contract)
    field_words.add_field_words(contract)
    payload_marks.add_payload_marks(contract, app.routes)
    _share_security(contract)
    return contract


def _describe_operations(contract: dict[str, Any]) -> None:
    """Complete FastAPI's description of each operation: its summary, who may call it, how its parameters are
    sent, and the headers of its answers.
    """
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            operation["description"] = " ".join(operation["description"].split())
            usual = SECURITY if path.startswith("/v1/") else []
            operation["security"] = SECURITY_OF.get(path, usual)
            for parameter in operation.get("parameters", ()):
                _as_sent(parameter)
            for status, answer in operation["responses"].items():
                if "$ref" not in answer:
                    names = response_headers.headers_of(operation, int(status), answer)
                    if method != "get" and int(status) < 400:
                        names = sorted([*names, response_headers.OF_REPLICAS])
                    answer["headers"] = response_headers.references(names)


def _add_positions(contract: dict[str, Any], app: FastAPI) -> None:
    """Describe the header by which a read follows what its client has seen, where it is taken."""
    for route in app.routes:
        if isinstance(route, APIRoute) and is_marked(route.endpoint) and route.include_in_schema:
            operation = contract["paths"][route.path_format]["get"]
            schema = {"type": "string", "pattern": PATTERN, "examples": ["48213"]}
            operation.setdefault("parameters", []).append(
                {
                    "name": response_headers.OF_REPLICAS,
                    "in": "header",
                    "required": False,
                    "schema": schema,
                    "description": "Position that an answer has said: where replicas are read, the state has "
                    "reached it.",
                }
            )


def _share_security(document: dict[str, Any]) -> None:
    """Say once for the whole document how requests are authenticated; operations say only what differs."""
    document["security"] = SECURITY
    for operations in document["paths"].values():
        for operation in operations.values():
            if operation["security"] == SECURITY:
                del operation["security"]


def _as_sent(parameter: dict[str, Any]) -> None:
    """Describe the parameter as it is sent: absent or with a value, never null; several values separated by
    commas.
    """
    schema = parameter["schema"]
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del schema["anyOf"]
        schema.update(choices[0])
    if "description" in parameter:
        schema.pop("description", None)
    if EXTENSION in schema:
        parameter |= {"deprecated": True, EXTENSION: schema.pop(EXTENSION)}
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    elif schema.get("type") == "object":
        parameter |= {"style": "deepObject", "explode": True}
