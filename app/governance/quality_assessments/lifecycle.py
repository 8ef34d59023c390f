"""Lifecycle of quality assessments: opened, concluded, improved by corrective actions, verified.

open ─► concluded ─► improving ─► verified          open ─► cancelled
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.people.succession.handing_over import succession_rows
from app.governance.quality_assessments import checks
from app.governance.quality_assessments.payloads import (
    ConcludeQualityAssessment,
    ImproveQualityAssessment,
    OpenQualityAssessment,
    VerifyQualityAssessment,
)
from app.governance.quality_assessments.records import (
    CONCLUDED_WITHIN,
    QualityAssessment,
    QualityCorrection,
    QualityFinding,
)
from app.governance.quality_assessments.records import QualityAssessmentState as State
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_relation, quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.kernel.actions.related import RelatedCommands, RelatedPart
from app.log.canonical import instant
from app.log.events import stream

assessor = process_relation("assessor", "its assessor", "评估人", "assessor_id")


def open_(assessment: QualityAssessment, body: OpenQualityAssessment, ctx: ActionContext) -> None:
    """Open a quality assessment with its period, scope and means."""
    assert ctx.assigned.number is not None, "quality assessments have numbers"
    assessment.number = ctx.assigned.number
    copy_fields(assessment, body, ctx)
    assessment.opener_id, assessment.opened_at = ctx.caller.person_id, ctx.occurred_at
    assessment.conclude_by_at = max(body.ends_at, ctx.occurred_at) + CONCLUDED_WITHIN


def fall_overdue(assessment: QualityAssessment, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the quality assessment as overdue."""
    assessment.overdue_at = ctx.occurred_at


def conclude(assessment: QualityAssessment, body: ConcludeQualityAssessment, ctx: ActionContext) -> None:
    """Conclude the quality assessment with its findings."""
    assessment.summary = body.summary
    for n, quality_finding in enumerate(body.findings):
        finding = QualityFinding(id=ctx.new_id(), record=assessment.row_key)
        copy_fields(finding, quality_finding, ctx)
        finding.place, finding.found_at = n + 1, ctx.occurred_at
        ctx.outcome.add(finding)


@dataclass(frozen=True, slots=True)
class CorrectionIds:
    """The ids of the corrective actions that the command opens, in the order of the payload."""

    ids: tuple[UUID, ...]


async def correction_ids(
    reads: ReadContext, assessment: QualityAssessment, body: ImproveQualityAssessment, ctx: ActionContext
) -> CorrectionIds:
    """Give the corrective actions their ids."""
    return CorrectionIds(tuple(ctx.new_id() for _ in body.actions))


def improve(assessment: QualityAssessment, body: ImproveQualityAssessment, ctx: ActionContext) -> None:
    """Open corrective actions for the quality assessment: they are planned against its findings."""
    assessment.improved_at = ctx.occurred_at
    for planned, correction_id in zip(body.actions, ctx.prepared(CorrectionIds).ids, strict=True):
        ctx.outcome.add(
            QualityCorrection(
                id=ctx.new_id(),
                record=assessment.row_key,
                corrective_action_id=correction_id,
                finding=planned.finding,
                planned_at=ctx.occurred_at,
            )
        )


def verify(assessment: QualityAssessment, body: VerifyQualityAssessment, ctx: ActionContext) -> None:
    """Verify the quality assessment: its findings are corrected."""
    assessment.evidence, assessment.verified_by_id = body.evidence, ctx.caller.person_id


def cancel(assessment: QualityAssessment, body: Reason, ctx: ActionContext) -> None:
    """Cancel the quality assessment, with the reason."""


def _corrections(
    assessment: QualityAssessment, body: ImproveQualityAssessment, ctx: ActionContext
) -> Sequence[RelatedPart]:
    """Return the planning of each corrective action."""
    parts = []
    for n, planned in enumerate(body.actions):
        fields = {
            "title": planned.title,
            "task": planned.task,
            "occasion": "assessment",
            "source": assessment.row_key,
            "owner": planned.owner,
            "due_at": instant(planned.due_at),
        }
        name = stream(checks.CORRECTION, ctx.prepared(CorrectionIds).ids[n])
        parts.append(RelatedPart(name, fields, within=f"actions/{n}"))
    return parts


PLAN_CORRECTIONS = RelatedCommands(action="plan", field="actions", parts=_corrections, permitted=True)
ASSESSORS = quality_manager | assessor
TELL_OVERDUE = (
    RecipientRule(NoticeType.quality_assessment_overdue, field="assessor_id"),
    RecipientRule(NoticeType.quality_assessment_overdue, roles=frozenset({Role.quality_manager})),
)
CONCLUDED = (State.concluded, State.improving)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="quality_assessment", plural="quality_assessments", zh="质量评估", record=QualityAssessment, code="QAS",
    visible=(to_staff(), to_persons("opener_id", "assessor_id")),
    children=(QualityFinding, QualityCorrection),
    rows=(
        #      action    中文        from          to               who              event
        action(open_,    "启动",     NEW_RECORD,   State.open,      quality_manager, "quality_assessment.opened", wrong=(checks.not_the_period_of_cycle,)),
        action(conclude, "得出结论", [State.open], State.concluded, ASSESSORS.in_person(),       "quality_assessment.concluded",
               unless=(checks.period_not_over,)),
        action(fall_overdue, "标记逾期", [State.open], STAYS,       rule,            "quality_assessment.fell_overdue",
               due=DueAt("conclude_by_at", "flag_quality_assessments", unless="overdue_at"), notifies=TELL_OVERDUE),
        action(improve,  "制定改进措施", CONCLUDED,    State.improving, ASSESSORS,       "quality_assessment.improved",
               prepare=(checks.finding_numbers, correction_ids), wrong=(checks.no_such_finding,), related=PLAN_CORRECTIONS),
        action(verify,   "验证",     CONCLUDED,    State.verified,  quality_manager.in_person(), "quality_assessment.verified",
               prepare=(checks.finding_numbers,), wrong=(checks.still_to_correct,)),
        action(cancel,   "取消",     [State.open], State.cancelled, quality_manager, "quality_assessment.cancelled"),
        *succession_rows("quality_assessment", State),
    ),
)
# fmt: on
