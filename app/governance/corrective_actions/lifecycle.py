"""Lifecycle of corrective actions: planned, done, and verified by somebody else.

planned ─► done ─► verified          planned ◄─ done          planned, done ─► dropped
"""

from __future__ import annotations

from typing import Any

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import Record
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.process_names import process_named
from app.governance.corrective_actions.payloads import (
    CompleteCorrectiveAction,
    HandOverCorrectiveAction,
    MoveCorrectiveAction,
    PlanCorrectiveAction,
    VerifyCorrectiveAction,
)
from app.governance.corrective_actions.records import (
    CorrectionOccasion,
    CorrectiveAction,
    CorrectiveActionMove,
)
from app.governance.corrective_actions.records import CorrectiveActionState as State
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import (
    RecordDuty,
    author,
    process_owner,
    process_relation,
    quality_manager,
    rule,
    staff,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.kernel.actions.refusals import WrongValue

#: The kinds of records that an occasion names; other occasions take any record.
SOURCES = {
    CorrectionOccasion.finding: ("finding",),
    CorrectionOccasion.assessment: ("quality_assessment", "process_assessment", "improvement_assessment"),
    CorrectionOccasion.maintenance: ("maintenance",),
}
owner = process_relation("owner", "its owner", "负责人", "owner_id")


def plan(measure: CorrectiveAction, body: PlanCorrectiveAction, ctx: ActionContext) -> None:
    """Plan a corrective action against a finding; its owner is notified."""
    assert ctx.assigned.number is not None, "corrective actions have numbers"
    source = ctx.required_ref(Record, "source")
    measure.number = ctx.assigned.number
    copy_fields(measure, body, ctx)
    measure.source, measure.source_number = source.row_key, source.display_name
    measure.author_id = ctx.caller.person_id
    measure.first_due_at = body.due_at
    measure.moves, measure.returns = 0, 0
    measure.planned_at = ctx.occurred_at


async def source_does_not_fit(
    reads: ReadContext, measure: CorrectiveAction, body: PlanCorrectiveAction, ctx: ActionContext
) -> None:
    """Refuse a source that is not of the occasion (`source_of_other_kind`), one about another process
    (`origin_of_other_process`), and a finding that was withdrawn (`record_ended`).
    """
    if ctx.command.follows or ctx.caller.is_machine:
        return
    source: Any = ctx.required_ref(Record, "source")
    words = {"number": source.display_name}
    if source.KIND not in SOURCES.get(body.occasion, (source.KIND,)):
        raise WrongValue(words, pointer="/source", because="source_of_other_kind")
    process = getattr(source, "process", None)
    if process and body.process and process_named(process) != process_named(body.process):
        raise WrongValue(words, pointer="/source", because="origin_of_other_process")
    if source.KIND == "finding" and source.state == "withdrawn":
        raise WrongValue(words, pointer="/source", because="record_ended")


def move(measure: CorrectiveAction, body: MoveCorrectiveAction, ctx: ActionContext) -> None:
    """Move the corrective action's due date, with the reason. The first due date decides if it is on time."""
    ctx.outcome.add(
        CorrectiveActionMove(
            id=ctx.new_id(),
            record=measure.row_key,
            before_at=measure.due_at,
            due_at=body.due_at,
            reason=body.reason,
            moved_by_id=ctx.caller.person_id,
            moved_at=ctx.occurred_at,
        )
    )
    measure.due_at, measure.overdue_at = body.due_at, None
    measure.moves = (measure.moves or 0) + 1


def hand_over(measure: CorrectiveAction, body: HandOverCorrectiveAction, ctx: ActionContext) -> None:
    """Hand the corrective action over: its new owner is notified."""
    copy_fields(measure, body, ctx)


def complete(measure: CorrectiveAction, body: CompleteCorrectiveAction, ctx: ActionContext) -> None:
    """Complete the corrective action with the evidence. Another person verifies it."""
    measure.evidence, measure.done_by_id = body.evidence, ctx.caller.person_id


def return_(measure: CorrectiveAction, body: Reason, ctx: ActionContext) -> None:
    """Return the corrective action: it is not done, or has no effect."""
    measure.returns = (measure.returns or 0) + 1


def verify(measure: CorrectiveAction, body: VerifyCorrectiveAction, ctx: ActionContext) -> None:
    """Verify the corrective action: it is done, and has an effect."""
    measure.verification, measure.verified_by_id = body.verification, ctx.caller.person_id


def drop(measure: CorrectiveAction, body: Reason, ctx: ActionContext) -> None:
    """Drop the corrective action, with the reason: it is no longer needed."""


def fall_overdue(measure: CorrectiveAction, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the corrective action as overdue: it was not verified by its due date."""
    measure.overdue_at = ctx.occurred_at


async def due_invalid(
    reads: ReadContext,
    measure: CorrectiveAction,
    body: PlanCorrectiveAction | MoveCorrectiveAction | HandOverCorrectiveAction,
    ctx: ActionContext,
) -> None:
    """Refuse a due date that is not ahead (`not_ahead`)."""
    if not isinstance(body, HandOverCorrectiveAction) and body.due_at <= ctx.counts_from:
        raise WrongValue(pointer="/due_at", because="not_ahead")


OPEN = (State.planned, State.done)
OVERSEERS = quality_manager | process_owner
PLANNERS = author | OVERSEERS
OWNERS = owner | PLANNERS
DOERS = owner | quality_manager
OWNER = (RecordDuty("owner", "负责人", ("owner_id", "done_by_id")),)
TO_VERIFY = (
    RecipientRule(NoticeType.to_verify, roles=frozenset({Role.quality_manager})),
    RecipientRule(NoticeType.to_verify, field="author_id"),
)
RETURNED = (RecipientRule(NoticeType.correction_returned, field="owner_id"),)
DROPPED = (RecipientRule(NoticeType.correction_dropped, field="owner_id"),)
OVERDUE = (
    RecipientRule(NoticeType.correction_overdue, field="owner_id"),
    RecipientRule(NoticeType.correction_overdue, field="author_id"),
    RecipientRule(NoticeType.correction_overdue, roles=frozenset({Role.quality_manager})),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="corrective_action", plural="corrective_actions", zh="纠正措施", record=CorrectiveAction, code="COA",
    visible=(to_staff(), to_persons("author_id", "owner_id")),
    children=(CorrectiveActionMove,),
    rows=(
        #      action        中文        from             to              who       event
        action(plan,         "制定",     NEW_RECORD,      State.planned,  staff,    "corrective_action.planned", wrong=(due_invalid, source_does_not_fit)),
        action(move,         "调整期限", OPEN,            STAYS,          OWNERS,   "corrective_action.moved", wrong=(due_invalid,)),
        action(hand_over,    "移交",     [State.planned], STAYS,          OWNERS,   "corrective_action.handed_over", wrong=(due_invalid,)),
        action(complete,     "完成",     [State.planned], State.done,     DOERS,    "corrective_action.completed", notifies=TO_VERIFY),
        action(return_,      "退回",     [State.done],    State.planned,  PLANNERS, "corrective_action.returned", segregate_from=OWNER, notifies=RETURNED),
        action(verify,       "验证",     [State.done],    State.verified, PLANNERS, "corrective_action.verified", segregate_from=OWNER),
        action(drop,         "取消",     OPEN,            State.dropped,  PLANNERS, "corrective_action.dropped", segregate_from=OWNER, notifies=DROPPED),
        action(fall_overdue, "标记逾期", OPEN,            STAYS,          rule,     "corrective_action.fell_overdue", notifies=OVERDUE,
               due=DueAt("due_at", "flag_corrective_actions", unless="overdue_at")),
        *succession_rows("corrective_action", State),
    ),
)
# fmt: on
