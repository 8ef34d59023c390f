"""Followers: who follows a ticket sees it, and is told of its public steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Follower
from app.common.people import Person
from app.common.records import Refers
from app.common.tickets import Ticket
from app.foundation.people.givable import still_there
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Reference
from app.kernel.lifecycle import STAYS, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import follower
from app.kernel.who import anybody, rule

Whom = Annotated[
    Annotated[Reference, Refers("person")] | None,
    Field(description="Who, if not the caller: a person's id. For staff."),
]


class FollowTicket(Body):
    """Who wants to see what becomes of it."""

    person: Whom = None


def follow(ticket: Ticket, body: FollowTicket, at: Moment) -> None:
    """Somebody wants to see what becomes of it."""
    person_id = _who(at)
    assert person_id is not None
    at.add(following(ticket, person_id, at))


class UnfollowTicket(Body):
    """Who has seen enough of it."""

    person: Whom = None


def unfollow(ticket: Ticket, body: UnfollowTicket, at: Moment) -> None:
    """Somebody has seen enough of it."""
    person_id = _who(at)
    assert person_id is not None
    at.remove(following(ticket, person_id, at))


def _who(at: Moment) -> UUID | None:
    person = at.the(Person, "person")
    return at.caller.person_id if person is None else person.id


def following(ticket: Ticket, person_id: UUID, at: Moment) -> Follower:
    """The row of somebody who follows it from now on."""
    return Follower.of(ticket, person_id, at.occurred_at)


def let_follow(ticket: Ticket, persons: Iterable[UUID], at: Moment) -> None:
    """Has those follow it who do not yet: they see it from now on."""
    for person_id in persons:
        if follower(person_id) not in at.audience:
            at.add(following(ticket, person_id, at))


async def follows_already(look: Look, ticket: Ticket, at: Moment) -> str | None:
    """Once is enough."""
    return "follows_already" if _follows(at) else None


async def does_not_follow(look: Look, ticket: Ticket, at: Moment) -> str | None:
    """Who does not follow it cannot stop doing so."""
    return None if _follows(at) else "does_not_follow"


def _follows(at: Moment) -> bool:
    person_id = _who(at)
    return person_id is not None and follower(person_id) in at.audience


async def not_for_others(look: Look, ticket: Ticket, body: FollowTicket | UnfollowTicket, at: Moment) -> None:
    """Who follows a ticket sees it: staff alone say so of others."""
    person = at.the(Person, "person")
    if person is None and at.caller.person_id is None:
        raise WrongValue(pointer="/person", because="missing")
    if person is not None and person.id != at.caller.person_id and not at.caller.is_staff_for(ticket):
        raise WrongValue(pointer="/person", because="not_for_others")
    if isinstance(body, FollowTicket):
        still_there(person, "/person")


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of followers."""
    return (
        #      action    中文        from       to     who             event
        action(follow,   "关注",     table.any, STAYS, anybody | rule, f"{table.kind}.followed",   unless=(follows_already,), wrong=(not_for_others,)),
        action(unfollow, "取消关注", table.any, STAYS, anybody | rule, f"{table.kind}.unfollowed", unless=(does_not_follow,), wrong=(not_for_others,)),
    )
# fmt: on
