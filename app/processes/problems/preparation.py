"""What actions on problems must look up first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.common.tickets import Ticket
from app.kernel.context import ActionContext
from app.kernel.reads import ReadContext
from app.processes.problems.records import Problem
from app.ticketing.records import Link, LinkKind

if TYPE_CHECKING:
    from app.processes.problems.lifecycle import ReopenProblem


@dataclass(frozen=True, slots=True)
class UndraftedArticle:
    """Whether an article is still to be drafted of the problem."""

    is_missing: bool


async def undrafted_article(
    reads: ReadContext, problem: Problem, body: object, ctx: ActionContext
) -> UndraftedArticle:
    """Finds whether an article is still to be drafted: of a problem there is one."""
    return UndraftedArticle(problem.article_id is None)


@dataclass(frozen=True, slots=True)
class UnlinkedIncident:
    """The incident that shows that the problem is back; None: it is linked already, or none does."""

    incident: Ticket | None


async def unlinked_incident(
    reads: ReadContext, problem: Problem, body: ReopenProblem, ctx: ActionContext
) -> UnlinkedIncident:
    """Finds whether the incident is still to be linked: one that is linked already stays so."""
    incident = ctx.ref(Ticket, "incident")
    if incident is None:
        return UnlinkedIncident(None)
    known = await reads.child(Link, problem, other=incident.row_key, kind=LinkKind.causes.value)
    return UnlinkedIncident(None if known is not None else incident)
