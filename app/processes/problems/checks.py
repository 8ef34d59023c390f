"""What forbids an action on a problem, beyond state and role. Each is the sentence that refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.base.extras.givable import fits
from app.common.children import Link, LinkKind
from app.common.people import Person, Team
from app.common.tickets import Ticket
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.processes.problems.records import Problem

if TYPE_CHECKING:
    from app.processes.problems.lifecycle import (
        AcceptRiskProblem,
        DocumentWorkaroundProblem,
        EditProblem,
        InvestigateProblem,
        RaiseProblem,
        ReopenProblem,
    )


async def named_twice(look: Look, problem: Problem, body: RaiseProblem, at: Moment) -> None:
    """An incident shows it once, whichever of its names it is called by."""
    incidents = [incident.id for incident in at.every(Ticket, "incidents")]
    if len(set(incidents)) < len(incidents):
        raise WrongValue(pointer="/incidents", because="each_once")


async def cannot_take_it(look: Look, problem: Problem, body: InvestigateProblem, at: Moment) -> None:
    """Who investigates is there, and belongs to the team that is named with them."""
    await fits(look, at.the(Person, "assignee"), at.the(Team, "team"), "/assignee")


async def written_down_before(
    look: Look, problem: Problem, body: DocumentWorkaroundProblem, at: Moment
) -> None:
    """Puts down whether an article is still to be drafted: of a problem there is one."""
    at.found["to_write_down"] = [problem] if problem.article_id is None else []


async def not_ahead(look: Look, problem: Problem, body: AcceptRiskProblem, at: Moment) -> None:
    """A risk is accepted for a time that lies ahead."""
    if body.until_at <= at.occurred_at:
        raise WrongValue(pointer="/until_at", because="not_ahead")


async def shows_nothing(look: Look, problem: Problem, body: ReopenProblem, at: Moment) -> None:
    """That it is back, an incident shows; only where the time of an accepted risk is over none need.

    Puts down which incident is to be linked: one that is linked already stays so.
    """
    incident = at.the(Ticket, "incident")
    if incident is None:
        if problem.risk_lapsed_at is None:
            raise WrongValue(pointer="/incident", because="missing")
        return
    known = await look.child(Link, problem, other=incident.row_key, kind=LinkKind.causes.value)
    at.found["to_link"] = [] if known is not None else [incident]


async def cannot_be_edited(look: Look, problem: Problem, body: EditProblem, at: Moment) -> None:
    """It stays about a service or a CI, and a workaround is put right where there is one."""
    said = body.model_fields_set
    service = body.service if "service" in said else problem.service
    ci = body.ci if "ci" in said else problem.ci
    if service is None and ci is None:
        raise WrongValue(pointer="/service" if "service" in said else "/ci", because="service_or_ci")
    if problem.workaround_documented_at is None:
        for name in ("symptoms", "workaround", "workaround_visibility"):
            if name in said:
                raise WrongValue(pointer=f"/{name}", because="no_workaround_yet")
