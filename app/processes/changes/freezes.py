"""Freezes and maintenance bans: declared, moved, withdrawn; changes are excepted by decisions (lifecycle).

declared ─► withdrawn
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from app.common.notices import NoticeType, Responsible
from app.common.people import Person, Role
from app.common.records import ForeignRef, KeyRef
from app.foundation.cis.payloads import unique_keys
from app.foundation.cis.records import CiClass
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import withdraw_open_decisions
from app.foundation.decisions.preparation import open_decisions
from app.foundation.editing import apply_patch
from app.foundation.people.eligibility import check_person_active
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import STAFF
from app.kernel.actions.actor_policy import decision, role, rule, service_level_manager, staff
from app.kernel.actions.constraints import RetryDecision
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Paragraph,
    Patch,
    Payload,
    Reason,
    RecordKey,
    Reference,
    Title,
)
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.freeze_exceptions import (
    EXCEPTION,
    action_of_outcome,
    ask_exception,
    decided_exception,
    exception_question,
    grant_exception,
    refuse_exception,
)
from app.processes.changes.planning.bookings import FREEZE_WINDOWS, freeze_row
from app.processes.changes.planning.lookups import ChangesHit, changes_hit
from app.processes.changes.records import Freeze, FreezeException, FreezeKind
from app.processes.changes.records import FreezeState as State
from app.processes.changes.templates import CHANGE_MANAGER

#: Longest freeze: whoever wants no changes for longer decides so again.
LONGEST_DAYS = 366

Classes = Annotated[
    tuple[CiClass, ...],
    Field(
        max_length=len(CiClass),
        description="Changes of configuration items of these classes.",
        json_schema_extra={"uniqueItems": True},
    ),
    BoundedList,
    AfterValidator(unique_keys),
]
Services = Annotated[
    tuple[Annotated[RecordKey, KeyRef("service", must_exist=True)], ...],
    Field(
        max_length=LONGEST_LIST,
        description="Changes of these services: their keys.",
        json_schema_extra={"uniqueItems": True},
    ),
    BoundedList,
    AfterValidator(unique_keys),
]


class DeclareFreeze(Payload):
    """A period without changes: of everything, or of some services and classes of items."""

    freeze_kind: FreezeKind = Field(description="What it is.", examples=["freeze"])
    title: Title = Field(
        description="What it is for, in a line. Calendars show it: name no persons here.",
        examples=["Closing of the year"],
    )
    reason: Paragraph = Field(
        description="Why nothing may change. All staff read it: name no persons here.",
        examples=["The books are closed. 年终结账。"],
    )
    from_at: Instant = Field(description="From when on.", examples=["2198-12-28T00:00:00Z"])
    until_at: Instant = Field(
        description=f"Until when: at most {LONGEST_DAYS} days later.", examples=["2199-01-04T00:00:00Z"]
    )
    everything: bool = Field(
        default=False, description="Whether it is for every change. Otherwise say which.", examples=[True]
    )
    services: Services = ()
    ci_classes: Classes = ()
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None, description="Who answers for it, if not the caller: a person's id."
    )


def declare(freeze: Freeze, body: DeclareFreeze, ctx: ActionContext) -> None:
    """Declare a freeze: a period without changes; those that are scheduled in it stay, and it names them."""
    owner = ctx.ref(Person, "owner")
    freeze.freeze_kind = body.freeze_kind
    freeze.title = body.title
    freeze.reason = body.reason
    freeze.from_at, freeze.until_at = body.from_at, body.until_at
    _set_scope(freeze, body)
    freeze.owner_id = ctx.caller.person_id if owner is None else owner.id
    _hold_window(freeze, ctx)


def _set_scope(freeze: Freeze, body: DeclareFreeze) -> None:
    freeze.everything = body.everything
    freeze.services = list(body.services) or None
    freeze.ci_classes = [one.value for one in body.ci_classes] or None


def _hold_window(freeze: Freeze, ctx: ActionContext) -> None:
    hit = ctx.prepared(ChangesHit)
    freeze.hit_change_ids = list(hit.ids) or None
    # If there are more than it can name, the database cannot compare them with those that it names.
    ctx.derive(FREEZE_WINDOWS, freeze_row(freeze, checked=not hit.truncated))


class MoveFreeze(Payload):
    """The new period of the freeze, and why it is another one."""

    from_at: Instant = Field(description="From when on now.", examples=["2198-12-29T00:00:00Z"])
    until_at: Instant = Field(
        description=f"Until when now: at most {LONGEST_DAYS} days later.", examples=["2199-01-05T00:00:00Z"]
    )
    reason: FreeText = Field(description="Why.", examples=["The auditors come a day later."])


def move(freeze: Freeze, body: MoveFreeze, ctx: ActionContext) -> None:
    """Move the freeze to another period, or make it longer or shorter."""
    freeze.from_at, freeze.until_at = body.from_at, body.until_at
    _hold_window(freeze, ctx)


class EditFreeze(Patch):
    """Fields to change, except the period, which `move` changes; those left out stay as they are."""

    title: Title = Field(
        default_factory=str, description="What it is for, in a line.", examples=["Closing of 2198"]
    )
    reason: Paragraph = Field(
        default_factory=str,
        description="Why nothing may change. All staff read it: name no persons here.",
        examples=["The books are closed."],
    )
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        default_factory=str, description="Who answers for it now: a person's id, or `me`.", examples=["me"]
    )


def edit(freeze: Freeze, body: EditFreeze, ctx: ActionContext) -> None:
    """Edit the freeze: its title, its reason or its owner."""
    apply_patch(freeze, body, ctx)


def withdraw(freeze: Freeze, body: Reason, ctx: ActionContext) -> None:
    """Withdraw the freeze: changes may be made; whatever exceptions were asked for need no decision."""
    withdraw_open_decisions(ctx)
    ctx.derive(FREEZE_WINDOWS, {"id": str(freeze.id), "from": None})


async def owner_inactive(
    reads: ReadContext, freeze: Freeze, body: DeclareFreeze | EditFreeze, ctx: ActionContext
) -> None:
    """Refuse if the owner is inactive."""
    check_person_active(ctx.ref(Person, "owner"), "/owner")


def check_period(from_at: datetime, until_at: datetime, ctx: ActionContext) -> None:
    """Check that the period ends after its begin, at most LONGEST_DAYS later, and not yet. Raises
    WrongValue.
    """
    if until_at <= from_at:
        raise WrongValue(pointer="/until_at", because="not_behind_start")
    if until_at > from_at + timedelta(days=LONGEST_DAYS):
        raise WrongValue({"days": str(LONGEST_DAYS)}, pointer="/until_at", because="too_long_a_freeze")
    if until_at <= ctx.now:
        raise WrongValue(pointer="/until_at", because="not_ahead")


async def freeze_is_over(reads: ReadContext, freeze: Freeze, ctx: ActionContext) -> str | None:
    """Refuse if the time of the freeze is over (`freeze_is_over`)."""
    over = freeze.until_at is not None and freeze.until_at <= ctx.now
    return "freeze_is_over" if over else None


async def changes_hit_by_declaring(
    reads: ReadContext, freeze: Freeze, body: DeclareFreeze, ctx: ActionContext
) -> ChangesHit:
    """Find the changes that are scheduled in the period. Raises WrongValue if it is empty, too long or over,
    or if the scope is not one.
    """
    check_period(body.from_at, body.until_at, ctx)
    if body.everything == bool(body.services or body.ci_classes):
        raise WrongValue(pointer="/everything", because="everything_or_some")
    declared = freeze.model_copy()
    _set_scope(declared, body)
    return await changes_hit(reads, declared, body.from_at, body.until_at)


async def changes_hit_by_moving(
    reads: ReadContext, freeze: Freeze, body: MoveFreeze, ctx: ActionContext
) -> ChangesHit:
    """Find the changes that are scheduled in the new period. Raises WrongValue if it is empty, too long or
    over.
    """
    check_period(body.from_at, body.until_at, ctx)
    return await changes_hit(reads, freeze, body.from_at, body.until_at)


def audience(freeze: Freeze) -> tuple[str, ...]:
    """Return the audience: staff and the owner."""
    return (STAFF, f"person:{freeze.owner_id}")


DECLARERS = CHANGE_MANAGER | service_level_manager | role(Role.management)
IN_FORCE = (State.declared,)
EXCEPTIONS = decisions.DecisionSpec(
    kind="freeze",
    any=IN_FORCE,
    matters=(EXCEPTION,),
    who_withdraws=CHANGE_MANAGER | rule,
    outcome=action_of_outcome,
)
#: A change that is scheduled in it at the same instant is named by it, too.
HITS = {"freeze_window_hits": RetryDecision()}

# fmt: off
LIFECYCLE = Lifecycle(
    kind="freeze", plural="freezes", zh="变更冻结", record=Freeze, states=State,
    audience=audience, columns={"staff": (), "person": ("owner_id",)},
    children=(FreezeException, *decisions.CHILDREN), constraints=HITS,
    rows=(
        #      action            中文        from        to               who        event
        action(declare,          "宣布",     NEW_RECORD, State.declared,  DECLARERS, "freeze.declared",
               prepare=(changes_hit_by_declaring,), wrong=(owner_inactive,)),
        action(move,             "调整时间", IN_FORCE,   STAYS,           DECLARERS, "freeze.moved",
               unless=(freeze_is_over,), prepare=(changes_hit_by_moving,)),
        action(edit,             "编辑",     IN_FORCE,   STAYS,           DECLARERS, "freeze.edited", wrong=(owner_inactive,)),
        action(withdraw,         "撤销",     IN_FORCE,   State.withdrawn, DECLARERS, "freeze.withdrawn",
               unless=(freeze_is_over,), prepare=(open_decisions,)),
        action(ask_exception,    "申请例外", IN_FORCE,   STAYS,           staff,     "freeze.exception_asked",
               unless=(freeze_is_over,), prepare=(exception_question,)),
        action(grant_exception,  "批准例外", IN_FORCE,   STAYS,           decision,  "freeze.exception_granted", prepare=(decided_exception,)),
        action(refuse_exception, "拒绝例外", IN_FORCE,   STAYS,           decision,  "freeze.exception_refused", prepare=(decided_exception,)),
        *decisions.rows(EXCEPTIONS),
    ),
)
# fmt: on
