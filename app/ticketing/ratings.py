"""Ratings: whoever asked for a ticket says how content they are; once, and they may think better of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field

from app.common.tickets import Ticket
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Words
from app.kernel.lifecycle import STAYS, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.who import reporter
from app.ticketing.records import Rating

CHANGED_FOR = timedelta(days=30)
WORST, BEST = 1, 5


class RateTicket(Body):
    """How content somebody is."""

    score: int = Field(
        ge=WORST, le=BEST, strict=True, description="From 1, not at all, to 5, entirely.", examples=[4]
    )
    comment: Words | None = Field(default=None, description="Why, in their own words.")


@dataclass(frozen=True, slots=True)
class EarlierRating:
    """What was said before; None: nothing."""

    rating: Rating | None


def rate(ticket: Ticket, body: RateTicket, at: Moment) -> None:
    """Whoever asked for it says how content they are; for 30 days they may say otherwise."""
    given = at.prepared(EarlierRating).rating
    if given is None:
        made = Rating(id=at.new_id(), record=ticket.row_key, rated_at=at.occurred_at)
        at.add(made)
        given = made
    else:
        given = at.change(given)
    given.score = body.score
    given.comment = body.comment


async def rated_long_ago(look: Look, ticket: Ticket, at: Moment) -> str | None:
    """What was said stands after 30 days."""
    given = await _rating(look, ticket)
    late = given is not None and given.rated_at is not None and at.now > given.rated_at + CHANGED_FOR
    return "rated_long_ago" if late else None


async def earlier_rating(look: Look, ticket: Ticket, body: RateTicket, at: Moment) -> EarlierRating:
    """Finds what was said before, which is changed then."""
    return EarlierRating(await _rating(look, ticket))


async def _rating(look: Look, ticket: Ticket) -> Rating | None:
    return next(iter(await look.children(Rating, ticket)), None)


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of ratings."""
    return (
        #      action 中文    from             to     who       event
        action(rate,  "评价", table.delivered, STAYS, reporter, f"{table.kind}.rated", unless=(rated_long_ago,), prepare=(earlier_rating,)),
    )
# fmt: on
