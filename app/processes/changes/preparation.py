"""Reads that actions on changes need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from app.common.tickets import Ticket
from app.foundation.people.lookups import STAFFED_NOW, staffed_team
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.log.events import kind_of
from app.processes.changes.payloads import DraftChange
from app.processes.changes.policies.records import ChangeTemplate, TemplateState
from app.processes.changes.records import Change
from app.ticketing.links import LinkedWishers
from app.ticketing.records import Link, LinkKind
from app.ticketing.wishers import told_wishers
from app.ticketing.work.working_days import same_time_on, service_working_days, working_days_after

#: The working days after which the review of a change is due.
REVIEW_DAYS = 3


@dataclass(frozen=True, slots=True)
class DraftSource:
    """The template of the change that is drafted, and the request that it is for, with those who asked for
    it, as far as there are any; the template's team, if somebody works in it.
    """

    template: ChangeTemplate | None
    request: Ticket | None
    wishers: LinkedWishers
    default_team_id: UUID | None


async def draft_source(
    reads: ReadContext, change: Change, body: DraftChange, ctx: ActionContext
) -> DraftSource:
    """Find the template and the request. Raises WrongValue if the template is not approved."""
    template = ctx.ref(ChangeTemplate, "template")
    if template is not None and template.state is not TemplateState.approved:
        raise WrongValue(pointer="/template", because="template_not_approved")
    team_id = None if template is None else template.team_id
    staffed = await staffed_team(partial(reads.rows, guard=STAFFED_NOW), team_id)
    request = ctx.ref(Ticket, "request")
    persons = () if request is None else await told_wishers(reads, change, LinkKind.implements, request)
    return DraftSource(template, request, LinkedWishers(persons), staffed)


@dataclass(frozen=True, slots=True)
class ChangeReviewDue:
    """Time at which the review of the change is due."""

    due_at: datetime


async def review_due(reads: ReadContext, change: Change, body: object, ctx: ActionContext) -> ChangeReviewDue:
    """Find the time at which the review is due: three working days after the implementation, at the same time
    of day, by the calendar of the change's service.
    """
    zone, works = await service_working_days(reads, change, ctx)
    day = ctx.occurred_at.astimezone(zone).date()
    return ChangeReviewDue(same_time_on(ctx.occurred_at, working_days_after(day, REVIEW_DAYS, works), zone))


@dataclass(frozen=True, slots=True)
class ConfirmedCauses:
    """The streams of the incidents that the change is linked to as their cause."""

    incidents: frozenset[str]


async def confirmed_causes(
    reads: ReadContext, change: Change, body: object, ctx: ActionContext
) -> ConfirmedCauses:
    """Find the incidents that the change caused, by its links."""
    links = await reads.children(Link, change, kind=LinkKind.causes.value)
    streams = (link.other for link in links if link.other is not None)
    return ConfirmedCauses(frozenset(name for name in streams if kind_of(name) == "incident"))
