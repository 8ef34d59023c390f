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
from app.api.requests import response_headers
from app.api.requests.raw_bodies import RECEIVE_WEBHOOK
from app.common.components import REPEATED

# FastAPI keeps the fields of 128 models of query parameters, and could not describe an application with more.
dependencies.get_cached_model_fields = cache(  # type: ignore[attr-defined]  # FastAPI's own
    get_cached_model_fields.__wrapped__
)
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
        "description": "An API key with the scope `calendar`, for programs that cannot send headers.",
    },
    "stream_ticket": {
        "type": "apiKey",
        "in": "query",
        "name": TICKET_PARAMETER,
        "description": "A ticket that opens the event stream once, for pages of other origins: see "
        "`POST /v1/events/tickets`.",
    },
    "webhook_secret": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Webhook-Token",
        "description": "The secret of a webhook source, or the signature or password that its tool sends as "
        "proof of the secret, in a header of the tool's own.",
    },
}
#: Further ways to authenticate, of single paths.
SECURITY_OF: dict[str, list[dict[str, list[str]]]] = {
    CHANGE_CALENDAR: [*SECURITY, {"calendar_key": []}],
    EVENT_STREAM: [*SECURITY, {"stream_ticket": []}],
    RECEIVE_WEBHOOK: [{"webhook_secret": []}],
}
TAGS = {
    "bulk": "Many actions sent as one file.",
    "tickets": "Lists that all kinds of tickets share, such as complaints.",
    "improvements": "The improvement programme: plans, suggestions, assessments, improvements, trainings.",
    "slas": "Agreements on service levels: with customers, and with the teams and suppliers whose work they "
    "depend on.",
    "alerts": "Alerts of monitoring tools.",
    "trainings": "Trainings in a process, their examinations, and the licences to carry it out.",
    "documents": "One register of all documents, from review and publication to retention and destruction.",
    "audits": "Monthly audits of how teams run their processes, and the points that follow from them.",
    "findings": "Findings of audits, until they are corrected.",
    "processes": "Definitions of processes, from the draft to retirement.",
    "recognitions": "Contributions of persons, and the awards that they give one another.",
    "risks": "Risks, their assessment, and the actions against them.",
    "scorecards": "Quarterly scorecards of persons and teams: their figures, ratings, objections and talks.",
    "surveys": "Questions to a sample of persons, answered by name or anonymously, and their results.",
    "articles": "Knowledge about known faults and their solutions.",
    "releases": "Changes that are brought into use together, through the gates of their stages.",
    "events": "The history of every record, in the order in which the log recorded it.",
    "proofs": "Proofs that an event is in the log and that the log was not altered, to be checked offline.",
    "decisions": "Votes: the questions, their rules, their voters and deputies.",
    "deployments": "Deployments of services, by releases and by pipelines.",
    "attachments": "Files to be attached to tickets.",
    "assignment_rules": "Rules that assign new tickets.",
    "conformance": "Comparison of the recorded events with the process as designed.",
    "changes": "Changes, their calendar, their approval and their result.",
    "checklists": "Lists of recurring tasks.",
    "custom_fields": "Additional fields that an organisation defines for its tickets.",
    "calendars": "Business hours, holidays and business time.",
    "imports": "Imports of histories from other systems.",
    "incidents": "Unplanned interruptions and degradations of services.",
    "kpis": "KPIs: figures computed from the events.",
    "attention": "Sentences about matters that need attention, with the cases behind them.",
    "meetings": "Meetings: their participants, agenda, minutes and decisions.",
    "problems": "The causes of incidents, and workarounds until they are removed.",
    "people": "Persons, teams and API keys.",
    "quality": "Quality targets and assessments, corrective actions, and maintenance.",
    "requests": "Service requests, from intake to support after delivery.",
    "service": "Health of the service itself.",
    "catalogue": "Services, and the items that can be requested of them.",
    "costs": "Cost of an hour of work.",
    "configuration": "Configuration items, the relations between them, and the impact of a failure.",
    "webhooks": "Deliveries of other tools about their tickets and alerts, and mails.",
    "subscriptions": "Delivery of events to other systems as they happen.",
    "search": "Full-text search and search by name over records of all kinds.",
    "views": "Saved filters and sort orders of lists.",
}


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
    words = field_words.take_field_words(contract)
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
    field_words.add_field_words(contract, words)
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
                    "description": "Position of the log that an earlier answer returned: replicas are read "
                    "only when they have reached it.",
                }
            )


def _share_security(document: dict[str, Any]) -> None:
    """Declare once for the whole document how requests are authenticated; operations declare only
    differences.
    """
    document["security"] = SECURITY
    for operations in document["paths"].values():
        for operation in operations.values():
            if operation["security"] == SECURITY:
                del operation["security"]


def _as_sent(parameter: dict[str, Any]) -> None:
    """Describe the parameter as it is sent: absent or with a value, never null; several values separated by
    commas, unless the parameter is repeated for each of them.
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
        parameter |= {"style": "form", "explode": schema.pop(REPEATED, False)}
    elif schema.get("type") == "object":
        parameter |= {"style": "deepObject", "explode": True}
