"""Exceptions to the shifts: stand-ins, additional persons, absences and swaps (lifecycle).

agreed ─► cancelled
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.people.records import Team
from app.foundation.rota.records import Duty, StandIn, StandInState
from app.foundation.rota.shifts import check_team_member
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, agent, engineer, rule
from app.kernel.actions.conditions import Condition, all_members_or_none, at_least_one_member
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Instant, Payload, Reference
from app.kernel.actions.refusals import WrongValue

LONGEST_STAND_IN = timedelta(days=366)


class AgreeStandIn(Payload, of=StandIn):
    """A stand-in: the person on duty, the person replaced and the period; the two may also change places."""

    model_config = example_includes("person")
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)]
    duty: Duty
    person: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)] | None = None
    instead_of: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] | None = None
    starts_at: Instant
    ends_at: Instant
    return_starts_at: Instant | None = None
    return_ends_at: Instant | None = None

    CONDITIONS = (
        at_least_one_member("who_comes_or_goes", "person", "instead_of"),
        all_members_or_none("half_a_return", "return_starts_at", "return_ends_at"),
        Condition(
            "half_a_return",
            ("return_starts_at", "person", "instead_of"),
            lambda body: body.return_starts_at is None or None not in (body.person, body.instead_of),
        ),
    )


def agree(stand_in: StandIn, body: AgreeStandIn, ctx: ActionContext) -> None:
    """Agree on a stand-in: for a period, another person is on duty, an additional person, or no one."""
    copy_fields(stand_in, body, ctx)


async def not_of_the_team(
    reads: ReadContext, stand_in: StandIn, body: AgreeStandIn, ctx: ActionContext
) -> str | None:
    """Refuse if the person is not in the team, or the caller may not manage the team's stand-ins
    (`not_your_team`).
    """
    await check_team_member(reads, ctx, "person")
    team = ctx.required_ref(Team, "team")
    if not _may_manage(ctx, stand_in, team.id):
        raise WrongValue(pointer="/team", because="not_your_team")
    return None


async def not_your_team(reads: ReadContext, stand_in: StandIn, ctx: ActionContext) -> str | None:
    """Refuse if the caller may not manage the team's stand-ins (`not_your_team`)."""
    return None if _may_manage(ctx, stand_in, stand_in.team_id) else "not_your_team"


def _may_manage(ctx: ActionContext, stand_in: StandIn, team_id: UUID | None) -> bool:
    by_admin = ctx.caller.is_rule or ctx.caller.has_role(Role.admin, stand_in)
    return by_admin or team_id in ctx.caller.teams


async def invalid_times(
    reads: ReadContext, stand_in: StandIn, body: AgreeStandIn, ctx: ActionContext
) -> str | None:
    """Refuse if an end is not after its beginning, or more than a year later."""
    times = ((body.starts_at, body.ends_at, ""), (body.return_starts_at, body.return_ends_at, "return_"))
    for starts, ends, name in times:
        if starts is None or ends is None:
            continue
        if ends <= starts:
            raise WrongValue(pointer=f"/{name}ends_at", because="not_after_its_beginning")
        if ends - starts > LONGEST_STAND_IN:
            raise WrongValue(
                {"days": str(LONGEST_STAND_IN.days)}, pointer=f"/{name}ends_at", because="too_long_a_time"
            )
    return None


def cancel(stand_in: StandIn, body: EmptyPayload, ctx: ActionContext) -> None:
    """Cancel the stand-in: the shifts apply unchanged."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="stand_in", plural="stand_ins", zh="代班", record=StandIn, access=KindAccess(administrative=True),
    visible=(to_staff(),),
    rows=(
        #      action   中文    from                   to                      who                               event
        action(agree,  "商定", NEW_RECORD,            StandInState.agreed,    admin | agent | engineer | rule, "stand_in.agreed",
               wrong=(not_of_the_team, invalid_times)),
        action(cancel, "取消", [StandInState.agreed], StandInState.cancelled, admin | agent | engineer | rule, "stand_in.cancelled",
               unless=(not_your_team,)),
    ),
)
# fmt: on
