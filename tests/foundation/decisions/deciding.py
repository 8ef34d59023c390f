"""Incidents that can be decided about by an action of their own, and those who decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller
from app.foundation.decisions.actions import DecisionSpec, add_prepared_decision, tallied
from app.foundation.decisions.matters import TASKS, WORK_EVENTS, Matter
from app.foundation.decisions.payloads import AskDecision, CastVote, Tallied
from app.foundation.decisions.preparation import NewDecision, question_preparation
from app.foundation.decisions.records import Decision, DecisionKind
from app.foundation.decisions.records import DecisionOutcome as Outcome
from app.kernel.actions.actor_policy import RecordDuty, agent, decision, requester_duty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import CommandResult
from app.kernel.ledger import Ledger
from app.log import read
from app.processes.incidents.records import Incident, IncidentState
from tests.foundation.decisions.rules import group_of, set_rule
from tests.people import act

NOW = datetime.now(UTC).replace(microsecond=0)
DUE = NOW + timedelta(days=3)


def approve(incident: Incident, body: Tallied, ctx: ActionContext) -> None:
    """It is worth the trouble."""
    incident.category = "approved"


def what_follows(incident: Incident, decision: Decision) -> tuple[str, Payload] | None:
    if incident.state is IncidentState.new and decision.outcome is Outcome.approved:
        return "approve", tallied(decision)
    return None


THE_ASSIGNEE = RecordDuty("assignee", "处理人", ("assignee_id",))
MATTER = Matter(
    decision=DecisionKind.change,
    duties=(requester_duty, THE_ASSIGNEE),
    child_duties=(TASKS,),
    fields=("began_at",),
    acts=WORK_EVENTS,
)
TABLE = DecisionSpec(
    kind="incident", any=IncidentState, who_withdraws=agent, matters=(MATTER,), outcome=what_follows
)


def ask_decision(incident: Incident, body: AskDecision, ctx: ActionContext) -> None:
    """Ask whether it is worth it."""
    add_prepared_decision(ctx.prepared(NewDecision), ctx)


ASK = action(
    ask_decision,
    "提请决议",
    [IncidentState.new],
    STAYS,
    agent,
    "incident.decision_asked",
    prepare=(question_preparation(MATTER),),
)
APPROVE = action(
    approve, "批准", [IncidentState.new], IncidentState.acknowledged, decision, "incident.approved"
)


async def ask(
    ledger: Ledger,
    by: Caller,
    incident: Incident,
    people: list[Caller],
    *,
    due_at: datetime | None = DUE,
    voters: list[dict[str, Any]] | None = None,
    **terms: Any,
) -> UUID:
    """The id of a decision: these people are asked, the first as the chair, or the `voters` of a rule."""
    value = await ledger.db.value('select count(*) from fold."group"')
    sources = voters or await group_of(ledger, f"board-{value}", people)
    await set_rule(ledger, sources, **terms)
    return await ask_again(ledger, by, incident, due_at)


async def ask_again(ledger: Ledger, by: Caller, incident: Incident, due_at: datetime | None = None) -> UUID:
    """The id of a decision by the rules that there are."""
    done = await put(ledger, by, incident, due_at)
    (key,) = (key for key in done.event.data["set"] if key.startswith("decision/"))
    return UUID(key.partition("/")[2])


async def put(
    ledger: Ledger, by: Caller, incident: Incident, due_at: datetime | None = None
) -> CommandResult:
    """They put the question, by the rules that there are."""
    body = AskDecision(question="Is it worth it?", due_at=due_at)
    return await act(ledger, by, "incident", "ask_decision", incident.id, body, now=NOW)


async def asked_persons(ledger: Ledger, identifier: UUID) -> set[UUID]:
    """Those who were asked for that decision."""
    rows_there = await ledger.db.rows("select person_id from fold.vote where decision_id = %s", (identifier,))
    return {row["person_id"] for row in rows_there}


async def vote(
    ledger: Ledger, by: Caller, incident: Incident, identifier: UUID, verdict: str = "approve", **more: Any
) -> CommandResult:
    name = more.pop("action", "vote")
    cast = {"verdict": verdict, "comment": "Because.", "defer_until": more.pop("defer_until", None)}
    body = CastVote.model_validate({"decision": identifier, **cast})
    return await act(ledger, by, "incident", name, incident.id, body, **({"now": NOW} | more))


async def told(ledger: Ledger, incident: Incident) -> list[str]:
    return [event.type.partition(".")[2] for event in await read.stream_events(ledger.db, incident.row_key)]
