"""Statements of an improvement about other people: the departments agreed to the pilot, and people gave
feedback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.foundation.people.records import Team
from app.foundation.services.records import Service
from app.foundation.statements.actions import StatementsOfRecord, add_statements
from app.foundation.statements.records import PersonStatement, StatedFact
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kpis.declaration.dimensions import Dimension
from app.processes.improvements.pilot.records import PilotFeedback
from app.processes.improvements.project.payloads import PlanImprovement
from app.processes.improvements.records import Improvement

#: By dimension of a pilot's scope, the kind of record and its field that names who speaks for it.
SPEAKERS: Mapping[Dimension, tuple[str, str]] = {
    Dimension.team: (Team.KIND, "lead_id"),
    Dimension.customer: (Team.KIND, "lead_id"),
    Dimension.service: (Service.KIND, "owner_id"),
}


@dataclass(frozen=True, slots=True)
class PilotDepartments:
    """The people who speak for the departments of a pilot: leads of teams, and owners of services; and the
    teams whose cases it changes.
    """

    speaker_ids: tuple[UUID, ...]
    team_ids: tuple[UUID, ...]


async def pilot_departments(
    reads: ReadContext, improvement: Improvement, body: PlanImprovement, ctx: ActionContext
) -> PilotDepartments:
    """Find who speaks for the teams, customers and services of the pilot's scope."""
    speakers: dict[UUID, None] = {}
    teams: dict[UUID, None] = {}
    for dimension, values in (body.pilot_scope or {}).items():
        kind, field = SPEAKERS.get(dimension, ("", ""))
        for value in values if kind else ():
            loaded = await reads.record(kind, value)
            if loaded is not None and kind == Team.KIND:
                teams[loaded.record.id] = None
            speaker_id = None if loaded is None else getattr(loaded.record, field)
            if speaker_id is not None:
                speakers[speaker_id] = None
    return PilotDepartments(tuple(speakers), tuple(teams))


def state_agreement(improvement: Improvement, ctx: ActionContext) -> None:
    """Record that those who speak for the departments agreed to the pilot. Another plan needs it again."""
    for row in ctx.prepared(StatementsOfRecord).rows:
        if row.fact is StatedFact.agreed:
            ctx.outcome.remove(row)
    add_statements(improvement, StatedFact.agreed, ctx.prepared(PilotDepartments).speaker_ids, ctx)


async def pilot_agreement_denied(
    reads: ReadContext, improvement: Improvement, ctx: ActionContext
) -> str | None:
    """Refuse a pilot to which a department did not agree, by its own word (`pilot_agreement_denied`)."""
    rows = await reads.children(PersonStatement, improvement, fact=StatedFact.agreed.value)
    return "pilot_agreement_denied" if any(row.objected_at is not None for row in rows) else None


@dataclass(frozen=True, slots=True)
class LoggedFeedback:
    """The feedback on the pilots of an improvement."""

    rows: tuple[PilotFeedback, ...]


async def logged_feedback(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> LoggedFeedback:
    """Find the feedback on the improvement's pilots."""
    return LoggedFeedback(tuple(await reads.children(PilotFeedback, improvement)))


def forget_statement(improvement: Improvement, row: PersonStatement, ctx: ActionContext) -> None:
    """Remove the feedback that the person did not give."""
    for feedback in ctx.prepared(LoggedFeedback).rows:
        if feedback.id == row.about_id:
            ctx.outcome.remove(feedback)
