"""Logs that were written before changes, requests and agreements had parts: their events, written by hand as
they were then, give the same records, histories and tables as those of today.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from app.common.people import Role
from app.common.records import Record, all_values
from app.kernel.access.reads import load
from app.kernel.histories.history import record_at_version
from app.kernel.histories.rebuild import compare
from app.log import read
from app.log.upcasting import upcast
from app.platform.db import connect
from app.processes.changes.records import Change
from app.processes.requests.records import Request
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from app.service_levels.agreements.records import Agreement
from tests.client import Api
from tests.conftest import DatabaseUrls
from tests.extent import first_of
from tests.log_of_before import OldEvents, day, move_rows_again, write_log_of_before

INCIDENT = "0199a000-0000-7000-8000-000000000001"
OPENED = {"state_since": day(0), "opened_at": day(0)}


class LogOfBefore(NamedTuple):
    """A record in a log of before: its class, what each event set, a version, and what the fields that moved
    were at that version and are now.
    """

    record: type[Record]
    old_events: OldEvents
    version: int
    then: dict[str, Any]
    now: dict[str, Any]


CHANGE = LogOfBefore(
    Change,
    (
        (
            "change.drafted",
            {
                **OPENED,
                "number": "CHG-2026-000001",
                "title": "Replace the relay",
                "state": "draft",
                "type": "normal",
                "plan": None,
            },
        ),
        ("change.submitted", {"state": "submitted", "state_since": day(1), "submitted_at": day(1)}),
        (
            "change.assessed",
            {
                "state": "assessed",
                "state_since": day(2),
                "risk_level": "low",
                "risk_score": 3,
                "risk_answers": {"tried": "often"},
                "conflicts_found": ["CHG-2026-000002"],
            },
        ),
        (
            "change.approval_requested",
            {"state": "awaiting_approval", "state_since": day(3), "approval_requested_at": day(3)},
        ),
        ("change.started", {"state": "implementing", "state_since": day(4), "started_by_voter": False}),
        (
            "change.backed_out",
            {"state": "backed_out", "state_since": day(5), "service_restored_at": day(5)},
        ),
        (
            "change.reviewed",
            {
                "state": "closed",
                "state_since": day(6),
                "outcome": "backed_out",
                "first_pass": False,
                "caused_incident_ids": [INCIDENT],
            },
        ),
    ),
    3,
    {"risk_score": 3, "conflicts_found": ["CHG-2026-000002"], "started_by_voter": None},
    {
        "risk_score": 3,
        "risk_answers": {"tried": "often"},
        "approval_requested_at": day(3),
        "started_by_voter": False,
        "service_restored_at": day(5),
        "first_pass": False,
    },
)
REQUEST = LogOfBefore(
    Request,
    (
        (
            "request.submitted",
            {**OPENED, "number": "REQ-2026-000001", "title": "A new report", "state": "submitted"},
        ),
        ("request.solution_proposed", {"state": "solution_review", "state_since": day(1)}),
        (
            "request.solution_reviewed",
            {"state": "revising", "state_since": day(2), "sent_back_at": day(2)},
        ),
        (
            "request.solution_proposed",
            {"state": "solution_review", "state_since": day(3), "sent_back_at": None},
        ),
        (
            "request.solution_reviewed",
            {"state": "solution_approved", "state_since": day(4), "solution_approved_at": day(4)},
        ),
    ),
    3,
    {"state": "revising", "solution_approved_at": None},
    {"solution_approved_at": day(4), "business_approved_by": None},
)
AGREEMENT = LogOfBefore(
    Agreement,
    (
        (
            "sla.requirement_recorded",
            {
                "number": "SLA-2026-000001",
                "title": "Mail for finance",
                "state": "requirement",
                "state_since": day(0),
                "agreement_type": "SLA",
                "edition": 1,
                "recorded_requirement_at": day(0),
            },
        ),
        ("sla.drafted", {"state": "drafted", "state_since": day(1), "drafted_at": day(1)}),
        (
            "sla.submitted",
            {"state": "in_review", "state_since": day(2), "submitted_at": day(2), "gap_reason": "In May."},
        ),
        ("sla.signed", {"state": "signed", "state_since": day(3), "signed_at": day(3)}),
    ),
    2,
    {"gap_reason": None, "drafted_at": day(1)},
    {"gap_reason": "In May.", "effect_on_cost": None, "signed_at": day(3)},
)
LOGS = [REQUEST, CHANGE, AGREEMENT]


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.record.KIND)
async def test_clients_see_the_record_as_it_stands_and_as_it_stood(
    api: Api, place: DatabaseUrls, log: LogOfBefore
) -> None:
    name = await write_log_of_before(api, place, log.record, log.old_events)
    reader = await api.client("R", Role.auditor)
    lifecycle = LIFECYCLES_BY_KIND[log.record.KIND]
    path = f"/v1/{lifecycle.plural}/{name.partition('/')[2]}"
    answer = await reader.read(path)
    assert {key: answer[key] for key in log.now} == log.now
    event = (await read.stream_events(api.ledger.db, name))[log.version - 1]
    then = await reader.read(path, as_of=event.position)
    assert (then["version"], {key: then[key] for key in log.then}) == (log.version, log.then)
    events = (await reader.read(f"{path}/events"))["items"]
    for (event_type, fields), event_answer in zip(log.old_events, events, strict=True):
        data = {"given": {}, "set": {name: fields}}
        assert event_answer["schema_version"] == 2
        assert event_answer["set"].keys() == upcast(event_type, 1, data)["set"].keys()


@pytest.mark.parametrize("log", first_of(LOGS, 1), ids=lambda log: log.record.KIND)
async def test_the_log_folds_into_the_rows_that_the_migration_makes(
    api: Api, place: DatabaseUrls, log: LogOfBefore
) -> None:
    name = await write_log_of_before(api, place, log.record, log.old_events)
    follower = await connect(place.url)
    try:
        assert (await compare(follower, LIFECYCLES)).differing == {}
        await move_rows_again(place, log.record, "1025")
        assert (await compare(follower, LIFECYCLES)).differing == {}
    finally:
        await follower.close()
    lifecycle = LIFECYCLES_BY_KIND[log.record.KIND]
    folded = await record_at_version(api.ledger.db, lifecycle, name, len(log.old_events))
    loaded = await load(api.ledger.db, lifecycle, name.partition("/")[2])
    assert folded is not None
    assert loaded is not None
    moved = {name for part in log.record.PARTS for name in part.model_fields} - {"appended_at"}
    stands, stood = all_values(loaded.record), all_values(folded)
    assert {key: stands[key] for key in moved} == {key: stood[key] for key in moved}
