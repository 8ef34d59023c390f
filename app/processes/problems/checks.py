"""Checks of actions on problems, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from app.common.people import Person
from app.common.tickets import Ticket
from app.foundation.people.eligibility import check_member
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.problems.payloads import (
    AcceptRiskProblem,
    EditProblem,
    InvestigateProblem,
    RaiseProblem,
    ReopenProblem,
)
from app.processes.problems.records import Problem


async def incident_named_twice(
    reads: ReadContext, problem: Problem, body: RaiseProblem, ctx: ActionContext
) -> None:
    """Refuse if an incident is named twice, even by its id and by its number (`each_once`)."""
    incidents = [incident.id for incident in ctx.refs(Ticket, "incidents")]
    if len(set(incidents)) < len(incidents):
        raise WrongValue(pointer="/incidents", because="each_once")


async def cannot_be_investigated(
    reads: ReadContext, problem: Problem, body: InvestigateProblem, ctx: ActionContext
) -> None:
    """Refuse an assignee who is not in the team of the payload."""
    await check_member(reads, ctx.ref(Person, "assignee"), ctx.ref(Team, "team"), "/assignee")


async def until_not_in_future(
    reads: ReadContext, problem: Problem, body: AcceptRiskProblem, ctx: ActionContext
) -> None:
    """Refuse an acceptance of the risk that does not end in the future (`not_ahead`)."""
    if body.until_at <= ctx.counts_from:
        raise WrongValue(pointer="/until_at", because="not_ahead")


async def reopened_without_incident(
    reads: ReadContext, problem: Problem, body: ReopenProblem, ctx: ActionContext
) -> None:
    """Refuse to reopen the problem without an incident that shows its return, unless the acceptance of its
    risk has lapsed (`missing`).
    """
    if ctx.ref(Ticket, "incident") is None and problem.risk_lapsed_at is None:
        raise WrongValue(pointer="/incident", because="missing")


async def cannot_be_edited(
    reads: ReadContext, problem: Problem, body: EditProblem, ctx: ActionContext
) -> None:
    """Refuse an edit that leaves neither service nor CI (`service_or_ci`), or edits a workaround that is not
    documented yet (`no_workaround_yet`).
    """
    sent = body.model_fields_set
    service = body.service if "service" in sent else problem.service
    ci = body.ci if "ci" in sent else problem.ci
    if service is None and ci is None:
        raise WrongValue(pointer="/service" if "service" in sent else "/ci", because="service_or_ci")
    if problem.workaround_documented_at is None:
        for name in ("symptoms", "workaround", "workaround_visibility"):
            if name in sent:
                raise WrongValue(pointer=f"/{name}", because="no_workaround_yet")
