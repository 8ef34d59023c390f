"""The days within which a ticket may be reopened, copied from the agreement that applies to it, and whether
its assignee still works for its team then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, PersonState, Role
from app.common.tickets import Ticket
from app.foundation.people.lookups import has_left_team
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Patch
from app.service_levels.clocks.reopening import AgreedReopening, agreed_reopening


async def reopening_of_edited(
    reads: ReadContext, ticket: Any, body: Patch, ctx: ActionContext
) -> AgreedReopening:
    """Find for how many days a ticket may be reopened that perhaps gets another service."""
    if "service" not in body.model_fields_set:
        return AgreedReopening(ticket.reopen_days)
    attributes = {
        "service": vars(body)["service"],
        "customer": None if ticket.customer_id is None else str(ticket.customer_id),
        "catalogue_item": getattr(ticket, "item", None),
    }
    return await agreed_reopening(reads, ticket.row_key, ticket.opened_at, attributes)


def reopening_ends_at(ended_at: datetime, agreed: int | None, usual: int) -> datetime:
    """Return until when a ticket that ended then may be reopened: the days agreed, else the usual ones."""
    return ended_at + timedelta(days=usual if agreed is None else agreed)


@dataclass(frozen=True, slots=True)
class FormerAssignee:
    """Whether the assignee of the ticket is inactive, or no longer in its team."""

    has_left: bool


async def former_assignee(
    reads: ReadContext, ticket: Ticket, body: object, ctx: ActionContext
) -> FormerAssignee:
    """Find out whether the assignee of a ticket that is being reopened has left."""
    if ticket.assignee_id is None:
        return FormerAssignee(has_left=False)
    loaded = await reads.record(Person.KIND, str(ticket.assignee_id))
    if loaded is not None and loaded.record.state is not PersonState.active:
        return FormerAssignee(has_left=True)
    if ticket.team_id is None:
        return FormerAssignee(has_left=False)
    return FormerAssignee(await has_left_team(reads, ticket.assignee_id, ticket.team_id))


def return_to_team(ticket: Ticket, ctx: ActionContext) -> None:
    """Clear the assignee who has left, so that the members of the team can act."""
    if ctx.prepared(FormerAssignee).has_left:
        ticket.assignee_id = None


def told_of_reopening(manager: Role) -> tuple[RecipientRule, ...]:
    """Return who is notified: the assignee, or else the lead or members of the team, or else the manager."""
    return (
        RecipientRule(NoticeType.reopened, responsible=True),
        RecipientRule(NoticeType.reopened, roles=frozenset({manager}), when="is_nobodys"),
    )
