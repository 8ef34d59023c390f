"""Verifications: a sample of configuration items is drawn, and each item is checked against reality
(lifecycle).

The verification's own id decides which items are drawn, so that they cannot be chosen, and every reader can
draw the same sample again.

open ─► concluded
open ─► discarded
"""

from __future__ import annotations

from app.foundation.cis.lifecycle import KEEPERS, MANAGERS
from app.foundation.cis.payloads import (
    CheckItemVerification,
    ConcludeVerification,
    DrawVerification,
    SettleDifferenceVerification,
)
from app.foundation.cis.preparation import DrawnSample, SampleItem, sample, sample_item
from app.foundation.cis.records import CiOutcome, Settlement, Verification, VerificationItem
from app.foundation.cis.records import VerificationState as State
from app.foundation.decisions.authorship import authors_do_not_judge
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty, change_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payload_fields import is_statement
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import ConflictingDuty, WrongValue
from app.kernel.actions.rules import Rules, ValueTaken


def draw(verification: Verification, body: DrawVerification, ctx: ActionContext) -> None:
    """Draw a sample for a verification: items in use that are checked against reality."""
    copy_fields(verification, body, ctx, without="ci_classes services")
    verification.ci_classes = sorted({ci_class.value for ci_class in body.ci_classes})
    verification.services = sorted(body.services)
    drawn = ctx.prepared(DrawnSample)
    verification.position, verification.population = drawn.position, drawn.population
    verification.drawn_count = len(drawn.cis)
    verification.checked_count = verification.right_count = verification.unsettled_count = 0
    for place, ci_id in enumerate(drawn.cis, 1):
        item = VerificationItem(id=ctx.new_id(), record=verification.row_key, ci_id=ci_id, place=place)
        ctx.outcome.add(item)


def check_item(verification: Verification, body: CheckItemVerification, ctx: ActionContext) -> None:
    """Check an item of the verification. It can be checked again until its difference is settled."""
    item = ctx.outcome.change(ctx.prepared(SampleItem).item)
    copy_fields(item, body, ctx)
    item.checked_by_id = ctx.caller.person_id
    item.checked_at = ctx.occurred_at
    _recount(verification, item, ctx)


async def difference_without_note(
    reads: ReadContext, verification: Verification, body: CheckItemVerification, ctx: ActionContext
) -> None:
    """Refuse if a difference is reported without a note."""
    if body.outcome is not CiOutcome.as_recorded and not is_statement(body.note):
        raise WrongValue(pointer="/note", because="missing")


def settle_difference(
    verification: Verification, body: SettleDifferenceVerification, ctx: ActionContext
) -> None:
    """Settle a difference of the verification: the recorded value is right, a change has corrected it, or it
    is a finding.
    """
    item = ctx.outcome.change(ctx.prepared(SampleItem).item)
    copy_fields(item, body, ctx)
    item.settled_by_id = ctx.caller.person_id
    item.settled_at = ctx.occurred_at
    _recount(verification, item, ctx)


async def no_difference(
    reads: ReadContext, verification: Verification, body: SettleDifferenceVerification, ctx: ActionContext
) -> None:
    """Refuse if no difference was found, or if it was corrected and the payload names no change."""
    if ctx.prepared(SampleItem).item.outcome in (None, CiOutcome.as_recorded):
        raise WrongValue(pointer="/ci", because="no_difference")
    if body.settlement is Settlement.corrected and body.change is None:
        raise WrongValue(pointer="/change", because="missing")


async def checked_it(
    reads: ReadContext, verification: Verification, body: SettleDifferenceVerification, ctx: ActionContext
) -> None:
    """Refuse the person who checked the item (`separation_of_duties`)."""
    if ctx.caller.person_id == ctx.prepared(SampleItem).item.checked_by_id is not None:
        raise ConflictingDuty(CHECKER)


def _recount(verification: Verification, item: VerificationItem, ctx: ActionContext) -> None:
    """Recount the sample's items, with `item` in place of its row of before the action."""
    items = [item if other.id == item.id else other for other in ctx.prepared(SampleItem).items]
    checked = [item for item in items if item.outcome is not None]
    different = [item for item in checked if item.outcome is not CiOutcome.as_recorded]
    wrong = [item for item in different if item.settlement is not Settlement.confirmed]
    verification.checked_count = len(checked)
    verification.right_count = len(checked) - len(wrong)
    verification.unsettled_count = sum(item.settlement is None for item in different)


def conclude(verification: Verification, body: ConcludeVerification, ctx: ActionContext) -> None:
    """Conclude the verification: all items are checked and all differences settled, and the figures are
    final.
    """
    verification.summary = body.summary


async def items_unchecked(reads: ReadContext, verification: Verification, ctx: ActionContext) -> str | None:
    """Refuse if an item of the sample is not checked yet (`items_unchecked`)."""
    return "items_unchecked" if verification.checked_count != verification.drawn_count else None


async def differences_unsettled(
    reads: ReadContext, verification: Verification, ctx: ActionContext
) -> str | None:
    """Refuse if a difference is not settled yet (`differences_unsettled`)."""
    return "differences_unsettled" if verification.unsettled_count else None


def discard(verification: Verification, body: EmptyPayload, ctx: ActionContext) -> None:
    """Discard the verification: it is given up, and its figures do not count."""


#: The people who drew the sample, or checked an item, do not settle its difference.
DRAWN_BY_OTHERS = authors_do_not_judge(("drawn_count",))
CHECKER = RecordDuty("person who checked the item", "核对人", ())
#: Change managers settle, too, so that a single configuration manager may draw.
SETTLERS = MANAGERS | change_manager

# fmt: off
LIFECYCLE = Lifecycle(
    kind="verification", plural="verifications", zh="配置核查", record=Verification,
    visible=(to_staff(),),
    children=(VerificationItem,),
    rules=Rules(constraints={"verification_key_key": ValueTaken("key")}),
    rows=(
        #      action             中文        from           to               who       event
        action(draw,              "抽取",     NEW_RECORD,   State.open,      MANAGERS, "verification.drawn", prepare=(sample,)),
        action(check_item,        "核对",     [State.open], STAYS,           KEEPERS,  "verification.item_checked",
               prepare=(sample_item,), wrong=(difference_without_note,)),
        action(settle_difference, "处理差异", [State.open], STAYS,           SETTLERS, "verification.difference_settled",
               prepare=(sample_item,), wrong=(no_difference, DRAWN_BY_OTHERS, checked_it)),
        action(conclude,          "结束",     [State.open], State.concluded, MANAGERS, "verification.concluded",
               unless=(items_unchecked, differences_unsettled)),
        action(discard,           "作废",     [State.open], State.discarded, MANAGERS, "verification.discarded"),
    ),
)
# fmt: on
