"""Responses of operations as the contract describes them: answers, and the problems that may come instead."""

from __future__ import annotations

from typing import Any

from app.api.contract.refusal_ranges import CONTENT, MEANINGS
from app.api.requests import csv_output as tables

#: The responses of an operation by their statuses, as FastAPI takes them.
Responses = dict[int | str, dict[str, Any]]
#: The statuses that any operation may be refused with.
EVERYWHERE = (401, 403, 406, 429, 503)
#: The statuses that operations which read a body may be refused with, and the methods of such operations.
BODY_REFUSED = (400, 413, 415, 422)
BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
#: The content of a response or request of arbitrary bytes.
BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
#: The content of a response as a table for spreadsheets.
CSV = {tables.MEDIA_TYPE: {"schema": {"type": "string"}}}


def problems(*statuses: int) -> Responses:
    """Return the `responses=` of an operation that may be refused with these statuses, besides those that
    every operation may.
    """
    return {
        status: {"description": MEANINGS[status], "content": CONTENT}
        for status in sorted({*statuses, *EVERYWHERE})
    }


def action_responses(row: Any) -> Responses:
    """Return the problems of an action; one that makes a record has no record to find and no version to
    match.
    """
    return problems(*BODY_REFUSED, 409) if row.opens else problems(*BODY_REFUSED, 404, 409, 412)


def record_responses() -> Responses:
    """Return the responses, besides the record itself, of an operation that shows one."""
    unchanged = {"description": "The client already has this answer: its ETag is the one in If-None-Match."}
    return {304: unchanged} | problems(404, 422)


def problem_page_responses(*statuses: int) -> Responses:
    """Return the responses of operations that explain problems: as JSON, or as a page for people."""
    html = {"text/html": {"schema": {"type": "string"}}}
    responses = problems(*statuses)
    return (
        in_language() | {200: {**in_language()[200], "content": html}} | {s: responses[s] for s in statuses}
    )


def in_language() -> Responses:
    """Return the OpenAPI response of an operation that returns translated texts: a header names the
    language.
    """
    return {200: {"description": "Successful Response", "headers": {"Content-Language": {}}}}


def or_table() -> Responses:
    """Return the successful response of an operation that also offers a CSV table."""
    description = "Successful Response; a CSV table for `Accept: text/csv`."
    return {200: {"description": description, "content": CSV}}
