"""Checks of actions on changes, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.common.records import all_values
from app.foundation.cis.records import Ci
from app.foundation.decisions.records import Decision, DecisionState
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue, caller_check
from app.processes.changes.payloads import LONGEST_WINDOW, DraftChange, EditChange
from app.processes.changes.policies.lookups import EXCEPTION_ASKED
from app.processes.changes.records import BEFORE_APPROVAL, Change, ChangeState, ChangeType

#: Fields that a change must have when it is submitted.
COMPULSORY = (
    "reason",
    "description",
    "plan",
    "test_plan",
    "back_out_plan",
    "wanted_from_at",
    "wanted_until_at",
)

#: Fields that are put to the vote, and altered no longer from then on.
LOCKED = ("title", "services", "cis", "no_cis_reason", *COMPULSORY)

EDITED_WHEN_ASKED = Unguarded("Who votes on an exception that is requested at that moment sees the edit.")


async def is_standard(reads: ReadContext, change: Change, ctx: ActionContext) -> str | None:
    """Refuse to submit a standard change: it is scheduled at once, as its template was approved."""
    return "standard_is_scheduled" if change.type is ChangeType.standard else None


async def is_emergency(reads: ReadContext, change: Change, ctx: ActionContext) -> str | None:
    """Refuse to assess an emergency change: its board decides at once, and its review looks at it."""
    return "emergency_is_not_assessed" if change.type is ChangeType.emergency else None


async def change_incomplete(reads: ReadContext, change: Change, body: object, ctx: ActionContext) -> None:
    """Refuse to submit a change that lacks something compulsory, and name all that it lacks."""
    values = all_values(change)
    lacking = [name for name in COMPULSORY if values[name] is None]
    if not change.services and not change.ci_ids:
        lacking.append("services")
    wrong = [WrongValue(pointer=f"/{name}", because="missing") for name in lacking]
    if not change.ci_ids and change.plans.no_cis_reason is None:
        wrong.append(WrongValue(pointer="/cis", because="no_items_named"))
    if wrong:
        raise WrongValue(pointer=wrong[0].pointer, because=wrong[0].because, further=tuple(wrong[1:]))


async def wanted_window_unusable(
    reads: ReadContext, change: Change, body: object, ctx: ActionContext
) -> None:
    """Refuse to submit a change whose wanted window is longer than one that can be scheduled
    (`window_too_long`), since any time in it counts as approved, or is over (`not_ahead`).
    """
    _check_wanted_window(change.wanted_from_at, change.wanted_until_at, ctx)


def _check_wanted_window(begin: datetime | None, end: datetime | None, ctx: ActionContext) -> None:
    """Raise WrongValue for a window that is too long, or over. Tools report what was wanted elsewhere."""
    if begin is None or end is None or ctx.caller.is_machine or ctx.command.follows:
        return
    if end - begin > LONGEST_WINDOW:
        raise WrongValue(pointer="/wanted_until_at", because="window_too_long")
    if end <= ctx.counts_from:
        raise WrongValue(pointer="/wanted_until_at", because="not_ahead")


async def item_named_twice(
    reads: ReadContext, change: Change, body: DraftChange | EditChange, ctx: ActionContext
) -> None:
    """Refuse if an item is named twice, even by its id and by its key."""
    ids = [ci.id for ci in ctx.refs(Ci, "cis")]
    if len(set(ids)) < len(ids):
        raise WrongValue(pointer="/cis", because="each_once")


@caller_check
async def decision_is_open(reads: ReadContext, change: Change, body: Any, ctx: ActionContext) -> str | None:
    """Refuse to ask while an earlier question is open."""
    opened = await reads.children(Decision, change, state=DecisionState.open.value)
    return "approval_is_open" if opened else None


async def cannot_be_edited(reads: ReadContext, change: Change, body: EditChange, ctx: ActionContext) -> None:
    """Refuse to alter what was put to the vote, once it was, or was described in a request for an exception
    from a freeze in force (`exception_is_for_it`); a wanted window that ends before it begins; and
    from the submission on, one with which no change is submitted.
    """
    await item_named_twice(reads, change, body, ctx)
    sent = body.model_fields_set
    if change.state not in BEFORE_APPROVAL:
        for name in LOCKED:
            if name in sent:
                raise WrongValue(pointer=f"/{name}", because="put_to_the_vote")
    elif locked := [name for name in LOCKED if name in sent]:
        parameters = {"change": change.id, "now": ctx.now}
        freeze = await reads.value(EXCEPTION_ASKED, parameters, guard=EDITED_WHEN_ASKED)
        if freeze is not None:
            raise WrongValue({"freeze": freeze}, pointer=f"/{locked[0]}", because="exception_is_for_it")
    begin = body.wanted_from_at if "wanted_from_at" in sent else change.wanted_from_at
    end = body.wanted_until_at if "wanted_until_at" in sent else change.wanted_until_at
    if begin is not None and end is not None and end <= begin:
        raise WrongValue(pointer="/wanted_until_at", because="window_ends_early")
    if change.state is not ChangeState.draft and sent & {"wanted_from_at", "wanted_until_at"}:
        _check_wanted_window(begin, end, ctx)
