"""Content of the pages of an improvement's documents, as it was when the document was written (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from app.common.records import CodeEnum
from app.foundation.documents.decided import PrintedDecision
from app.foundation.documents.pages import PrintedDocument, SignatureLine
from app.foundation.documents.records import DocumentEntry
from app.foundation.licences.records import ExaminationTopic
from app.kpis.baselines.figures import BaselineWords
from app.processes.improvements.effects.records import MeasurementOccasion
from app.processes.improvements.pilot.records import FeedbackStance, PilotJudgement
from app.processes.improvements.rollout.records import RolloutStepName


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTarget:
    """A target KPI: its baseline and what was promised in words, how it is judged, and the behaviour chart
    (SVG; None: it cannot be drawn).
    """

    name: str
    baseline: BaselineWords
    promised: str | None
    judged_by: str | None
    baseline_reason: str | None = None
    chart: Markup | None


class ComparedStatistic(CodeEnum):
    """The statistic of the cases in the values before and after."""

    mean = "mean", "Mean", "均值"
    median = "median", "Median", "中位数"
    share = "share", "Share", "占比"
    rate = "rate", "Value of the KPI, compared as a rate", "指标值，按比率比较"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedMeasurement:
    """The measured effect on a target KPI in words, and its drawings (SVG). `figure` is None if there is
    nothing to draw.

    `windows` are the first and last days before and after, `scope` the cases in words (None: all),
    `control` those with which they are compared (None without a comparison) and `control_values` their values
    before and after. `before`, `after` and `control_values` are the compared `statistic`, where that is one
    of the cases; `control_cases` is the number of cases of the control, and `level` the per cent of such
    intervals that hold the true effect. `change` is the change as a part of the value before, `goal` the goal
    and `goal_met` whether it is reached.
    """

    name: str
    kpi: str
    sentence: str
    before: str | None
    after: str | None
    cases: tuple[int, int]
    effect: str | None
    interval: tuple[str, str] | None
    promised: str | None
    verdict: CodeEnum
    promise: CodeEnum | None
    figure: Markup | None
    chart: Markup | None
    windows: tuple[tuple[str, str], tuple[str, str]] | None = None
    scope: str | None = None
    control: str | None = None
    control_values: tuple[str, str] | None = None
    control_cases: tuple[int, int] = (0, 0)
    statistic: ComparedStatistic | None = None
    level: str | None = None
    method: CodeEnum | None = None
    change: str | None = None
    goal: str | None = None
    goal_met: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedMeasurements:
    """The measurements that a document names: all at one log position. `times` is how often it was measured
    on this occasion by then, `until_at` where its window ends, and `agreed_until_at` until when the pilot was
    agreed.
    """

    occasion: MeasurementOccasion
    pilot_round: int | None
    position: int
    measured_at: datetime
    targets: Sequence[PrintedMeasurement]
    agreed_until_at: datetime | None = None
    until_at: datetime | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTraining:
    """A training: its number, and of each who took part the name (None: erased), the marks by topic and
    whether they have passed (None: not examined).
    """

    number: str
    title: str
    pass_mark: int | None
    pass_mark_reason: str | None
    closed_book: bool | None
    results: Sequence[tuple[str | None, Mapping[str, int], bool | None]]

    @property
    def topics(self) -> list[ExaminationTopic]:
        """The topics in which somebody has a mark."""
        return [
            topic for topic in ExaminationTopic if any(topic.value in marks for _, marks, _ in self.results)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPilot:
    """A pilot: its cases in words (None: all), those that it is compared with (None: all others), when it was
    agreed to be and when it was started, who kicked it off, and what was ready, each by its sentence's code.
    """

    scope: str | None
    control: str | None
    agreed: tuple[datetime | None, datetime | None]
    started_at: datetime | None
    kicked_off_at: datetime | None
    kicked_off_by: str | None
    executor: str | None
    readiness: Sequence[tuple[str, str]]
    trainings: Sequence[PrintedTraining]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedMotion:
    """A judgement of a pilot that was put to the committee; of an extended pilot, its dates, its cases in
    words and those that it is compared with (None: all).
    """

    judgement: PilotJudgement
    dates: tuple[datetime | None, datetime | None]
    scope: str | None
    control: str | None
    reason: str | None
    is_extension: bool


@dataclass(frozen=True, slots=True)
class PrintedSitting:
    """A person who has not sat the examination yet, and the day by which they do. `name` is None if they were
    erased.
    """

    name: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class PrintedAnnouncement:
    """An announcement: the medium, the time, and the number of people reached."""

    medium: str
    announced_at: datetime | None
    reach: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedIssue:
    """An issue of the pilot, and its solution."""

    title: str
    text: str | None
    solution: str | None
    solved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedStep:
    """A step of the rollout with its evidence; `completed_at` is None while it is open. `texts` are further
    texts of the evidence, each by its sentence's code.
    """

    step: RolloutStepName
    place: int
    owner: str | None
    due_at: datetime | None
    completed_at: datetime | None
    evidence: str | None
    evidence_numbers: Sequence[str]
    order_reason: str | None
    texts: Sequence[tuple[str, str]] = ()
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedImprovement:
    """The content of a page, as of when the document was written. `reasons` are the reasons for undercut
    bounds, each by its sentence's code.
    """

    document: PrintedDocument
    targets: Sequence[PrintedTarget] = ()
    measured: PrintedMeasurements | None = None
    pilot: PrintedPilot | None = None
    trainings: Sequence[PrintedTraining] = ()
    sittings: Sequence[PrintedSitting] = ()
    announcements: Sequence[PrintedAnnouncement] = ()
    cutover: tuple[datetime | None, int | None] | None = None
    decisions: Sequence[PrintedDecision] = ()
    motions: Sequence[PrintedMotion] = ()
    feedback: Mapping[FeedbackStance, int] | None = None
    issues: Sequence[PrintedIssue] = ()
    steps: Sequence[PrintedStep] = ()
    documents: Sequence[DocumentEntry] = ()
    against_evidence: bool = False
    against_evidence_reason: str | None = None
    reasons: Sequence[tuple[str, str]] = ()
    signatures: Sequence[SignatureLine] = ()
