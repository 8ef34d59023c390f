"""Holds events against the contract of the log, openapi/events.json: as they are kept, and as readers get
them.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

import httpx
import orjson
import psycopg
import pytest
from jsonschema_rs import Draft202012Validator

from app.kernel.actions import describe
from app.log.events import kind_of
from app.log.upcasting import upcast
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests import disk_cache
from tests.contract.answers import FORMATS

KINDS = LIFECYCLES_BY_KIND.keys() | {"clock"}
#: The correlation of events that tests make up, which say only what is counted of them.
MADE_UP = "made-up"
WRITTEN = "select type, schema_version, data from log.event where correlation_id <> %s"
#: What tests of the log append, which no lifecycle can.
OF_TESTS = "told"
#: Events of incidents that are put to the vote, which only tests of decisions have.
OF_DECISIONS = {
    *("decision_asked", "decision_withdrawn", "voted", "vote_closed", "chair_decided", "decided"),
    *("approved", "voters_reminded", "decision_lapsed", "vote_deputised", "voter_recused", "votes_recounted"),
}
MOST_NAMED = 5


@cache
def catalogue() -> dict[str, Any]:
    """The contract as the code has it."""
    document: dict[str, Any] = disk_cache.cached_json("events", lambda: describe.catalogue(LIFECYCLES))
    return document


@cache
def _of_type(event: str, member: str) -> Draft202012Validator:
    return _validator(catalogue()["types"][event][member])


@cache
def _of_row(kind: str) -> Draft202012Validator:
    return _validator(catalogue()["rows"][kind] | {"additionalProperties": False})


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema, formats=FORMATS, validate_formats=True)


def faults(event: str, data: dict[str, Any]) -> list[str]:
    """What the catalogue does not say of an event of that type with that data: `given`, `set`, `clock`."""
    if event not in catalogue()["types"]:
        return [f"{event} is not there"]
    messages = []
    # What another system told is kept as that system has it.
    if not data.get("observed"):
        messages += _faults(f"{event} given", _of_type(event, "given"), data["given"])
    if data.get("clock") is not None:
        messages += _faults(f"{event} clock", _of_type(event, "clock"), data["clock"])
    for key, row in data["set"].items():
        if row is not None:
            messages += _faults(f"{event} set {kind_of(key)}", _of_row(kind_of(key)), row)
    return messages


def _faults(place: str, validator: Draft202012Validator, value: object) -> list[str]:
    if validator.is_valid(value):
        return []
    return [
        f"{place} /{'/'.join(map(str, fault.instance_path))}: {fault.message}"
        for fault in validator.iter_errors(value)
    ]


def check(events: list[tuple[str, dict[str, Any]]]) -> None:
    """Fails if an event, of a kind that the application has, is not as the catalogue says."""
    messages: dict[str, None] = {}
    for event, data in events:
        kind, _, verb = event.partition(".")
        if kind in KINDS and verb != OF_TESTS and not (kind == "incident" and verb in OF_DECISIONS):
            messages |= dict.fromkeys(faults(event, data))
    if messages:
        pytest.fail(f"not as events.json says: {list(messages)[:MOST_NAMED]}")


def check_answer(response: httpx.Response) -> None:
    """Fails if it shows an event that is not as the catalogue says."""
    if response.status_code == HTTPStatus.OK and response.request.url.path.endswith("/events"):
        items = [event for event in response.json()["items"] if event["correlation_id"] != MADE_UP]
        check([(event["type"], event) for event in items])


def check_log(connection: psycopg.Connection[Any]) -> None:
    """Fails if an event in the database's log, other than made-up ones, is not as the catalogue says."""
    written = connection.execute(WRITTEN, (MADE_UP,))
    check([(event, upcast(event, version, orjson.loads(data))) for event, version, data in written])
