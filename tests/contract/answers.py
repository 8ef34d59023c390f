"""Holds an answer against the contract: its status, its type and every field of it must be written there."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.routing import APIRoute
from jsonschema_rs import Draft202012, Draft202012Validator, Registry
from starlette.routing import BaseRoute

from app.api.authentication.auth import ASSISTANTS
from app.api.contract.components import TEXT
from app.api.contract.openapi import SECURITY
from app.api.contract.problems import status_of
from app.api.contract.refusal_ranges import CONTENT, is_refusal, range_of
from app.api.contract.responses import BINARY
from app.api.replica_reads import COOKIE
from app.api.requests.accept import PARTIAL
from app.api.requests.raw_bodies import ENQUEUE, ENQUEUE_CHANGE
from app.api.requests.response_headers import (
    HEADERS,
    OF_KEYS,
    headers_of,
    problem_headers,
    references,
)
from app.api.service.event_stream import MEDIA_TYPE as EVENT_STREAM
from app.contract.schemas import resolved
from app.main import SERVED, build_app
from app.platform.settings import PROJECT
from tests import disk_cache

NAME = "urn:ledgerdesk:contract"
PROBLEM = {"$ref": f"{NAME}#/components/schemas/ProblemDocument"}
#: Addresses of pages, which answer with HTML.
PAGES = ("/branding/", "/desk", "/dashboard", "/portal", "/sign-in", "/sign-out")
#: The page that leads everybody to theirs.
START = "/"
# What is answered before the request has reached an operation, so that no operation can list it.
BEFORE_ROUTING = {401, 403, 404, 405, 406, 413, 429, 503}
# Headers that every answer may have, and that mean what they mean everywhere.
OF_HTTP = {"cache-control", "content-length", "content-type", "vary", "x-content-type-options"}
# What tells a browser to be careful with a page.
OF_HTTP |= {"content-security-policy", "referrer-policy", "x-frame-options"}
# What tells it to let a page of another origin read the answer.
OF_HTTP |= {f"access-control-{name}" for name in ("allow-credentials", "allow-origin", "expose-headers")}


def _is_instant(value: str) -> bool:
    return value.endswith("Z") and _parses(datetime.fromisoformat, value)


def _is_uuid(value: str) -> bool:
    return _parses(UUID, value) and str(UUID(value)) == value


def _parses(parse: Any, value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True


FORMATS = {"date-time": _is_instant, "uuid": _is_uuid}


@cache
def as_written() -> dict[str, Any]:
    """The contract in its file, which is what the code makes of it (test_drift)."""
    document: dict[str, Any] = json.loads((PROJECT / "openapi" / "openapi.json").read_bytes())
    return document


#: Headers that only some problems of the status carry: this one marks a conflict between simultaneous writes.
OCCASIONAL_HEADERS = {(409, "Retry-After")}


def declared_statuses(routes: Iterable[BaseRoute]) -> dict[str, list[int]]:
    """Return the statuses that each route declares to be refused with, by operationId."""
    return {
        str(route.operation_id): sorted(
            int(status) for status, answer in route.responses.items() if is_refusal(answer)
        )
        for route in routes
        if isinstance(route, APIRoute)
    }


@cache
def refusals() -> dict[str, list[int]]:
    """By operationId, the statuses that the code declares each operation to be refused with."""
    ranges: dict[str, list[int]] = disk_cache.cached_json(
        "refusals", lambda: declared_statuses(build_app().routes)
    )
    return ranges


@cache
def document() -> dict[str, Any]:
    """The same with each operation's parameters and answers in it, where the contract refers to them; and
    with the refusals by the statuses that the code declares, where the contract has a range of them.
    """
    contract = with_parts_in_place(as_written())
    for operations in contract["paths"].values():
        for operation in operations.values():
            _name_refusals(operation)
    return contract


def _name_refusals(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    ranges = {name: answers.pop(name) for name in ("4XX", "5XX") if name in answers}
    guarded = {**operation, "security": operation.get("security", SECURITY)}
    for status in refusals()[operation["operationId"]]:
        described = {**ranges[range_of(status)], "content": CONTENT}
        answers[str(status)] = {**described, "headers": references(headers_of(guarded, status, described))}


def with_parts_in_place(contract: dict[str, Any]) -> dict[str, Any]:
    """A copy in which each operation has its parameters, body and answers, where that contract refers to
    them.
    """
    resolved_contract = copy.deepcopy(contract)
    for operations in resolved_contract["paths"].values():
        for described in operations.values():
            described["responses"] = {
                status: resolved(part, contract) for status, part in described["responses"].items()
            }
            if "parameters" in described:
                described["parameters"] = [resolved(part, contract) for part in described["parameters"]]
            if "requestBody" in described:
                described["requestBody"] = resolved(described["requestBody"], contract)
    for kind in ("parameters", "requestBodies", "responses"):
        resolved_contract["components"].pop(kind, None)
    return resolved_contract


@cache
def _registry() -> Registry:
    # References lead to components only. The operations with all parts in place are thirty times as large.
    components = {"components": _closed(copy.deepcopy(document()["components"]))}
    return Registry([(NAME, components)], draft=Draft202012)


def _closed(schema: Any) -> Any:
    """The same, but nobody is to meet what is not documented: an object has no field that is not named, and a
    list of codes that is open has no other code.
    """
    if isinstance(schema, dict):
        # Beside a record it is a key, which stands in the record's place where that is not to be seen.
        parts = schema.get("anyOf", ())
        if parts[1:] == [TEXT] and "enum" in resolved(parts[0], as_written()):
            schema["anyOf"] = schema["anyOf"][:1]
        for part in schema.values():
            _closed(part)
        if isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)
    elif isinstance(schema, list):
        for part in schema:
            _closed(part)
    return schema


def validate(value: object, schema: dict[str, Any]) -> None:
    """Fails if the value is not what the schema, a part of the contract, says."""
    validator = _validator(json.dumps(schema))
    if not validator.is_valid(value):
        errors = [
            f"/{'/'.join(map(str, e.instance_path))}: {e.message}" for e in validator.iter_errors(value)
        ]
        pytest.fail(f"not as the contract says: {errors[:5]}")


@cache
def _validator(schema: str) -> Draft202012Validator:
    placed = within(json.loads(schema))
    return Draft202012Validator(placed, registry=_registry(), formats=FORMATS, validate_formats=True)


def within(schema: Any) -> Any:
    """The schema with its references as seen from outside of the document."""
    if isinstance(schema, dict):
        return {
            key: f"{NAME}{part}" if key == "$ref" and part.startswith("#") else within(part)
            for key, part in schema.items()
        }
    return [within(part) for part in schema] if isinstance(schema, list) else schema


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation at that address; None if there is none."""
    operations = document()["paths"].get(path) or _with_parameters(path) or {}
    operation_found: dict[str, Any] | None = operations.get(method.lower())
    return operation_found


def _with_parameters(path: str) -> dict[str, Any] | None:
    """The operations of the first address with parameters that this one is of."""
    for pattern, operations in _patterns().get(_outline(path), ()):
        if pattern.fullmatch(path):
            return operations
    return None


@cache
def _patterns() -> dict[tuple[str, int], list[tuple[re.Pattern[str], dict[str, Any]]]]:
    """The addresses with parameters, by what tells most of them apart."""
    patterns: dict[tuple[str, int], list[tuple[re.Pattern[str], dict[str, Any]]]] = {}
    for template, operations in document()["paths"].items():
        if "{" in template:
            pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)))
            patterns.setdefault(_outline(template), []).append((pattern, operations))
    return patterns


def _outline(path: str) -> tuple[str, int]:
    """The first part of an address behind that of the version, and how many parts there are."""
    parts = path.removeprefix("/v1").split("/")
    return "".join(parts[1:2]), path.count("/")


_WITH_SECRET = re.compile(r"/v1/webhooks/[^/]+/(?!preview$).+")


def check(response: httpx.Response) -> None:
    """Fails if the answer is not one that the contract lets a client expect."""
    request = response.request
    answered = f"{request.method} {request.url.path} answered {response.status_code}"
    path = request.url.raw_path.decode("ascii").partition("?")[0]
    # HEAD is answered as GET is, without the body.
    if path == START or path.startswith(PAGES):
        return  # for people: no part of the contract
    if path in (ENQUEUE, ENQUEUE_CHANGE) or _WITH_SECRET.fullmatch(path):
        return  # its contract is PagerDuty's; or it is the address of a tool, with its secret
    if path == ASSISTANTS:
        return  # its contract is the Model Context Protocol's
    described = operation("GET" if request.method == "HEAD" else request.method, path)
    documented = (described or {}).get("responses", {})
    answer = documented.get(str(response.status_code))
    if answer is None:
        assert response.status_code in BEFORE_ROUTING, f"{answered}, which its operation does not list"
        answer = {
            "content": {"application/problem+json": {"schema": PROBLEM}},
            "headers": dict.fromkeys([*problem_headers(response.status_code), *OF_KEYS]),
        }
    _check_headers(response, answer["headers"], answered)
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if "content" not in answer or request.method == "HEAD":
        assert not response.content, f"{answered} with a body, and the contract knows none"
        return
    assert media_type in answer["content"], f"{answered} as {media_type!r}"
    if media_type in BINARY:
        return
    if media_type == EVENT_STREAM:
        for streamed in streamed_data(response.text):
            validate(streamed, data_of(answer["content"][media_type]["schema"])["contentSchema"])
        return
    is_text = media_type.startswith(("text/", "image/")) or media_type == "application/xml"
    content: Any = response.text if is_text else response.json()
    # Clients from before the type of partial answers get them as JSON, if they ask for that by name.
    chosen = PARTIAL in answer["content"] and {"fields", "expand"} & request.url.params.keys()
    validate(content, answer["content"][PARTIAL if chosen else media_type]["schema"])
    if chosen or media_type == PARTIAL:
        is_page = "next_cursor" in content  # a record may have items of its own
        for record in content["items"] if is_page else [content]:
            validate(record, _chosen_fields(path.split("/")[2], is_item=is_page))
    if media_type == "application/problem+json":
        content = response.json()
        assert content["status"] == response.status_code, answered
        assert status_of(content["code"]) == content["status"], (
            f"the page of {content['code']} says another status"
        )


def _of_browsers(response: httpx.Response) -> set[str]:
    """The header by which a browser keeps the position of what it wrote; no client needs to know of it."""
    cookies = response.headers.get_list("set-cookie")
    return {"set-cookie"} if cookies and all(text.startswith(f"{COOKIE}=") for text in cookies) else set()


def data_of(event: dict[str, Any]) -> dict[str, Any]:
    """The schema of the data of an event of a stream."""
    schema: dict[str, Any] = event["properties"]["data"]
    return schema


def streamed_data(text: str) -> list[Any]:
    """The data of the events of a stream, each of which is JSON on one line."""
    lines = (line.partition(": ") for line in text.splitlines())
    return [json.loads(content) for name, _, content in lines if name == "data"]


@cache
def _chosen_fields(plural: str, *, is_item: bool) -> dict[str, Any]:
    """A record of that kind with any of its fields, each as it is in a whole record, or with the record that
    it names in its place.
    """
    listings = (listing for routes in SERVED for listing in (*routes.listings, *routes.without_views))
    listing = next(listing for listing in listings if listing.lifecycle.plural == plural)
    shape = listing.item if is_item else listing.shape
    schemas = document()["components"]["schemas"]
    # A list of its own says its rows by another schema: the register of documents.
    fields = dict(schemas.get(shape.__name__, schemas.get("RegisteredDocument"))["properties"])
    for name, target in listing.refers.items():
        complete = {"$ref": f"#/components/schemas/{target.listing.item.__name__}"}
        fields[name] = {"anyOf": [_closed(copy.deepcopy(fields[name])), complete]}
    return {"type": "object", "properties": fields, "additionalProperties": False}


def _check_headers(response: httpx.Response, documented: dict[str, Any], answered: str) -> None:
    """Fails if it has a header that is not written there, or lacks one that is to come always."""
    listed = {name.lower(): name for name in documented}
    assert response.headers.keys() - OF_HTTP - _of_browsers(response) - listed.keys() == set(), (
        f"{answered} with headers that nobody lists"
    )
    always = {
        name
        for name, header in listed.items()
        if HEADERS[header][1] and (response.status_code, header) not in OCCASIONAL_HEADERS
    }
    assert always - response.headers.keys() == set(), f"{answered} without headers that always come"
