"""Freezes and maintenance bans: declared, moved, withdrawn; changes are excepted by decisions (lifecycle).

declared ─► withdrawn
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.common.people import Person, Role
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.closing import withdraw_open_decisions
from app.foundation.decisions.preparation import open_decisions
from app.foundation.editing import apply_patch
from app.foundation.people.succession.handing_over import succession_rows
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import (
    decision,
    process_relation,
    role,
    rule,
    service_level_manager,
    staff,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import Reason
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import RetryDecision, Rules
from app.processes.changes.planning.bookings import FREEZE_WINDOWS, freeze_row
from app.processes.changes.planning.lookups import ChangesHit, changes_hit
from app.processes.changes.policies.freeze_exceptions import (
    EXCEPTION,
    action_of_outcome,
    ask_exception,
    decided_exception,
    exception_question,
    grant_exception,
    refuse_exception,
)
from app.processes.changes.policies.lifting import lifts_own_obstacle, shortens_own_obstacle
from app.processes.changes.policies.payloads import DeclareFreeze, EditFreeze, MoveFreeze
from app.processes.changes.policies.records import LONGEST_DAYS, Freeze, FreezeException
from app.processes.changes.policies.records import FreezeState as State
from app.processes.changes.policies.templates import CHANGE_MANAGER


def declare(freeze: Freeze, body: DeclareFreeze, ctx: ActionContext) -> None:
    """Declare a freeze: a period without changes. Changes that are scheduled in it stay, and the freeze lists
    them.
    """
    owner = ctx.ref(Person, "owner")
    copy_fields(freeze, body, ctx, without="owner")
    freeze.owner_id = ctx.caller.person_id if owner is None else owner.id
    _hold_window(freeze, ctx)


def _hold_window(freeze: Freeze, ctx: ActionContext) -> None:
    hit = ctx.prepared(ChangesHit)
    freeze.hit_change_ids = list(hit.ids) or None
    # If there are more than it can name, the database cannot compare them with those that it names.
    ctx.outcome.derive(FREEZE_WINDOWS, freeze_row(freeze, checked=not hit.truncated))


def move(freeze: Freeze, body: MoveFreeze, ctx: ActionContext) -> None:
    """Move the freeze to another period, or make it longer or shorter."""
    freeze.from_at, freeze.until_at = body.from_at, body.until_at
    _hold_window(freeze, ctx)


def edit(freeze: Freeze, body: EditFreeze, ctx: ActionContext) -> None:
    """Edit the freeze: its title, its reason or its owner."""
    apply_patch(freeze, body, ctx)


def withdraw(freeze: Freeze, body: Reason, ctx: ActionContext) -> None:
    """Withdraw the freeze: changes may be made. Requested exceptions need no decision."""
    withdraw_open_decisions(ctx)
    ctx.outcome.derive(FREEZE_WINDOWS, {"id": str(freeze.id), "from": None})


def check_period(from_at: datetime, until_at: datetime, ctx: ActionContext) -> None:
    """Raise WrongValue unless the period ends in the future, after its begin and at most LONGEST_DAYS after
    it.
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
    copy_fields(declared, body, ctx)
    return await changes_hit(reads, declared, body.from_at, body.until_at)


async def changes_hit_by_moving(
    reads: ReadContext, freeze: Freeze, body: MoveFreeze, ctx: ActionContext
) -> ChangesHit:
    """Find the changes that are scheduled in the new period. Raises WrongValue if it is empty, too long or
    over.
    """
    check_period(body.from_at, body.until_at, ctx)
    return await changes_hit(reads, freeze, body.from_at, body.until_at)


freeze_owner = process_relation("freeze_owner", "its owner", "冻结负责人", "owner_id")
#: Others ask for an exception instead: a freeze is not lifted by somebody who is hindered by it.
LIFTERS = freeze_owner | role(Role.management)
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
    kind="freeze", plural="freezes", zh="变更冻结", record=Freeze,
    visible=(to_staff(), to_persons("owner_id")),
    children=(FreezeException, *decisions.CHILDREN), rules=Rules(constraints=HITS),
    rows=(
        #      action            中文        from        to               who        event
        action(declare,          "宣布",     NEW_RECORD, State.declared,  DECLARERS, "freeze.declared",
               prepare=(changes_hit_by_declaring,)),
        action(move,             "调整时间", IN_FORCE,   STAYS,           LIFTERS,   "freeze.moved",
               unless=(freeze_is_over,), prepare=(changes_hit_by_moving,), wrong=(shortens_own_obstacle,)),
        action(edit,             "编辑",     IN_FORCE,   STAYS,           LIFTERS,   "freeze.edited"),
        action(withdraw,         "撤销",     IN_FORCE,   State.withdrawn, LIFTERS,   "freeze.withdrawn",
               unless=(freeze_is_over,), prepare=(open_decisions,), wrong=(lifts_own_obstacle,)),
        action(ask_exception,    "申请例外", IN_FORCE,   STAYS,           staff,     "freeze.exception_asked",
               unless=(freeze_is_over,), prepare=(exception_question,)),
        action(grant_exception,  "批准例外", IN_FORCE,   STAYS,           decision,  "freeze.exception_granted", prepare=(decided_exception,)),
        action(refuse_exception, "拒绝例外", IN_FORCE,   STAYS,           decision,  "freeze.exception_refused", prepare=(decided_exception,)),
        *decisions.rows(EXCEPTIONS),
        *succession_rows("freeze", State),
    ),
)
# fmt: on
