"""Ratings: requesters rate their satisfaction with a ticket; once, and they may change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field

from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.actor_policy import reporter
from app.kernel.context import ActionContext
from app.kernel.lifecycle import STAYS, action
from app.kernel.payloads import FreeText, Payload
from app.kernel.reads import ReadContext
from app.ticketing.records import Rating

CHANGE_WINDOW = timedelta(days=30)
WORST, BEST = 1, 5


class RateTicket(Payload):
    """A rating of the requester's satisfaction."""

    score: int = Field(
        ge=WORST, le=BEST, strict=True, description="From 1, not at all, to 5, entirely.", examples=[4]
    )
    comment: FreeText | None = Field(default=None, description="Why, in their own words.")


@dataclass(frozen=True, slots=True)
class EarlierRating:
    """The earlier rating; None: there is none."""

    rating: Rating | None


def rate(ticket: Ticket, body: RateTicket, ctx: ActionContext) -> None:
    """Rate one's satisfaction with the ticket; for 30 days the rating can be changed."""
    given = ctx.prepared(EarlierRating).rating
    if given is None:
        made = Rating(id=ctx.new_id(), record=ticket.row_key, rated_at=ctx.occurred_at)
        ctx.add(made)
        given = made
    else:
        given = ctx.change(given)
    given.score = body.score
    given.comment = body.comment


async def rated_long_ago(reads: ReadContext, ticket: Ticket, ctx: ActionContext) -> str | None:
    """Refuse to change a rating after 30 days (`rated_long_ago`)."""
    given = await _rating(reads, ticket)
    late = given is not None and given.rated_at is not None and ctx.now > given.rated_at + CHANGE_WINDOW
    return "rated_long_ago" if late else None


async def earlier_rating(
    reads: ReadContext, ticket: Ticket, body: RateTicket, ctx: ActionContext
) -> EarlierRating:
    """Find the earlier rating, which is then changed."""
    return EarlierRating(await _rating(reads, ticket))


async def _rating(reads: ReadContext, ticket: Ticket) -> Rating | None:
    return next(iter(await reads.children(Rating, ticket)), None)


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for ratings."""
    return (
        #      action 中文    from             to     who       event
        action(rate,  "评价", spec.delivered, STAYS, reporter, f"{spec.kind}.rated", unless=(rated_long_ago,), prepare=(earlier_rating,)),
    )
# fmt: on
