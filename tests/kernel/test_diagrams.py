"""Diagrams of lifecycles draw what can happen, also where an action leads depends on the record."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from app.common.records import CodeEnum
from app.foundation.decisions.records import DecisionOutcome
from app.foundation.services.records import FulfilmentPath
from app.governance.findings.records import ObjectionVerdict
from app.kernel.actions.describe import as_mermaid, outcomes
from app.kernel.actions.lifecycle import Action, Branch, Lifecycle
from app.processes.deployments.records import DeploymentOutcome
from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENT
from app.processes.incidents.records import IncidentState
from app.processes.problems.lifecycle import LIFECYCLE as PROBLEM
from app.processes.requests.records import AcceptanceVerdict
from app.registry import LIFECYCLES
from tests.cases import each_case

DEPENDING = [
    (lifecycle, row)
    for lifecycle in LIFECYCLES
    for row in lifecycle.rows
    if callable(row.to) and not row.opens
]
SOMEBODY = UUID(int=1)
#: What rows look at to tell where they lead, with values that make all differences.
LOOKED_AT: dict[str, list[Any]] = {
    "approval_id": [None, SOMEBODY],
    "below_line": [False, True],
    "business_approved_by_id": [None, SOMEBODY],
    "go": [None, False, True],
    "it_approved_by_id": [None, SOMEBODY],
    "motion": [SimpleNamespace(asked_with_plan=False), SimpleNamespace(asked_with_plan=True)],
    "outcome": list(DeploymentOutcome),
    "path": list(FulfilmentPath),
    "pending_consents": [None, ["renew:it"], ["sign:party"], ["terminate:it"]],
    "rounds": [None, 1],
    "sent_back_at": [None, "2026-01-01"],
    "stage": [None, "build"],
    "risk_level": [None, "low"],
    "review_outcome": [None, DecisionOutcome.approved, DecisionOutcome.rejected],
    "was_talked_over": [False, True],
    "verdict": [None, *AcceptanceVerdict, ObjectionVerdict.withdrawn],
}


def drawn(lifecycle: Lifecycle[Any], name: str) -> set[tuple[str, str]]:
    """The arrows of that action in the diagram."""
    arrows = (line.split() for line in as_mermaid(lifecycle).splitlines() if line.endswith(f" : {name}"))
    return {(arrow[0], arrow[2]) for arrow in arrows}


def records(row: Action[Any, Any]) -> list[Any]:
    """Records in every state that the action is open in, with every value of what it looks at."""
    assert callable(row.to)
    names: set[str] = set()
    while True:
        values = [dict(zip(names, drawn, strict=True)) for drawn in product(*(LOOKED_AT[n] for n in names))]
        drawn_records = [
            SimpleNamespace(state=state, solution_approval=SimpleNamespace(**fields), **fields)
            for state in row.from_states  # type: ignore[union-attr]  # none opens
            for fields in values
        ]
        try:
            for record in drawn_records:
                row.to(record)
        except AttributeError as lacking:
            names.add(str(lacking.name))
        else:
            return drawn_records


@each_case(("lifecycle", "row"), [(li, row) for li, row in DEPENDING if isinstance(row.to, Branch)])
def test_a_row_that_depends_is_drawn_to_where_it_leads_and_nowhere_else(
    lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    assert callable(row.to)
    led = {(str(record.state), str(row.to(record))) for record in records(row)}
    assert drawn(lifecycle, row.name) == led


@each_case(("lifecycle", "row"), [(li, row) for li, row in DEPENDING if not isinstance(row.to, Branch)])
def test_a_row_that_leads_back_is_drawn_to_every_state_that_was_left(
    lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    arrows = drawn(lifecycle, row.name)
    assert arrows
    for held, before in arrows:
        assert held != before
        assert (before, held) in drawn(lifecycle, "hold")
        record = SimpleNamespace(state=held, held_from=before)
        assert callable(row.to)
        assert row.to(record) == before


def test_an_incident_is_resumed_where_it_was_held() -> None:
    row = INCIDENT["resume"]
    targets: tuple[CodeEnum, ...] = outcomes(INCIDENT, row, IncidentState.on_hold)
    held: Any = INCIDENT["hold"].from_states
    assert set(targets) == set(held)


def test_a_known_error_stays_one_when_its_cause_is_identified() -> None:
    assert drawn(PROBLEM, "identify_cause") == {
        ("investigating", "cause_identified"),
        ("cause_identified", "cause_identified"),
        ("known_error", "known_error"),
    }
