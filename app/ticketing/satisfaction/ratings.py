"""Ratings: requesters are asked once how satisfied they are with a ticket, and may change their answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field

from app.common.notices import NoticeType, RecipientRule
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import reporter, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import EmptyPayload, Payload, Remark
from app.ticketing.records import Rating, RatingRequest

CHANGE_WINDOW = timedelta(days=30)
WORST, BEST = 1, 5


def ask_rating(ticket: Ticket, body: EmptyPayload, ctx: ActionContext) -> None:
    """Ask the requester to rate the ticket."""
    ctx.outcome.add(
        RatingRequest(
            id=ctx.new_id(),
            record=ticket.row_key,
            person_id=ticket.requester_id,
            asked_at=ctx.occurred_at,
            until_at=ctx.occurred_at + CHANGE_WINDOW,
        )
    )


async def requester_missing(reads: ReadContext, ticket: Ticket, ctx: ActionContext) -> str | None:
    """Refuse to ask if there is no requester (`nobody_to_ask`)."""
    return "nobody_to_ask" if ticket.requester_id is None else None


async def asked_or_rated(reads: ReadContext, ticket: Ticket, ctx: ActionContext) -> str | None:
    """Refuse to ask a second time, or for a rating that is there (`asked_or_rated`)."""
    requests = await reads.children(RatingRequest, ticket)
    return "asked_or_rated" if requests or await _rating(reads, ticket) is not None else None


class RateTicket(Payload):
    """A rating of the requester's satisfaction."""

    score: int = Field(
        ge=WORST,
        le=BEST,
        strict=True,
        description="Satisfaction, from 1 (not satisfied) to 5 (fully satisfied).",
        examples=[4],
    )
    comment: Remark | None = Field(default=None, description="Reason in the requester's own words.")


@dataclass(frozen=True, slots=True)
class EarlierRating:
    """The earlier rating, or None."""

    rating: Rating | None


def rate(ticket: Ticket, body: RateTicket, ctx: ActionContext) -> None:
    """Rate the handling of the ticket, as its requester. The rating can be changed for 30 days."""
    rating = ctx.prepared(EarlierRating).rating
    if rating is None:
        rating = Rating(id=ctx.new_id(), record=ticket.row_key, rated_at=ctx.occurred_at)
        ctx.outcome.add(rating)
    else:
        rating = ctx.outcome.change(rating)
    rating.score = body.score
    rating.comment = body.comment
    rating.by_staff = ctx.caller.is_staff_for(ticket) or None


async def rated_long_ago(reads: ReadContext, ticket: Ticket, ctx: ActionContext) -> str | None:
    """Refuse to change a rating after 30 days (`rated_long_ago`)."""
    rating = await _rating(reads, ticket)
    late = rating is not None and rating.rated_at is not None and ctx.now > rating.rated_at + CHANGE_WINDOW
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
        #      action       中文        from            to     who       event
        action(ask_rating, "邀请评价", spec.delivered, STAYS, rule,     f"{spec.kind}.rating_asked", unless=(requester_missing, asked_or_rated),
               notifies=(RecipientRule(NoticeType.rating_asked, field="requester_id"),)),
        action(rate, "评价", spec.delivered, STAYS, reporter.in_person(), f"{spec.kind}.rated", unless=(rated_long_ago,), prepare=(earlier_rating,)),
    )
# fmt: on
