"""Followers: people who see a ticket and are notified of its public events; onlookers: people who handed it
to another team, get the same notices, and can only read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Follower, Onlooker
from app.common.duties import GivenDuty
from app.common.people import Person
from app.common.records import ForeignRef
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import follower, onlooker
from app.kernel.actions.actor_policy import anybody, rule
from app.kernel.actions.actor_policy import onlooker as an_onlooker
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import Payload, Reference
from app.kernel.actions.refusals import WrongValue

FollowerReference = Annotated[
    Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)] | None,
    Field(
        description="Person who follows: an id; if left out, the caller. Only staff can name someone else."
    ),
]
FormerFollower = Annotated[
    Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] | None,
    Field(
        description="Person who no longer follows: an id; if left out, the caller. Only staff name others."
    ),
]


class FollowTicket(Payload):
    """The person who follows the ticket."""

    person: FollowerReference = None


def follow(ticket: Ticket, body: FollowTicket, ctx: ActionContext) -> None:
    """Follow the ticket, or make another person follow it."""
    person_id = _follower_id(ctx)
    assert person_id is not None
    ctx.outcome.add(new_follower(ticket, person_id, ctx))


class UnfollowTicket(Payload):
    """The person who no longer follows the ticket."""

    person: FormerFollower = None


def unfollow(ticket: Ticket, body: UnfollowTicket, ctx: ActionContext) -> None:
    """Unfollow the ticket, or stop reading it after handing it over."""
    person_id = _follower_id(ctx)
    assert person_id is not None
    if follower(person_id) in ctx.audience:
        ctx.outcome.remove(new_follower(ticket, person_id, ctx))
    if onlooker(person_id) in ctx.audience:
        ctx.outcome.remove(Onlooker.for_person(ticket, person_id, ctx.occurred_at))


def _follower_id(ctx: ActionContext) -> UUID | None:
    person = ctx.ref(Person, "person")
    return ctx.caller.person_id if person is None else person.id


def new_follower(ticket: Ticket, person_id: UUID, ctx: ActionContext) -> Follower:
    """Return the child record of a person who follows the ticket from now on."""
    return Follower.for_person(ticket, person_id, ctx.occurred_at)


def add_followers(ticket: Ticket, persons: Iterable[UUID], ctx: ActionContext) -> None:
    """Add those persons as followers who do not follow the ticket yet: they see it from now on."""
    for person_id in persons:
        if follower(person_id) not in ctx.audience:
            ctx.outcome.add(new_follower(ticket, person_id, ctx))


async def already_follows(reads: ReadContext, ticket: Ticket, ctx: ActionContext) -> str | None:
    """Refuse if the person follows the ticket already (`follows_already`)."""
    return "follows_already" if _follows(ctx) else None


async def does_not_follow(reads: ReadContext, ticket: Ticket, ctx: ActionContext) -> str | None:
    """Refuse if the person neither follows the ticket nor looks on (`does_not_follow`)."""
    return None if _follows(ctx) or _looks_on(ctx) else "does_not_follow"


def _follows(ctx: ActionContext) -> bool:
    person_id = _follower_id(ctx)
    return person_id is not None and follower(person_id) in ctx.audience


def _looks_on(ctx: ActionContext) -> bool:
    person_id = _follower_id(ctx)
    return person_id is not None and onlooker(person_id) in ctx.audience


async def cannot_manage_followers(
    reads: ReadContext, ticket: Ticket, body: FollowTicket | UnfollowTicket, ctx: ActionContext
) -> None:
    """Refuse if callers who are not staff name another person, since followers see the ticket."""
    person = ctx.ref(Person, "person")
    if person is None and ctx.caller.person_id is None:
        raise WrongValue(pointer="/person", because="missing")
    if person is not None and person.id != ctx.caller.person_id and not ctx.caller.is_staff_for(ticket):
        raise WrongValue(pointer="/person", because="not_for_others")


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for followers."""
    return (
        #      action    中文        from       to     who             event
        action(follow,   "关注",     spec.any, STAYS, anybody | rule, f"{spec.kind}.followed",   unless=(already_follows,), wrong=(cannot_manage_followers,)),
        action(unfollow, "取消关注", spec.any, STAYS, anybody | an_onlooker | rule, f"{spec.kind}.unfollowed",
               unless=(does_not_follow,), wrong=(cannot_manage_followers,)),
    )
# fmt: on
