"""Lifecycle of risks: identified, assessed by the matrix in force, treated, reassessed, closed.

identified ─► assessed ⇄ treated ─► closed          treated ─► assessed: the acceptance has lapsed
"""

from __future__ import annotations

from datetime import timedelta

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.common.priorities.risk_level import RiskLevel
from app.foundation.people.succession.handing_over import succession_rows
from app.governance.risks import checks
from app.governance.risks.face import FACE
from app.governance.risks.payloads import (
    AssessRisk,
    AttachIndicatorRisk,
    ClearIndicatorRisk,
    CloseRisk,
    CompleteActionRisk,
    DetachIndicatorRisk,
    FlagActionRisk,
    HandOverRisk,
    IdentifyRisk,
    ReachIndicatorRisk,
    ReassessRisk,
    RecordOccurrenceRisk,
    RestateRisk,
    TreatRisk,
)
from app.governance.risks.preparation import (
    OpenActions,
    OpenWarnings,
    ScaleInForce,
    open_actions,
    open_warnings,
    scale_in_force,
)
from app.governance.risks.records import (
    Risk,
    RiskAction,
    RiskAssessment,
    RiskIndicator,
    RiskMatrix,
    RiskOccurrence,
    RiskWarning,
)
from app.governance.risks.records import RiskState as State
from app.governance.risks.scale import RiskResponse, move, offered_response
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.actions.actor_policy import (
    RecordDuty,
    process_owner,
    process_relation,
    quality_manager,
    role,
    rule,
    staff,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kpis.questions.periods import months_after

#: Time before a reassessment is due at which its owner is reminded.
REMINDER_BEFORE_DUE = timedelta(days=-14)

risk_owner = process_relation("risk_owner", "the owner of the risk", "风险负责人", "owner_id")
action_owner = process_relation(
    "action_owner", "whose action it is", "措施负责人", named_in=(("risk_action", "person_id"),)
)


def identify(risk: Risk, body: IdentifyRisk, ctx: ActionContext) -> None:
    """Identify a risk and what it endangers."""
    assert ctx.assigned.number is not None, "risks have numbers"
    risk.number = ctx.assigned.number
    copy_fields(risk, body, ctx)
    owner = ctx.ref(Person, "owner")
    risk.owner_id = ctx.caller.person_id if owner is None else owner.id
    risk.identified_by_id = ctx.caller.person_id


def assess(risk: Risk, body: AssessRisk, ctx: ActionContext) -> None:
    """Assess the risk: its level follows from likelihood and impact by the matrix in force."""
    in_force = ctx.prepared(ScaleInForce)
    level = in_force.scale[body.likelihood, body.impact]
    if risk.likelihood is not None and risk.impact is not None:
        risk.move = move(in_force.scale[risk.likelihood, risk.impact], level)
    copy_fields(risk, body, ctx)
    risk.risk_level, risk.matrix_id = level, in_force.matrix_id
    risk.offered_response = offered_response(level, controllable=body.controllable, dear=body.dear)
    risk.assessed_at = ctx.occurred_at
    risk.reassess_by_at = body.reassess_by_at or months_after(
        ctx.occurred_at, checks.REASSESS_MONTHS, ctx.settings.zone
    )
    risk.fell_due_at = risk.overdue_at = None
    ctx.outcome.add(
        RiskAssessment(
            id=ctx.new_id(),
            record=risk.row_key,
            likelihood=body.likelihood,
            impact=body.impact,
            risk_level=level,
            matrix_id=in_force.matrix_id,
            remark=body.remark,
            assessed_by_id=ctx.caller.person_id,
            assessed_at=ctx.occurred_at,
        )
    )


def reassess(risk: Risk, body: ReassessRisk, ctx: ActionContext) -> None:
    """Reassess the risk, at least every quarter. Its response stays, unless the risk was accepted and its
    level is now too high for that.
    """
    assess(risk, body, ctx)


def lapse_if_too_high(risk: Risk, body: Payload, ctx: ActionContext) -> tuple[str, Payload] | None:
    """Return the end of an acceptance that only management could give now."""
    accepted = risk.response is RiskResponse.accept and not risk.accepted_by_management
    return ("lapse_acceptance", EmptyPayload()) if accepted and risk.risk_level is RiskLevel.high else None


def treat(risk: Risk, body: TreatRisk, ctx: ActionContext) -> None:
    """Treat the risk: the response and its actions replace earlier ones."""
    copy_fields(risk, body, ctx)
    accepts = body.response is RiskResponse.accept
    risk.treated_at = ctx.occurred_at
    risk.accepted_by_management = checks.is_management(risk, ctx) if accepts else None
    for row in ctx.prepared(OpenActions).rows:
        ctx.outcome.change(row).dropped_at = ctx.occurred_at
    for n, planned in enumerate(body.actions):
        ctx.outcome.add(
            RiskAction(
                id=ctx.new_id(),
                record=risk.row_key,
                title=planned.title,
                person_id=ctx.required_ref(Person, f"actions/{n}/owner").id,
                due_at=planned.due_at,
                planned_at=ctx.occurred_at,
            )
        )


def complete_action(risk: Risk, body: CompleteActionRisk, ctx: ActionContext) -> None:
    """Complete an action against the risk."""
    row = ctx.outcome.change(ctx.required_ref(RiskAction, "action"))
    row.outcome, row.done_at = body.outcome, ctx.occurred_at


def flag_action(risk: Risk, body: FlagActionRisk, ctx: ActionContext) -> None:
    """Flag an overdue action against the risk."""
    ctx.outcome.change(ctx.required_ref(RiskAction, "action")).overdue_at = ctx.occurred_at


def record_occurrence(risk: Risk, body: RecordOccurrenceRisk, ctx: ActionContext) -> None:
    """Record an occurrence of the risk, with its extent and loss."""
    row = RiskOccurrence(id=ctx.new_id(), record=risk.row_key)
    copy_fields(row, body, ctx)
    row.recorded_by_id, row.noted_at = ctx.caller.person_id, ctx.occurred_at
    ctx.outcome.add(row)


def attach_indicator(risk: Risk, body: AttachIndicatorRisk, ctx: ActionContext) -> None:
    """Attach an indicator to the risk: a KPI that warns when it reaches a threshold."""
    row = RiskIndicator(id=ctx.new_id(), record=risk.row_key, crossings=0)
    copy_fields(row, body, ctx)
    row.attached_at = ctx.occurred_at
    ctx.outcome.add(row)


def detach_indicator(risk: Risk, body: DetachIndicatorRisk, ctx: ActionContext) -> None:
    """Detach an indicator from the risk, so that it no longer warns."""
    ctx.outcome.remove(ctx.required_ref(RiskIndicator, "indicator"))


def reach_indicator(risk: Risk, body: ReachIndicatorRisk, ctx: ActionContext) -> None:
    """Record a reached threshold of the risk: the KPI of an indicator has reached it."""
    row = ctx.outcome.change(ctx.required_ref(RiskIndicator, "indicator"))
    row.reached_at, row.crossings = ctx.occurred_at, (row.crossings or 0) + 1
    ctx.outcome.add(
        RiskWarning(
            id=ctx.new_id(),
            record=risk.row_key,
            indicator_id=row.id,
            kpi=row.kpi,
            threshold=row.threshold,
            reading=body.reading,
            warned_at=ctx.occurred_at,
        )
    )


def clear_indicator(risk: Risk, body: ClearIndicatorRisk, ctx: ActionContext) -> None:
    """Clear an indicator of the risk: its KPI is back within the threshold."""
    row = ctx.outcome.change(ctx.required_ref(RiskIndicator, "indicator"))
    row.reached_at = None
    for warning in ctx.prepared(OpenWarnings).rows:
        if warning.indicator_id == row.id:
            cleared = ctx.outcome.change(warning)
            cleared.cleared_at, cleared.cleared_reading = ctx.occurred_at, body.reading


def hand_over(risk: Risk, body: HandOverRisk, ctx: ActionContext) -> None:
    """Hand over the risk to another owner."""
    copy_fields(risk, body, ctx)


def fall_due(risk: Risk, body: EmptyPayload, ctx: ActionContext) -> None:
    """Remind the owner of the risk: it must soon be reassessed."""
    risk.fell_due_at = ctx.occurred_at


def fall_overdue(risk: Risk, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the risk's reassessment as overdue."""
    risk.overdue_at = ctx.occurred_at


def lapse_acceptance(risk: Risk, body: EmptyPayload, ctx: ActionContext) -> None:
    """Lapse the acceptance of the risk: its time is over, and the risk must be treated again."""
    risk.lapsed_at = ctx.occurred_at


def restate(risk: Risk, body: RestateRisk, ctx: ActionContext) -> None:
    """Restate the level of the risk, by a new matrix, with the same likelihood and impact."""
    risk.risk_level, risk.matrix_id = body.risk_level, ctx.required_ref(RiskMatrix, "matrix").id
    risk.offered_response = offered_response(
        body.risk_level, controllable=bool(risk.controllable), dear=bool(risk.dear)
    )


def close(risk: Risk, body: CloseRisk, ctx: ActionContext) -> None:
    """Close the risk: it no longer exists."""
    copy_fields(risk, body, ctx)
    for row in ctx.prepared(OpenActions).rows:
        ctx.outcome.change(row).dropped_at = ctx.occurred_at


MANAGEMENT = role(Role.management)
KEEPERS = risk_owner | process_owner | quality_manager
OWNER = (RecordDuty("owner of the risk", "风险负责人", ("owner_id",)),)
ASSESSED = (State.assessed, State.treated)
OPEN = (State.identified, *ASSESSED)
TELL_DUE = (RecipientRule(NoticeType.risk_reassessment_due, field="owner_id"),)
TELL_OVERDUE = (
    RecipientRule(NoticeType.risk_reassessment_overdue, field="owner_id"),
    RecipientRule(NoticeType.risk_reassessment_overdue, roles=frozenset({Role.quality_manager})),
)
TELL_LAPSED = (RecipientRule(NoticeType.risk_acceptance_lapsed, field="owner_id"),)
TELL_REACHED = (RecipientRule(NoticeType.risk_indicator_reached, field="owner_id"),)
TELL_CLEARED = (RecipientRule(NoticeType.risk_indicator_cleared, field="owner_id"),)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="risk", plural="risks", zh="风险", record=Risk, code="RSK",
    face=FACE,
    visible=(to_staff(), to_persons("owner_id", "identified_by_id")),
    children=(RiskAssessment, RiskAction, RiskOccurrence, RiskIndicator, RiskWarning),
    rows=(
        #      action             中文          from              to              who                        event
        action(identify,          "识别",       NEW_RECORD,       State.identified, staff,                   "risk.identified"),
        action(assess,            "评估",       [State.identified], State.assessed, risk_owner,              "risk.assessed",
               prepare=(scale_in_force,), wrong=(checks.reassessment_too_late,)),
        action(reassess,          "重新评估",   ASSESSED,         STAYS,          risk_owner,                "risk.reassessed",
               prepare=(scale_in_force,), wrong=(checks.reassessment_too_late,), follow_up=lapse_if_too_high),
        action(treat,             "应对",       ASSESSED,         State.treated,  (risk_owner | MANAGEMENT).in_person(),   "risk.treated",
               prepare=(open_actions,), wrong=(checks.response_invalid,)),
        action(complete_action,   "完成措施",   [State.treated],  STAYS,          risk_owner | action_owner, "risk.action_completed",
               wrong=(checks.not_the_action_owner, checks.action_over)),
        action(flag_action,       "标记措施逾期", [State.treated], STAYS,         rule,                      "risk.action_fell_overdue", wrong=(checks.action_over,)),
        action(record_occurrence, "记录风险发生", ASSESSED,         STAYS,          staff,                     "risk.occurred", wrong=(checks.occurrence_invalid,)),
        action(attach_indicator,  "添加预警指标", OPEN,           STAYS,          KEEPERS,                   "risk.indicator_attached",
               wrong=(checks.indicator_invalid,)),
        action(detach_indicator,  "移除预警指标", OPEN,           STAYS,          KEEPERS,                   "risk.indicator_detached"),
        action(reach_indicator,   "指标达到阈值预警", OPEN,             STAYS,          rule,                      "risk.indicator_reached",
               wrong=(checks.reached_already,), notifies=TELL_REACHED),
        action(clear_indicator,   "解除预警",   OPEN,             STAYS,          rule,                      "risk.indicator_cleared",
               prepare=(open_warnings,), wrong=(checks.not_reached,), notifies=TELL_CLEARED),
        action(hand_over,         "移交",       OPEN,             STAYS,          KEEPERS,                   "risk.handed_over"),
        action(fall_due,          "到期提醒",   ASSESSED,         STAYS,          rule,                      "risk.fell_due", notifies=TELL_DUE,
               due=DueAt("reassess_by_at", "remind_of_reassessments", unless="fell_due_at", after=REMINDER_BEFORE_DUE)),
        action(fall_overdue,      "标记逾期",   ASSESSED,         STAYS,          rule,                      "risk.fell_overdue", notifies=TELL_OVERDUE,
               due=DueAt("reassess_by_at", "flag_overdue_reassessments", unless="overdue_at")),
        action(lapse_acceptance,  "风险接受失效", [State.treated],  State.assessed, rule,                      "risk.acceptance_lapsed", notifies=TELL_LAPSED,
               due=DueAt("accepted_until_at", "lapse_risk_acceptances")),
        action(restate,           "重述等级",   ASSESSED,         STAYS,          rule,                      "risk.restated"),
        action(close,             "关闭",       [State.treated],  State.closed,   process_owner,             "risk.closed",
               prepare=(open_actions,), segregate_from=OWNER),
        *succession_rows("risk", State),
    ),
)
# fmt: on
