"""Teams: they are given work, or they are customers.

active ⇄ retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import SEE_EVERYTHING, Person
from app.common.records import Refers
from app.foundation.editing import take
from app.foundation.people.records import Team, TeamKind, TeamState
from app.kernel.bodies import Body, Key, Line, Nothing, Patch, Reference
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.visibility import EVERYBODY
from app.kernel.who import admin, rule


class AddTeam(Body):
    """A team."""

    key: Key = Field(
        description="What it is called in addresses and KPIs, without a comma; unique, and never changed."
    )
    name: Line = Field(description="What people call it.")
    kind: TeamKind = Field(
        default=TeamKind.internal, description="Whether it is one of ours, or a customer's."
    )
    lead: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="Who leads it: a person's id."
    )


def add(team: Team, body: AddTeam, at: Moment) -> None:
    """A team can be given work, or be a customer."""
    team.key = body.key
    team.name = body.name
    team.kind = body.kind
    lead = at.the(Person, "lead")
    team.lead_id = lead.id if lead else None
    team.added_at = at.occurred_at


class EditTeam(Patch):
    """What is otherwise than it was."""

    name: Line = Field(default_factory=str, description="What people call it now.")
    lead: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="Who leads it now: a person's id."
    )


def edit(team: Team, body: EditTeam, at: Moment) -> None:
    """It is called otherwise, or led by somebody else."""
    take(team, body, at)


def retire(team: Team, body: Nothing, at: Moment) -> None:
    """It is given no more work; what it has stays where it is."""
    team.retired_at = at.occurred_at


def reinstate(team: Team, body: Nothing, at: Moment) -> None:
    """It is given work again."""
    team.retired_at = None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="team", plural="teams", zh="团队", record=Team, states=TeamState,
    audience=lambda team: (EVERYBODY,), sees_all=SEE_EVERYTHING, columns={"everybody": ()},
    constraints={"team_key_key": Taken("key")},
    rows=(
        #      action     中文     from                 to                 who           event
        action(add,       "添加",  FROM_NOTHING,        TeamState.active,  admin | rule, "team.added"),
        action(edit,      "编辑",  TeamState,           STAYS,             admin | rule, "team.edited"),
        action(retire,    "撤销",  [TeamState.active],  TeamState.retired, admin | rule, "team.retired"),
        action(reinstate, "恢复",  [TeamState.retired], TeamState.active,  admin | rule, "team.reinstated"),
    ),
)
# fmt: on
