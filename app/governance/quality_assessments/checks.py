"""Preparations and checks of actions on quality assessments, beyond state and role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.foundation.quarters import end_of_quarter, quarter_of, start_of_quarter
from app.governance.quality_assessments.payloads import (
    ImproveQualityAssessment,
    OpenQualityAssessment,
    VerifyQualityAssessment,
)
from app.governance.quality_assessments.records import (
    AssessmentCycle,
    QualityAssessment,
    QualityCorrection,
    QualityFinding,
)
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check

CORRECTION = "corrective_action"
#: The states in which a corrective action is over.
SETTLED_STATES = frozenset({"verified", "dropped"})
#: A refusal names so many at most.
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class FindingNumbers:
    """The numbers of the findings of the assessment."""

    places: frozenset[int]


@caller_check
async def finding_numbers(
    reads: ReadContext, assessment: QualityAssessment, body: object, ctx: ActionContext
) -> FindingNumbers:
    """Find the numbers of the findings."""
    findings = await reads.children(QualityFinding, assessment)
    return FindingNumbers(frozenset(finding.place for finding in findings if finding.place is not None))


async def period_not_over(
    reads: ReadContext, assessment: QualityAssessment, ctx: ActionContext
) -> str | None:
    """Refuse to conclude on a period that is not over (`assessed_period_not_over`)."""
    is_over = assessment.ends_at is not None and assessment.ends_at <= ctx.counts_from
    return None if is_over else "assessed_period_not_over"


async def not_the_period_of_cycle(
    reads: ReadContext, assessment: QualityAssessment, body: OpenQualityAssessment, ctx: ActionContext
) -> None:
    """Refuse a quarterly assessment of anything but a quarter (`not_a_quarter`), and a half-yearly one of
    anything but the first or second half of a year (`not_half_a_year`), by the organisation's clocks.
    """
    zone = ctx.settings.zone
    last = quarter_of(body.ends_at - timedelta.resolution, zone)
    first = quarter_of(body.begins_at, zone)
    is_whole = (body.begins_at, body.ends_at) == (start_of_quarter(first, zone), end_of_quarter(last, zone))
    if body.cycle is AssessmentCycle.quarterly and not (is_whole and first == last):
        raise WrongValue(pointer="/ends_at", because="not_a_quarter")
    halves = {f"{first[:4]}-Q1": f"{first[:4]}-Q2", f"{first[:4]}-Q3": f"{first[:4]}-Q4"}
    if body.cycle is AssessmentCycle.half_yearly and not (is_whole and halves.get(first) == last):
        raise WrongValue(pointer="/ends_at", because="not_half_a_year")


async def no_such_finding(
    reads: ReadContext, assessment: QualityAssessment, body: ImproveQualityAssessment, ctx: ActionContext
) -> None:
    """Refuse an action against a finding that there is not."""
    places = ctx.prepared(FindingNumbers).places
    for n, planned in enumerate(body.actions):
        if planned.finding not in places:
            words = {"value": str(planned.finding)}
            raise WrongValue(words, pointer=f"/actions/{n}/finding", because="unknown_value")


@caller_check
async def still_to_correct(
    reads: ReadContext, assessment: QualityAssessment, body: VerifyQualityAssessment, ctx: ActionContext
) -> None:
    """Refuse until each finding has a corrective action (`finding_without_action`), and all of these are
    verified or dropped (`actions_not_verified`).
    """
    corrections = await reads.children(QualityCorrection, assessment)
    corrected = {correction.finding for correction in corrections}
    without = sorted(ctx.prepared(FindingNumbers).places - corrected)
    if without:
        numbers = ", ".join(str(place) for place in without[:MOST_NAMED])
        raise PreparationRefused("finding_without_action", {"numbers": numbers})
    waiting = []
    for correction in corrections:
        loaded = await reads.record(CORRECTION, str(correction.corrective_action_id))
        assert loaded is not None, "no corrective action is ever taken out of the log"
        if loaded.record.state not in SETTLED_STATES:
            waiting.append(loaded.record.number)
    if waiting:
        numbers = ", ".join(sorted(waiting)[:MOST_NAMED])
        raise PreparationRefused("actions_not_verified", {"numbers": numbers})
