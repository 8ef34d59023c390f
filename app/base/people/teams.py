"""Teams: they are given work, or they are customers.

active
"""

from __future__ import annotations

from pydantic import Field

from app.common.people import SEE_EVERYTHING, Team, TeamKind, TeamState
from app.kernel.bodies import Body, Key, Line
from app.kernel.lifecycle import FROM_NOTHING, Lifecycle, action
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


def add(team: Team, body: AddTeam, at: Moment) -> None:
    """A team can be given work, or be a customer."""
    team.key = body.key
    team.name = body.name
    team.kind = body.kind
    team.added_at = at.occurred_at


# fmt: off
LIFECYCLE = Lifecycle(
    kind="team", plural="teams", zh="团队", record=Team, states=TeamState,
    audience=lambda team: (EVERYBODY,), sees_all=SEE_EVERYTHING, columns={"everybody": ()},
    rows=(
        #      action  中文     from           to                 who           event
        action(add,    "添加",  FROM_NOTHING,  TeamState.active,  admin | rule, "team.added"),
    ),
)
# fmt: on
