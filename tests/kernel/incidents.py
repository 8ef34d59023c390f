"""Incidents for tests of the kernel: it knows no process, but it needs one to work on."""

from __future__ import annotations

from typing import Any

from app.common.people import Caller
from app.kernel.ledger import Ledger
from app.processes.incidents.payloads import ReportIncident
from app.processes.incidents.records import Incident
from app.registry import LIFECYCLES
from tests.extent import WHOLE
from tests.people import act

#: What histories of these tests are about. Each table takes its time to be compared: `make test-all` looks at
#: all of them.
COMPARED = [
    lifecycle
    for lifecycle in LIFECYCLES
    if WHOLE or lifecycle.kind in {"incident", "person", "team", "key", "service"}
]


def a_report(**changed: Any) -> ReportIncident:
    """The body of a report."""
    fields: dict[str, Any] = {
        "title": "Mail does not arrive",
        "description": "Since nine o'clock.",
        "channel": "portal",
        "impact": "2",
        "urgency": "2",
        "effect": "degraded",
    }
    return ReportIncident.model_validate(fields | changed)


async def report(ledger: Ledger, caller: Caller, **changed: Any) -> Incident:
    """An incident that the caller has reported."""
    incident: Incident = (await act(ledger, caller, "incident", "report", body=a_report(**changed))).record
    return incident
