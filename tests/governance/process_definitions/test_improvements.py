"""An edition belongs to the improvement that carries it out: approved before the draft, and not ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.foundation.process_definitions.records import ProcessDefinition
from app.governance.process_definitions.checks import CARRIED_OUT, PUBLISHING, belongs_to
from app.processes.improvements.records import Improvement, ImprovementState
from tests.cases import each_case

DRAFTED = datetime(2026, 6, 1, tzinfo=UTC)
EDITION = ProcessDefinition.model_construct(process="incident", drafted_at=DRAFTED)


def an_improvement(**changed: Any) -> Improvement:
    """An improvement that carries the edition out."""
    fields: dict[str, Any] = {
        "process": "incident",
        "state": ImprovementState.implementing,
        "approved_at": DRAFTED,
    }
    return Improvement.model_construct(**fields | changed)


@each_case(
    ("changed", "belongs"),
    [
        ({}, True),
        ({"state": ImprovementState.rolling_out}, True),
        ({"state": ImprovementState.standardised}, False),
        ({"state": ImprovementState.reverted}, False),
        ({"state": ImprovementState.selected}, False),
        ({"state": ImprovementState.approved}, False),
        ({"process": "change"}, False),
        ({"process": None}, False),
        ({"approved_at": None}, False),
        ({"approved_at": DRAFTED + timedelta(seconds=1)}, False),
    ],
)
def test_an_edition_belongs_to_what_was_approved_before_it_and_has_not_ended(
    changed: dict[str, Any], belongs: bool
) -> None:
    for states in (CARRIED_OUT, PUBLISHING):
        assert belongs_to(EDITION, an_improvement(**changed), states) is belongs


def test_an_edition_is_piloted_before_the_judgement_and_published_after_it() -> None:
    piloting = an_improvement(state=ImprovementState.piloting)
    assert belongs_to(EDITION, piloting, CARRIED_OUT)
    assert not belongs_to(EDITION, piloting, PUBLISHING)
    assert set(ImprovementState) >= CARRIED_OUT > PUBLISHING
