"""The days within which a ticket may be reopened, copied from the agreement that applies to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.common.people import Person
from app.foundation.services.records import CatalogueItem
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Patch
from app.service_levels.clocks.reopening import AgreedReopening, agreed_reopening


async def reopening_of_opened(
    reads: ReadContext, ticket: Any, body: Any, ctx: ActionContext
) -> AgreedReopening:
    """Find for how many days a ticket that is being opened may be reopened after its end."""
    requester, item = ctx.ref(Person, "requester"), ctx.ref(CatalogueItem, "item")
    customer = requester.team_id if requester else ctx.caller.team_id
    attributes = {
        "service": body.service or (item.service if item else None),
        "customer": None if customer is None else str(customer),
        "catalogue_item": item.key if item else None,
    }
    return await agreed_reopening(reads, None, ctx.occurred_at, attributes)


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
