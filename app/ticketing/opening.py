"""Opening of tickets: the fields that people give and may edit later, the requester, and the days for
reopening.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.common.people import Person
from app.common.records import KeyRef
from app.foundation.custom.values import CustomValues
from app.foundation.services.records import CatalogueItem
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText, Payload, RecordKey, Title
from app.service_levels.clocks.reopening import AgreedReopening, agreed_reopening


class SubjectFields(Payload):
    """The objects that a ticket is about."""

    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="Key of the service, if it is known."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="Key of the configuration item, if it is known."
    )

    custom: CustomValues = Field(default_factory=dict)


class ReportFields(SubjectFields):
    """A ticket in its reporter's words, and the objects that it is about."""

    title: Title = Field(description="Title in one line, without names of persons, as lists show it.")
    description: FreeText = Field(description="Description in the words of the person who reports it.")


def set_requester(ticket: Any, ctx: ActionContext) -> None:
    """Set requester and customer of a ticket that is opened, and its reporter if that is somebody else.

    The requester is the payload's, or else the caller.
    """
    requester = ctx.ref(Person, "requester")
    ticket.requester_id = requester.id if requester else ctx.caller.person_id
    # The customer is the requester's team at opening, even if the requester changes teams later.
    ticket.customer_id = requester.team_id if requester else ctx.caller.team_id
    if ticket.requester_id != ctx.caller.person_id:
        ticket.reported_by_id = ctx.caller.person_id


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
