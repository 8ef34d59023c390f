"""Reads before actions of a pilot: its evidence, and the executor's licence."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.people import Person
from app.foundation.licences.lookups import unlicensed
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import caller_check
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.effects.records import ImprovementMeasurement, MeasurementOccasion
from app.processes.improvements.pilot.payloads import StartPilotImprovement
from app.processes.improvements.pilot.records import FeedbackStance, PilotFeedback, PilotIssue
from app.processes.improvements.proposal.records import ImprovementTarget
from app.processes.improvements.records import Improvement


@dataclass(frozen=True, slots=True)
class PilotEvidence:
    """The evidence of a round of the pilot: by target, its newest measurement; the issues and feedback."""

    targets: tuple[ImprovementTarget, ...]
    measured: dict[str, ImprovementMeasurement]
    issues: tuple[PilotIssue, ...]
    feedback: tuple[PilotFeedback, ...]

    def unmeasured(self) -> list[ImprovementTarget]:
        """Return the targets that were not measured in this round."""
        return [target for target in self.targets if target.name not in self.measured]

    def not_improved(self) -> list[ImprovementMeasurement]:
        """Return the measurements that do not show an improvement."""
        return [
            measurement
            for measurement in self._in_order()
            if measurement.verdict is not EffectVerdict.improved
        ]

    def promises_missed(self) -> list[ImprovementMeasurement]:
        """Return the measurements whose effect is not what was promised of the pilot."""
        return [
            measurement for measurement in self._in_order() if measurement.promise is PromiseVerdict.missed
        ]

    def open_issues(self) -> list[PilotIssue]:
        """Return the issues that are not solved yet, those of earlier rounds among them."""
        return [issue for issue in self.issues if issue.solved_at is None]

    def _in_order(self) -> list[ImprovementMeasurement]:
        return [self.measured[str(target.name)] for target in self.targets if target.name in self.measured]

    def goals_text(self) -> str:
        """Return how far the goals were met, a line for each target KPI, in both languages."""
        return "\n".join(_measurement_line(measurement) for measurement in self._in_order())

    def feedback_text(self) -> str:
        """Return how many were for it and against it, in both languages."""
        counts = {
            stance: sum(comment.stance is stance for comment in self.feedback) for stance in FeedbackStance
        }
        english = ", ".join(f"{stance.label('en')}: {count}" for stance, count in counts.items())
        chinese = "，".join(f"{stance.label('zh')}：{count}" for stance, count in counts.items())
        return f"{english}\n{chinese}"

    def open_issues_text(self) -> str | None:
        """Return the titles of the issues that are open, a line for each; None if all are solved."""
        return "\n".join(str(issue.title) for issue in self.open_issues()) or None


def _measurement_line(measurement: ImprovementMeasurement) -> str:
    """Return the result for a target KPI in one line: verdict, effect, promise and log position."""
    assert measurement.verdict is not None
    english = f"{measurement.target} ({measurement.kpi}): {measurement.verdict.label('en')}"
    chinese = measurement.verdict.label("zh")
    if measurement.effect is not None:
        english += f", effect {measurement.effect}"
        chinese += f"，效果 {measurement.effect}"
    if measurement.promise is not None:
        english += f", promised {measurement.promised_effect}: {measurement.promise.label('en')}"
        chinese += f"，承诺 {measurement.promised_effect}：{measurement.promise.label('zh')}"
    return f"{english}; log position {measurement.position}\n{chinese}；日志位置 {measurement.position}"


@caller_check
async def pilot_evidence(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> PilotEvidence:
    """Find the target KPIs, what was measured in this round of the pilot, and its issues and feedback."""
    targets = await reads.children(ImprovementTarget, improvement)
    measurements = await reads.children(
        ImprovementMeasurement,
        improvement,
        occasion=MeasurementOccasion.pilot.value,
        pilot_round=improvement.pilot.pilot_rounds,
    )
    ordered = sorted(measurements, key=lambda measurement: measurement.position or 0)
    issues = await reads.children(PilotIssue, improvement)
    feedback = await reads.children(PilotFeedback, improvement, pilot_round=improvement.pilot.pilot_rounds)
    return PilotEvidence(
        targets=tuple(target for target in targets if target.dropped_at is None),
        measured={str(measurement.target): measurement for measurement in ordered},
        issues=tuple(issues),
        feedback=tuple(feedback),
    )


@dataclass(frozen=True, slots=True)
class ExecutorLicence:
    """Whether the executor in the payload may carry out the process."""

    is_missing: bool


async def licence_of_executor(
    reads: ReadContext, improvement: Improvement, body: StartPilotImprovement, ctx: ActionContext
) -> ExecutorLicence:
    """Find out whether the executor has a valid licence for the process. The department as a whole has no
    licences.
    """
    return await executor_licence(reads, improvement, ctx.ref(Person, "executor"), ctx)


async def executor_licence(
    reads: ReadContext, improvement: Improvement, executor: Person | None, ctx: ActionContext
) -> ExecutorLicence:
    """Find out whether that person has a valid licence for the process."""
    if executor is None or improvement.process is None:
        return ExecutorLicence(is_missing=False)
    persons = await unlicensed(reads, [executor.id], improvement.process, ctx.now)
    return ExecutorLicence(is_missing=bool(persons))
