"""Teams: work is assigned to them, or they are customers or suppliers (lifecycle).

active ⇄ retired
"""

from __future__ import annotations

from typing import Annotated

from app.common.duties import GivenDuty
from app.common.people import Person
from app.common.records import ForeignRef, empty
from app.foundation.editing import apply_patch
from app.foundation.people.eligibility import check_on_side_of
from app.foundation.people.faces import TEAM_FACE
from app.foundation.people.records import Team, TeamKind, TeamState
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.people.succession.team_work import has_open_work, report_work
from app.kernel.access.audience_rules import to_everybody
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Patch, Payload, RecordKey, Reference, ShortText
from app.kernel.actions.rules import Rules, ValueTaken


class TeamFields(Payload, of=Team):
    """Fields of a team that can be edited."""

    name: ShortText
    lead: Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)] | None = None


class AddTeam(TeamFields, of=Team):
    """A team to add."""

    key: RecordKey
    kind: TeamKind = TeamKind.internal


def add(team: Team, body: AddTeam, ctx: ActionContext) -> None:
    """Add a team. A team can be assigned work, or be a customer or a supplier."""
    copy_fields(team, body, ctx)
    team.added_at = ctx.occurred_at


async def lead_of_another_side(reads: ReadContext, team: Team, body: TeamFields, ctx: ActionContext) -> None:
    """Refuse a lead who is not on the team's side: the team's duties fall to its lead, who speaks for it and
    signs agreements. Rules and imports are not asked.
    """
    lead = ctx.ref(Person, "lead")
    if lead is None or lead.id == team.lead_id or ctx.caller.is_rule or ctx.caller.person_id is None:
        return
    led = team
    if isinstance(body, AddTeam):
        led = empty(Team, team.id)
        led.key, led.kind = body.key, body.kind
    await check_on_side_of(reads, lead, led, "/lead")


async def successor_of_another_side(
    reads: ReadContext, team: Team, successor: Person, ctx: ActionContext
) -> None:
    """Refuse a successor as the lead who is not on the team's side."""
    await check_on_side_of(reads, successor, team, "/new_holder")


class EditTeam(Patch, TeamFields):
    """Fields to change; fields left out stay unchanged."""


def edit(team: Team, body: EditTeam, ctx: ActionContext) -> None:
    """Edit the team: its name or lead."""
    apply_patch(team, body, ctx)


def retire(team: Team, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the team: it gets no new work. A team with open work is not retired."""


def reinstate(team: Team, body: EmptyPayload, ctx: ActionContext) -> None:
    """Reinstate the team: it can be assigned work again."""
    team.retired_at = None


#: No assistant changes who belongs together.
ADMINS = (admin | rule).in_person()


# fmt: off
LIFECYCLE = Lifecycle(
    kind="team", plural="teams", zh="团队", record=Team, access=KindAccess(administrative=True),
    face=TEAM_FACE,
    visible=(to_everybody(),),
    lookup=Lookup(out_of_use=frozenset({TeamState.retired})), rules=Rules(constraints={"team_key_key": ValueTaken("key")}),
    rows=(
        #      action     中文     from                 to                 who           event
        action(add,       "添加", NEW_RECORD,          TeamState.active,  ADMINS, "team.added", wrong=(lead_of_another_side,)),
        action(edit,      "编辑", TeamState,           STAYS,             ADMINS, "team.edited", wrong=(lead_of_another_side,)),
        action(retire,    "撤销", [TeamState.active],  TeamState.retired, ADMINS, "team.retired", wrong=(has_open_work,)),
        action(reinstate, "恢复", [TeamState.retired], TeamState.active,  ADMINS, "team.reinstated"),
        action(report_work, "上报无人处理的工作", [TeamState.active], STAYS, rule, "team.work_reported"),
        *succession_rows("team", TeamState, named={"lead_id": successor_of_another_side}),
    ),
)
# fmt: on
