"""Lifecycle of assessments of processes.

open ─► concluded
"""

from __future__ import annotations

from dataclasses import dataclass

from app.common.records import jsonb_ordered
from app.governance.process_assessments.payloads import (
    ConcludeProcessAssessment,
    MeasureProcessAssessment,
    OpenProcessAssessment,
)
from app.governance.process_assessments.records import MaturityAspect, ProcessAssessment
from app.governance.process_assessments.records import ProcessAssessmentState as State
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_owner, quality_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.refusals import WrongValue
from app.kpis.baselines.freezing import add_baselines
from app.kpis.baselines.payloads import check_baseline_questions
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS


def open_(assessment: ProcessAssessment, body: OpenProcessAssessment, ctx: ActionContext) -> None:
    """Open a process assessment, with its means."""
    assert ctx.assigned.number is not None, "assessments have numbers"
    assessment.number = ctx.assigned.number
    copy_fields(assessment, body, ctx)
    assessment.assessor_id = ctx.caller.person_id


def measure(assessment: ProcessAssessment, body: MeasureProcessAssessment, ctx: ActionContext) -> None:
    """Add figures to the process assessment: they are stored with the position of the log."""
    for earlier in ctx.prepared(EarlierMeasures).measures:
        ctx.outcome.remove(earlier)
    frozen = add_baselines(assessment, ctx)
    assessment.position, assessment.measured_at = frozen.position, ctx.occurred_at


def conclude(assessment: ProcessAssessment, body: ConcludeProcessAssessment, ctx: ActionContext) -> None:
    """Conclude the process assessment: the maturity of the process, its weaknesses, and the needs of the
    business.
    """
    copy_fields(assessment, body, ctx, without="maturity")
    assessment.maturity = jsonb_ordered({aspect.value: level for aspect, level in body.maturity.items()})


@dataclass(frozen=True, slots=True)
class EarlierMeasures:
    """The measures that the assessment has so far."""

    measures: tuple[KpiBaseline, ...]


async def earlier_measures(
    reads: ReadContext, assessment: ProcessAssessment, body: object, ctx: ActionContext
) -> EarlierMeasures:
    """Find the measures that the assessment has so far."""
    return EarlierMeasures(tuple(await reads.children(KpiBaseline, assessment)))


async def measures_invalid(
    reads: ReadContext, assessment: ProcessAssessment, body: MeasureProcessAssessment, ctx: ActionContext
) -> None:
    """Refuse figures that cannot be computed, and a name that occurs twice."""
    check_baseline_questions(body.measures, str(ctx.settings.zone), ctx.now, "measures")


async def aspect_missing(
    reads: ReadContext, assessment: ProcessAssessment, body: ConcludeProcessAssessment, ctx: ActionContext
) -> None:
    """Refuse a result that leaves an aspect out."""
    if len(body.maturity) < len(MaturityAspect):
        raise WrongValue(pointer="/maturity", because="each_aspect")


ASSESSORS = quality_manager | process_owner

# fmt: off
LIFECYCLE = Lifecycle(
    kind="process_assessment", plural="process_assessments", zh="流程评估", record=ProcessAssessment, code="PAS",
    visible=(to_staff(), to_persons("assessor_id")),
    children=(KpiBaseline,), lookup=Lookup(vocabulary=frozenset(KPIS)),
    rows=(
        #      action    中文    from          to               who        event
        action(open_,    "开启", NEW_RECORD,   State.open,      ASSESSORS, "process_assessment.opened"),
        action(measure,  "测量", [State.open], STAYS,           ASSESSORS.in_person(), "process_assessment.measured",
               prepare=(earlier_measures,), wrong=(measures_invalid,)),
        action(conclude, "完成", [State.open], State.concluded, ASSESSORS.in_person(), "process_assessment.concluded", wrong=(aspect_missing,)),
    ),
)
# fmt: on
