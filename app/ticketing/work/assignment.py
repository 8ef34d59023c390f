"""Assignment and escalation of tickets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ForeignRef
from app.common.tickets import Ticket
from app.foundation.people.eligibility import check_member
from app.foundation.people.records import Team
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import follower
from app.kernel.actions.actor_policy import agent, engineer, role, rule
from app.kernel.actions.conditions import at_least_one_member, exactly_one_member
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import FreeText, Payload, Reference
from app.kernel.actions.refusals import WrongValue
from app.ticketing.followers import new_follower


class AssignTicket(Payload):
    """The team and the person to assign the ticket to."""

    model_config = example_includes("team")
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] | None = Field(
        default=None, description="Team to which the ticket is assigned: its key or id."
    )
    person: (
        Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.given)] | None
    ) = Field(
        default=None,
        description="Person to assign the ticket to: an id, or `me`. With a team, one of its members.",
    )

    CONDITIONS = (at_least_one_member("somebody", "team", "person"),)


def assign(ticket: Ticket, body: AssignTicket, ctx: ActionContext) -> None:
    """Assign the ticket, to a team or a person."""
    team, person = ctx.ref(Team, "team"), ctx.ref(Person, "person")
    if team is not None:
        ticket.team_id = team.id
    ticket.assignee_id = person.id if person else None


class EscalateTicket(Payload):
    """The team or the person to escalate the ticket to."""

    model_config = example_includes("team")
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] | None = Field(
        default=None, description="Team that takes the ticket over (functional escalation): its key or id."
    )
    person: (
        Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.escalated)] | None
    ) = Field(default=None, description="Superior who is informed instead (hierarchical escalation): an id.")
    reason: FreeText = Field(description="Reason for the escalation.")

    CONDITIONS = (exactly_one_member("one_of_the_two", "team", "person"),)


def escalate(ticket: Ticket, body: EscalateTicket, ctx: ActionContext) -> None:
    """Escalate the ticket to another team, or to a superior. The superior follows it from then on."""
    team, person = ctx.ref(Team, "team"), ctx.ref(Person, "person")
    if team is not None:
        ticket.team_id, ticket.assignee_id = team.id, None
    if person is not None and follower(person.id) not in ctx.audience:
        ctx.outcome.add(new_follower(ticket, person.id, ctx))


async def cannot_be_escalated(
    reads: ReadContext, ticket: Ticket, body: EscalateTicket, ctx: ActionContext
) -> None:
    """Refuse if the ticket is with that team already."""
    team = ctx.ref(Team, "team")
    if team is not None and team.id == ticket.team_id:
        raise WrongValue(pointer="/team", because="theirs_already")


async def cannot_be_assigned(
    reads: ReadContext, ticket: Ticket, body: AssignTicket, ctx: ActionContext
) -> None:
    """Refuse if the person is not in the team named."""
    await check_member(reads, ctx.ref(Person, "person"), ctx.ref(Team, "team"), "/person")


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for assignment."""
    assigners = agent | engineer | role(spec.manager) | spec.assigning.by
    return (
        #      action    中文    from        to     who                      event
        action(assign,   "分派", spec.open, STAYS, assigners | rule, f"{spec.kind}.assigned",
               wrong=(cannot_be_assigned, *spec.assigning.wrong)),
        action(escalate, "升级", spec.open, STAYS, assigners | rule, f"{spec.kind}.escalated", wrong=(cannot_be_escalated,)),
    )
# fmt: on
