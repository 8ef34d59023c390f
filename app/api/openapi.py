"""The OpenAPI document: FastAPI's description of the routes, with our problems in place of FastAPI's own, and
shared components.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi._compat import get_cached_model_fields
from fastapi.dependencies import utils as dependencies
from fastapi.openapi.utils import get_openapi

from app.api import components, examples
from app.api import csv_output as tables
from app.api.deprecations import EXTENSION
from app.api.key_scopes import CHANGE_CALENDAR, PARAMETER
from app.api.problems import MEDIA_TYPE, ProblemDocument
from app.api.raw_bodies import RECEIVE_WEBHOOK
from app.api.sessions import COOKIE, HOST_COOKIE

# FastAPI keeps the fields of 128 models of query parameters, and could not describe an application with more.
dependencies.get_cached_model_fields = cache(  # type: ignore[attr-defined]  # FastAPI's own
    get_cached_model_fields.__wrapped__
)
PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}
#: The content of a response or request of arbitrary bytes.
BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
#: The content of a response as a table for spreadsheets.
CSV = {tables.MEDIA_TYPE: {"schema": {"type": "string"}}}
TITLES = {
    400: "Not readable, or a bad cursor.",
    401: "No valid key or token.",
    403: "Seen, but not allowed.",
    404: "Not there, or not for this caller.",
    406: "Accept allows no answer that there is.",
    409: "The state forbids it; the answer says the state and what is allowed.",
    410: "What was there cannot be read any more: its key was destroyed.",
    412: "Changed since the version that If-Match names.",
    413: "The body is too large.",
    415: "Not JSON.",
    422: "A value is wrong; `errors` says which and why.",
    428: "If-Match must say which version is meant.",
    429: "Too many requests; Retry-After says when to try again.",
    503: "The database, or the identity provider, does not answer; Retry-After says when to try again.",
}
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
    RECEIVE_WEBHOOK: [{"webhook_secret": []}],
}
EVERYWHERE = (401, 403, 406, 429, 503)
#: Headers by name: the description, and whether it always comes with the answers that list it.
HEADERS = {
    "Accept-Encoding": ("The codings of a body that are taken; where it came in another one.", False),
    "Accept-Patch": ("The media types that a PATCH takes; where one was sent.", False),
    "Allow": ("The methods that this address takes.", True),
    "Content-Disposition": ("That the file is to be saved, and under which name.", True),
    "Content-Language": ("The language of the texts: en or zh.", True),
    "Deprecation": ("Something that was used will go away: since when that is said, as `@<seconds>`.", False),
    "ETag": (
        "The record's version and a hash of this answer, for If-Match and If-None-Match. "
        "Of a file: its SHA-256.",
        True,
    ),
    "Idempotent-Replayed": (
        "`true`: this Idempotency-Key was used before, and this is the answer to what was done then.",
        False,
    ),
    "Link": ('The next page, as `rel="next"`; what explains a deprecation, as `rel="deprecation"`.', False),
    "Location": ("The address of the new record.", True),
    "RateLimit": ("How many requests this key has left, and in how many seconds there are more.", False),
    "RateLimit-Policy": ("How many requests a key has in how many seconds.", False),
    "Retry-After": ("Seconds to wait before trying again.", True),
    "Set-Cookie": ("The session, for the browser alone: HttpOnly, SameSite=Strict.", True),
    "Sunset": ("When what was used will go away.", False),
    "WWW-Authenticate": ("How to say who calls.", True),
    "X-Request-Id": ("The id of this request: for questions, and the correlation_id of its events.", True),
}
#: Headers that problems of a status have.
OF_STATUS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    415: ("Accept-Encoding", "Accept-Patch"),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
#: Headers of every answer to an authenticated request.
OF_KEYS = ("RateLimit", "RateLimit-Policy")
#: Headers of an answer if the request used something deprecated.
OF_DEPRECATED = ("Deprecation", "Link", "Sunset")
TAGS = {
    "bulk": "Many actions by the file.",
    "tickets": "What tickets of every kind have: complaints, for instance.",
    "improvements": "The improvement programme: plans, suggestions, assessments, improvements, trainings.",
    "slas": "What is promised to customers, and by teams and suppliers so that it can hold.",
    "alerts": "What monitoring tools tell.",
    "trainings": "Who is trained in which process, examined, and licensed to carry it out.",
    "articles": "What is known of troubles, and what helps.",
    "releases": "Changes that go into use together, through the gates of their stages.",
    "events": "What has happened to every record, in the order in which the log took it.",
    "decisions": "Who votes on what, by which rules, and in whose name.",
    "deployments": "What was deployed where, by releases and by pipelines.",
    "attachments": "Files that are sent, to be attached to tickets.",
    "assignment_rules": "To whom tickets go that nobody has.",
    "changes": "What is changed, when it may be, and what came of it.",
    "checklists": "What is to be done again and again.",
    "custom_fields": "What an organisation wants to know of its tickets besides.",
    "calendars": "When it counts: hours, holidays, and business time.",
    "imports": "Histories of other systems that are brought in.",
    "incidents": "Unplanned interruptions and degradations of services.",
    "kpis": "Figures computed from the events.",
    "meetings": "Who meets when, what is talked about, and what came of it.",
    "problems": "The causes behind incidents, and what helps until they are removed.",
    "people": "Persons, teams and API keys.",
    "requests": "What people ask for, from intake to support after delivery.",
    "service": "The service's own health.",
    "catalogue": "Services, and what of them can be asked for.",
    "costs": "What an hour of work costs.",
    "configuration": "Configuration items, what they are to one another, and what is touched if one fails.",
    "webhooks": "What other tools tell of their tickets and alerts, and mails.",
    "views": "What lists are narrowed and sorted by, under a name.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of an operation that may answer with these problems, besides those that every
    operation may.
    """
    return {
        status: {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
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
    found = problems(*statuses)
    return in_language() | {200: {**in_language()[200], "content": html}} | {s: found[s] for s in statuses}


def in_language() -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI response of an operation that returns translated texts: a header names the
    language.
    """
    return {200: {"description": "Successful Response", "headers": {"Content-Language": {}}}}


def or_table() -> dict[int | str, dict[str, Any]]:
    """Return the successful response of an operation that also offers a CSV table."""
    said = "Successful Response; a table for `Accept: text/csv`."
    return {200: {"description": said, "content": CSV}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, as it is served and committed."""
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
    problem = ProblemDocument.model_json_schema(
        ref_template="#/components/schemas/{model}", mode="serialization"
    )
    schemas.update(problem.pop("$defs"))
    schemas["ProblemDocument"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    made["components"]["securitySchemes"] = SECURITY_SCHEMES
    for path, operations in made["paths"].items():
        for operation in operations.values():
            operation["description"] = " ".join(operation["description"].split())
            usual = SECURITY if path.startswith("/v1/") else []
            operation["security"] = SECURITY_OF.get(path, usual)
            for parameter in operation.get("parameters", ()):
                _as_sent(parameter)
            for status, answer in operation["responses"].items():
                names = headers_of(operation, int(status), answer)
                answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    used = {
        name
        for operations in made["paths"].values()
        for operation in operations.values()
        for answer in operation["responses"].values()
        for name in answer["headers"]
    }
    made["components"]["headers"] = {
        name: {"description": said, "required": always, "schema": {"type": "string"}}
        for name, (said, always) in HEADERS.items()
        if name in used
    }
    components.without_titles(made["paths"])
    components.without_titles(made["components"])
    components.lift(made)
    components.open_codes(made)
    examples.add_examples(made)
    components.shorten_nullable(made["paths"])
    components.shorten_nullable(made["components"])
    components.share_components(made)
    _share_security(made)
    return made


def _share_security(made: dict[str, Any]) -> None:
    """Say once for the whole document how requests are authenticated; operations say only what differs."""
    made["security"] = SECURITY
    for operations in made["paths"].values():
        for operation in operations.values():
            if operation["security"] == SECURITY:
                del operation["security"]


def problem_headers(status: int) -> list[str]:
    """Return the headers of a problem with that status, besides those of HTTP itself."""
    return sorted(["Content-Language", "X-Request-Id", *OF_STATUS.get(status, ())])


def headers_of(operation: dict[str, Any], status: int, answer: dict[str, Any]) -> list[str]:
    """Return the headers of the operation's answer with that status, besides those of HTTP itself."""
    names: set[str] = set()
    if SECURITY[0] in operation["security"] and status != 401:
        names.update(OF_KEYS)
    if any(EXTENSION in marked for marked in (operation, *operation.get("parameters", ()))):
        names.update(OF_DEPRECATED)
    if MEDIA_TYPE in answer.get("content", {}):
        return sorted(names.union(problem_headers(status)))
    names |= {"X-Request-Id", *answer.get("headers", ())}
    shows_one = "x-lifecycle" in operation or (
        "304" in operation["responses"] and "application/json" in operation["responses"]["200"]["content"]
    )
    if shows_one:
        names |= {"ETag", "Content-Language"}
    if "x-lifecycle" in operation:
        names.add("Idempotent-Replayed")
    if status == 201:
        names.add("Location")
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ())):
        names.add("Link")
    return sorted(names)


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
