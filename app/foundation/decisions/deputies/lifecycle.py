"""Deputies: somebody who is away names who votes in their name (lifecycle).

named ─► ended
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.people import Person
from app.common.records import ForeignRef
from app.foundation.decisions.deputies.records import Deputy
from app.foundation.decisions.deputies.records import DeputyState as State
from app.foundation.decisions.records import DecisionKind
from app.foundation.people.credentials.bounds import DEPUTIES, within_bound
from app.foundation.people.credentials.maker_credential import (
    MakerCredential,
    consent_needed,
    not_suspended,
)
from app.foundation.people.eligibility import check_on_the_same_side
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import addressee, rule, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import BoundedList, EmptyPayload, Instant, Payload, Reference
from app.kernel.actions.refusals import WrongValue, caller_check

LONGEST = timedelta(days=366)


class NameDeputy(Payload, of=Deputy):
    """The deputy, the period, and the kinds of decisions."""

    deputy: Annotated[Reference, ForeignRef("person", GivenDuty.deputising, quiet=True)]
    from_at: Instant
    until_at: Instant
    decisions: Annotated[tuple[DecisionKind, ...], BoundedList] = Field(
        default=(), max_length=len(DecisionKind)
    )


def name(deputy: Deputy, body: NameDeputy, ctx: ActionContext) -> None:
    """Name a deputy: for a period, the deputy votes in the caller's name, unless excluded from a vote."""
    deputy.person_id = ctx.caller.person_id
    deputy.deputy_id = ctx.required_ref(Person, "deputy").id
    deputy.decisions = sorted({kind.value for kind in body.decisions}) or None
    deputy.from_at, deputy.until_at = body.from_at, body.until_at
    MakerCredential.of_caller(ctx.caller).stamp(deputy)


async def cannot_deputise(reads: ReadContext, deputy: Deputy, body: NameDeputy, ctx: ActionContext) -> None:
    """Refuse oneself, a person of another side, and a time that is over, too long, ends before it begins or
    after the key that it is named with.
    """
    person = ctx.required_ref(Person, "deputy")
    if person.id == ctx.caller.person_id:
        raise WrongValue(pointer="/deputy", because="deputy_of_oneself")
    if body.until_at <= body.from_at:
        raise WrongValue(pointer="/until_at", because="not_after_its_beginning")
    if body.until_at <= ctx.now:
        raise WrongValue(pointer="/until_at", because="not_ahead")
    if body.until_at - body.from_at > LONGEST:
        raise WrongValue({"days": str(LONGEST.days)}, pointer="/until_at", because="too_long_a_time")
    if ctx.caller.lasts_until is not None and body.until_at > ctx.caller.lasts_until:
        raise WrongValue(pointer="/until_at", because="outlives_key")
    if not ctx.caller.is_rule:
        await check_on_the_same_side(reads, ctx.caller.person_id, person, "/deputy")


def end(deputy: Deputy, body: EmptyPayload, ctx: ActionContext) -> None:
    """End the deputy's period: the deputy no longer votes in that name. Votes that were cast stay."""


def suspend(deputy: Deputy, body: EmptyPayload, ctx: ActionContext) -> None:
    """Suspend the deputy, because the key that named them was lost: the deputy does not vote until the person
    confirms them.
    """
    deputy.suspended_by_rotation = True


def confirm(deputy: Deputy, body: EmptyPayload, ctx: ActionContext) -> None:
    """Confirm the deputy: the deputy was suspended when a key was rotated, and may vote again."""
    deputy.suspended_by_rotation = None
    MakerCredential.of_caller(ctx.caller).stamp(deputy)


@caller_check
async def outlives_key(
    reads: ReadContext, deputy: Deputy, body: EmptyPayload, ctx: ActionContext
) -> str | None:
    """Refuse to confirm a deputy for longer than the key lasts (`deputy_outlives_key`)."""
    lasts_until = ctx.caller.lasts_until
    is_longer = lasts_until is not None and deputy.until_at is not None and deputy.until_at > lasts_until
    return "deputy_outlives_key" if is_longer else None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="deputy", plural="deputies", zh="表决代理人", record=Deputy, access=KindAccess(administrative=True),
    visible=(to_persons("person_id", "deputy_id"),),
    rows=(
        #      action 中文    from           to           who        event
        action(name,    "指定", NEW_RECORD,    State.named, staff.for_people(),    "deputy.named",
               wrong=(consent_needed, cannot_deputise, within_bound(DEPUTIES))),
        action(end,     "终止", [State.named], State.ended, addressee.in_person(), "deputy.ended"),
        action(suspend, "中止", [State.named], STAYS,       rule,                  "deputy.suspended"),
        action(confirm, "确认", [State.named], STAYS,       addressee.in_person(), "deputy.confirmed",
               unless=(not_suspended,), wrong=(consent_needed, outlives_key)),
    ),
)
# fmt: on
