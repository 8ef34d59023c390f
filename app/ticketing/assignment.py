"""Assignment and escalation: who is to see to a ticket, and who is to know of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.components import shown_with
from app.common.notices import Responsible, Step
from app.common.people import Person
from app.common.records import Refers
from app.common.tickets import Ticket
from app.foundation.people.givable import can_work, fits, still_there
from app.foundation.people.records import Team
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Reference, Words
from app.kernel.lifecycle import STAYS, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import follower
from app.kernel.who import agent, engineer, rule
from app.ticketing.followers import following


class AssignTicket(Body):
    """Who is to see to it."""

    model_config = shown_with("team")
    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="The team: its key or id."
    )
    person: Annotated[Reference, Refers("person"), Responsible(Step.given)] | None = Field(
        default=None, description="The person: an id, or `me`. With a team: one of its members."
    )

    @model_validator(mode="after")
    def _somebody(self) -> AssignTicket:
        if self.team is None and self.person is None:
            raise PydanticCustomError("somebody", "name a team, a person, or both")
        return self


def assign(ticket: Ticket, body: AssignTicket, at: Moment) -> None:
    """Somebody is given it."""
    team, person = at.the(Team, "team"), at.the(Person, "person")
    if team is not None:
        ticket.team_id = team.id
    ticket.assignee_id = person.id if person else None


class EscalateTicket(Body):
    """Who can do more about it."""

    model_config = shown_with("team")
    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="The team that is to see to it now (functional): its key or id."
    )
    person: Annotated[Reference, Refers("person"), Responsible(Step.escalated)] | None = Field(
        default=None, description="Or the person who is to know of it (hierarchical): an id."
    )
    reason: Words = Field(description="Why, in the words of whoever acts.")

    @model_validator(mode="after")
    def _one_of_the_two(self) -> EscalateTicket:
        if (self.team is None) == (self.person is None):
            raise PydanticCustomError("one_of_the_two", "name a team or a person, and not both")
        return self


def escalate(ticket: Ticket, body: EscalateTicket, at: Moment) -> None:
    """It goes to a team that can do more, or a superior follows it from now on."""
    team, person = at.the(Team, "team"), at.the(Person, "person")
    if team is not None:
        ticket.team_id, ticket.assignee_id = team.id, None
    if person is not None and follower(person.id) not in at.audience:
        at.add(following(ticket, person.id, at))


async def cannot_be_escalated(look: Look, ticket: Ticket, body: EscalateTicket, at: Moment) -> None:
    """It goes to another team than has it, or to a person who is there."""
    team = at.the(Team, "team")
    if team is not None and team.id == ticket.team_id:
        raise WrongValue(pointer="/team", because="theirs_already")
    can_work(team)
    still_there(at.the(Person, "person"), "/person")


async def cannot_take_it(look: Look, ticket: Ticket, body: AssignTicket, at: Moment) -> None:
    """Work is given to somebody who is there, and who belongs to the team that is named with them."""
    await fits(look, at.the(Person, "person"), at.the(Team, "team"), "/person")


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of assignment."""
    return (
        #      action    中文    from        to     who                      event
        action(assign,   "分派", table.open, STAYS, agent | engineer | rule, f"{table.kind}.assigned",  wrong=(cannot_take_it,)),
        action(escalate, "升级", table.open, STAYS, agent | engineer | rule, f"{table.kind}.escalated", wrong=(cannot_be_escalated,)),
    )
# fmt: on
