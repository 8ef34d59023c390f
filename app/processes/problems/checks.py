"""Checks of actions on problems, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from typing import Any

from app.common.duties import GivenDuty
from app.common.people import Person, Role
from app.common.tickets import Ticket
from app.foundation.people.eligibility import check_member
from app.foundation.people.records import Team
from app.kernel.access.eligibility import is_eligible, scopes_of
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


async def incident_shows_nothing(
    reads: ReadContext, problem: Problem, body: RaiseProblem | ReopenProblem, ctx: ActionContext
) -> None:
    """Refuse incidents of people that show no problem: cancelled ones (`incident_cancelled`), those of a
    service and an item that are not the problem's (`incident_elsewhere`), and those of a problem that is back
    which were opened before it was resolved (`opened_before_resolution`).
    """
    if ctx.command.follows or ctx.caller.is_machine:
        return
    raised = isinstance(body, RaiseProblem)
    source = body if isinstance(body, RaiseProblem) else problem
    services = {source.service, *(source.affected_services or ())}
    field = "incidents" if raised else "incident"
    incidents: list[Any] = ctx.refs(Ticket, field)
    for n, incident in enumerate(incidents):
        pointer = f"/{field}/{n}" if raised else f"/{field}"
        refuse_cancelled(incident, pointer)
        named = [(incident.service, services), (incident.ci, {source.ci})]
        compared = [value in ours for value, ours in named if value is not None]
        if compared and not any(compared):
            words = {"number": str(incident.number)}
            raise WrongValue(words, pointer=pointer, because="incident_elsewhere")
        resolved_at = problem.resolved_at
        if resolved_at is not None and incident.opened_at < resolved_at:
            since: dict[str, Any] = {"number": str(incident.number), "since": resolved_at}
            raise WrongValue(since, pointer=pointer, because="opened_before_resolution")


def refuse_cancelled(incident: Ticket, pointer: str) -> None:
    """Raise WrongValue if the incident was cancelled, as it turned out to be none."""
    if incident.state == "cancelled":
        raise WrongValue({"number": str(incident.number)}, pointer=pointer, because="incident_cancelled")


async def cannot_be_investigated(
    reads: ReadContext, problem: Problem, body: InvestigateProblem, ctx: ActionContext
) -> None:
    """Refuse an assignee who is not in the team of the payload."""
    await check_member(reads, ctx.ref(Person, "assignee"), ctx.ref(Team, "team"), "/assignee")


async def successor_accepts_no_risk(
    reads: ReadContext, problem: Problem, successor: Person, ctx: ActionContext
) -> None:
    """Refuse a successor as the owner of an accepted risk who could not have accepted it."""
    scopes = scopes_of(problem, None, None)
    if not await is_eligible(reads, Person.KIND, successor.id, GivenDuty.co_authorship, scopes):
        raise WrongValue(pointer="/new_holder", because="accepts_no_risk")


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
    documented yet (`no_workaround_yet`). Once the cause is known, only a problem manager changes the subject
    of the problem, since its fix must touch that (`cause_is_known`).
    """
    sent = body.model_fields_set
    if problem.cause_identified_at is not None and not ctx.caller.has_role(Role.problem_manager, problem):
        for name in sorted(sent & {"affected_services", "ci", "service"}):
            if getattr(body, name) != _present(problem, name):
                raise WrongValue(pointer=f"/{name}", because="cause_is_known")
    service = body.service if "service" in sent else problem.service
    ci = body.ci if "ci" in sent else problem.ci
    if service is None and ci is None:
        raise WrongValue(pointer="/service" if "service" in sent else "/ci", because="service_or_ci")
    if problem.workaround_documented_at is None:
        for name in ("symptoms", "workaround", "workaround_visibility"):
            if name in sent:
                raise WrongValue(pointer=f"/{name}", because="no_workaround_yet")


def _present(problem: Problem, name: str) -> object:
    """Return the problem's value, in the form of a payload."""
    value = getattr(problem, name)
    return tuple(value) if isinstance(value, list) else value
