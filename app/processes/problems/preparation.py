"""Reads that actions on problems need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.tickets import Ticket
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.processes.problems.payloads import ReopenProblem
from app.processes.problems.records import Problem
from app.ticketing.records import Link, LinkKind


@dataclass(frozen=True, slots=True)
class UndraftedArticle:
    """A prepared value: whether the problem has no article yet."""

    is_missing: bool


async def undrafted_article(
    reads: ReadContext, problem: Problem, body: object, ctx: ActionContext
) -> UndraftedArticle:
    """Find whether the problem's article is still to be drafted: a problem has at most one."""
    return UndraftedArticle(problem.article_id is None)


@dataclass(frozen=True, slots=True)
class UnlinkedIncident:
    """The incident to link to the reopened problem; None without one, or if it is linked already."""

    incident: Ticket | None


async def unlinked_incident(
    reads: ReadContext, problem: Problem, body: ReopenProblem, ctx: ActionContext
) -> UnlinkedIncident:
    """Find the incident of the payload that is not linked to the problem yet."""
    incident = ctx.ref(Ticket, "incident")
    if incident is None:
        return UnlinkedIncident(None)
    link = await reads.child(Link, problem, other=incident.row_key, kind=LinkKind.causes.value)
    return UnlinkedIncident(None if link is not None else incident)
