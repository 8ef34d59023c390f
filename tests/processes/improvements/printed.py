"""Documents of an improvement as they are printed, made up: with drawings, long words, and what would break a
page.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.foundation.documents.pages import PrintedDocument, PrintedSection, SignatureLine
from app.foundation.documents.records import DocumentClass, DocumentEntry, DocumentState, Heading
from app.kpis.baselines.figures import BaselineWords
from app.kpis.catalogue import KPIS
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing.behaviour import draw
from app.kpis.drawing.effects.effect_shapes import EffectFigure, IntervalRow
from app.kpis.drawing.effects.intervals import draw_intervals
from app.kpis.drawing.shapes import ChartShade
from app.kpis.questions.chart_words import ChartWords
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.log.ids import uuid7
from app.processes.improvements.documents.printed import (
    ComparedStatistic,
    PrintedImprovement,
    PrintedIssue,
    PrintedMeasurement,
    PrintedMeasurements,
    PrintedSitting,
    PrintedStep,
    PrintedTarget,
)
from app.processes.improvements.effects.records import MeasurementOccasion
from app.processes.improvements.pilot.records import FeedbackStance
from app.processes.improvements.rollout.records import RolloutStepName
from tests.kpis.drawing.test_behaviour_chart import SPIKED, figure

ZONE = ZoneInfo("Asia/Shanghai")
KPI = KPIS["incident_resolution_seconds"]
WRITTEN_AT = datetime(2026, 6, 30, 16, 30, tzinfo=UTC)
HOUR, MINUTE = 3600.0, 60.0
#: What somebody might write to do harm.
HARM = '<script>alert("x")</script> & Co'
SENTENCE = f"Time to resolve: 31 min shorter (improved) {HARM}"


def a_document(of_class: DocumentClass, *sections: PrintedSection) -> PrintedDocument:
    """A document whose title would run, if it was let."""
    entry = DocumentEntry(
        id=uuid7(),
        record="improvement/1",
        number=f"{of_class.value}2026001",
        document_class=of_class,
        title=f"Restore mail sooner 更快恢复邮件 {HARM}",
        state=DocumentState.published,
        edition=2,
        drafted_at=WRITTEN_AT - timedelta(days=3),
        published_at=WRITTEN_AT,
    )
    return PrintedDocument(
        entry=entry,
        record_number="IMP-2026-000007",
        record_title=f"Restore mail sooner {HARM}",
        record_noun="improvement",
        author=f"Qi Mingyu 齐明宇 {HARM}",
        written_at=WRITTEN_AT,
        zone=ZONE,
        sections=sections,
    )


def words(language: str) -> ChartWords:
    """The words of charts in that language."""
    return ChartWords(language, KPI.unit, ZONE, "CNY")


def a_chart(language: str) -> Markup:
    """A behaviour chart with a shaded window."""
    chart = figure("incident_resolution_seconds", SPIKED)
    first, last = chart.points[4].begin, chart.points[9].end
    return draw(replace(chart, shades=(ChartShade(first, last, "Baseline"),)), words(language))


def an_effect_figure(language: str) -> Markup:
    """The intervals of an effect."""
    effect = EffectFigure(
        title="Both windows and the effect",
        sides=(
            IntervalRow("Before", 2.3 * HOUR, 2.0 * HOUR, 2.7 * HOUR, 212),
            IntervalRow("After", 1.8 * HOUR, 1.5 * HOUR, 2.0 * HOUR, 187),
        ),
        differences=(IntervalRow("Effect", -31 * MINUTE, -45 * MINUTE, -18 * MINUTE),),
        promised=-40 * MINUTE,
        tendency=Tendency.better,
    )
    return draw_intervals(effect, words(language))


def measured(language: str, occasion: MeasurementOccasion = MeasurementOccasion.pilot) -> PrintedMeasurements:
    """What was measured, at one position."""
    measurement = PrintedMeasurement(
        name="restore-faster",
        kpi=KPI.texts(language).name,
        sentence=SENTENCE,
        before="2 h 18 min",
        after="1 h 48 min",
        cases=(212, 187),
        effect="−31 min",
        interval=("−45 min", "−18 min"),
        promised="−40 min",
        verdict=EffectVerdict.no_evidence,
        promise=PromiseVerdict.missed,
        figure=an_effect_figure(language),
        chart=a_chart(language),
        control="team: desk",
        control_values=("2 h 6 min", "2 h 5 min"),
        control_cases=(98, 103),
        statistic=ComparedStatistic.median,
        level="97.5",
    )
    return PrintedMeasurements(
        occasion=occasion,
        pilot_round=2,
        position=123456,
        measured_at=WRITTEN_AT,
        targets=[
            measurement,
            replace(measurement, name="no-chart", chart=None, effect=None, interval=None, promise=None),
        ],
    )


def a_proposal(language: str) -> PrintedImprovement:
    """A proposal with two target KPIs, one of whose charts cannot be drawn."""
    baseline = BaselineWords(
        kpi=KPI.texts(language).name,
        window=("2026-03-01", "2026-05-31"),
        scope="Team: mail-team",
        value="2 h 18 min",
        cases=212,
        position=98765,
    )
    target = PrintedTarget(
        name="restore-faster",
        baseline=baseline,
        promised="−20 %",
        judged_by=f"By the median.\nAnd by those on call {HARM}.",
        chart=a_chart(language),
    )
    empty = replace(baseline, scope=None, value=None, cases=0)
    return PrintedImprovement(
        document=a_document(
            DocumentClass.PP,
            PrintedSection(Heading.scope_and_goal, f"Restore mail within an hour.\n{HARM}"),
            PrintedSection(Heading.method, "A runbook for each relay. 每个中继一本操作手册。 " * 12),
            PrintedSection(Heading.judgement, None),
        ),
        targets=[target, replace(target, name="second", baseline=empty, judged_by=None, chart=None)],
        signatures=(SignatureLine("proposed_by", "Qi Mingyu 齐明宇"), SignatureLine("committee")),
    )


def a_report(language: str) -> PrintedImprovement:
    """The report of the second round of a pilot."""
    return PrintedImprovement(
        document=a_document(
            DocumentClass.PL,
            PrintedSection(Heading.goals_met, "restore-faster: effect -1860.0"),
            PrintedSection(Heading.tools, "None that has stayed. 无遗留工具问题。"),
            PrintedSection(Heading.open_issues, "The form asks twice"),
            PrintedSection(Heading.reception, "In favour: 5"),
            PrintedSection(Heading.reception, "Well, after a week."),
            PrintedSection(Heading.rollout_advice, "Team by team."),
        ),
        measured=measured(language),
        feedback={FeedbackStance.in_favour: 5, FeedbackStance.opposed: 1},
        issues=[
            PrintedIssue(title=f"The form asks twice {HARM}", text=HARM, solution=None, solved_at=None),
            PrintedIssue(title="No paper", text=None, solution="Bought. 已购。", solved_at=WRITTEN_AT),
        ],
        signatures=(SignatureLine("project_manager", "Lin Tao 林涛"), SignatureLine("committee")),
    )


def a_handover(language: str) -> PrintedImprovement:
    """A hand-over of an improvement whose pilot passed against the evidence."""
    steps = [
        PrintedStep(
            step=name,
            place=place,
            owner="Process Owner 流程负责人",
            due_at=WRITTEN_AT,
            completed_at=WRITTEN_AT if place < 8 else None,
            evidence=f"Done, as the minutes say. {HARM}\n见会议纪要。" if place < 8 else None,
            evidence_numbers=("MI2026003", "TRN-2026-000004") if place == 3 else (),
            order_reason="The hall was free only then." if place == 4 else None,
        )
        for place, name in enumerate(RolloutStepName, start=1)
    ]
    report, proposal = (
        a_document(document_class).entry for document_class in (DocumentClass.PL, DocumentClass.PP)
    )
    return PrintedImprovement(
        document=a_document(
            DocumentClass.HO,
            PrintedSection(Heading.handed_over, "The runbooks, and who keeps them."),
            PrintedSection(Heading.documents, "PP2026001, PL2026001, KB-17"),
            PrintedSection(Heading.pilot_result, "restore-faster: no evidence"),
            PrintedSection(Heading.against_evidence, f"The law asks for it. 法规要求。 {HARM}"),
        ),
        measured=measured(language),
        steps=steps,
        sittings=[PrintedSitting(f"Wu Fan 吴凡 {HARM}", WRITTEN_AT + timedelta(days=9))],
        documents=[report, proposal],
        against_evidence=True,
        against_evidence_reason="The law asks for it.",
        signatures=(
            SignatureLine("project_manager", "Lin Tao 林涛", WRITTEN_AT),
            SignatureLine("accepted_by", None),
            SignatureLine("process_owner", "Zhao Min 赵敏"),
        ),
    )
