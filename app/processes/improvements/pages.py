"""The documents of improvements as pages fit to print on A4: the proposal, the report of a pilot, and the
hand-over, with the figures that they rest on (pure). What people have written is escaped here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from app.common.records import CodeEnum
from app.foundation.documents.page_parts import PageParts, paragraphs, short, span
from app.foundation.documents.pages import (
    PrintedDocument,
    PrintedPage,
    SignatureLine,
    figure_of,
    head_of,
    sections_of,
    signatures_of,
    title_of,
)
from app.foundation.documents.records import DocumentClass, DocumentEntry, Heading
from app.kpis.baselines.figures import BaselineWords
from app.processes.improvements.children.records import FeedbackStance, RolloutStepName
from app.processes.improvements.records import MeasurementOccasion

#: The table of the sentences on these pages.
TABLE = "improvement_page"
#: In a cell without a value.
EMPTY_CELL = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTarget:
    """A target KPI: its baseline and what was promised in words, how it is judged, and the behaviour chart
    (SVG; None: it cannot be drawn).
    """

    name: str
    baseline: BaselineWords
    promised: str | None
    judged_by: str | None
    chart: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedMeasurement:
    """The measured effect on a target KPI in words, and its drawings (SVG). `figure` is None if there is
    nothing to draw.
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
    figure: str | None
    chart: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedMeasurements:
    """The measurements that a document names: all at one log position."""

    occasion: MeasurementOccasion
    pilot_round: int | None
    position: int
    measured_at: datetime
    targets: Sequence[PrintedMeasurement]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedIssue:
    """An issue of the pilot, and how it was solved."""

    title: str
    text: str | None
    solution: str | None
    solved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedStep:
    """A step of the rollout with its evidence; `completed_at` is None while it is open."""

    step: RolloutStepName
    place: int
    owner: str | None
    due_at: datetime | None
    completed_at: datetime | None
    evidence: str | None
    evidence_numbers: Sequence[str]
    order_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedImprovement:
    """The content of a page, as of when the document was written."""

    document: PrintedDocument
    targets: Sequence[PrintedTarget] = ()
    measured: PrintedMeasurements | None = None
    feedback: Mapping[FeedbackStance, int] | None = None
    issues: Sequence[PrintedIssue] = ()
    steps: Sequence[PrintedStep] = ()
    documents: Sequence[DocumentEntry] = ()
    against_evidence: bool = False
    against_evidence_reason: str | None = None
    signatures: Sequence[SignatureLine] = ()


def page_of(printed: PrintedImprovement, language: str) -> PrintedPage:
    """Return the page of the document."""
    page, document = PageParts(language, TABLE), printed.document
    parts = {
        DocumentClass.PP: _proposal,
        DocumentClass.PL: _pilot_report,
        DocumentClass.HO: _hand_over,
    }
    body = "\n".join(
        part
        for part in (
            head_of(document, language),
            parts.get(document.document_class, _text_only)(printed, page),
            signatures_of(printed.signatures, language, document.zone),
        )
        if part
    )
    return PrintedPage(title_of(document, language), body)


def _text_only(printed: PrintedImprovement, page: PageParts) -> str:
    return sections_of(printed.document, page.language)


def _proposal(printed: PrintedImprovement, page: PageParts) -> str:
    return sections_of(printed.document, page.language) + _target_kpis(printed.targets, page)


def _target_kpis(targets: Sequence[PrintedTarget], page: PageParts) -> str:
    """Return the target KPIs with their baselines and what was promised, and the chart of each."""
    rows = [
        (
            _named(one.name, one.baseline.kpi),
            span(one.baseline.window),
            escape(one.baseline.scope or page.sentence("all_cases")),
            _strong(one.baseline.value),
            str(one.baseline.cases),
            short(escape(one.promised or EMPTY_CELL)),
        )
        for one in targets
    ]
    if not rows:
        return ""
    table = page.table(("target", "window", "of_cases", "baseline", "cases", "promised"), rows)
    positions = ", ".join(f"{n:,}" for n in sorted({one.baseline.position for one in targets}))
    note = f'<p class="soft">{page.sentence("frozen", position=positions)}</p>'
    charts = "".join(
        f"<section>{_title_of(one.name, one.baseline.kpi)}{_judged(one, page)}"
        f"{figure_of(one.chart, page.language)}</section>"
        for one in targets
    )
    return page.section("target_kpis", table + note) + charts


def _judged(target: PrintedTarget, page: PageParts) -> str:
    if target.judged_by is None:
        return ""
    return f"<p><b>{page.sentence('judged_by')}</b></p>{paragraphs(target.judged_by)}"


def _pilot_report(printed: PrintedImprovement, page: PageParts) -> str:
    feedback = ""
    if printed.feedback is not None:
        counts = [(stance, printed.feedback.get(stance, 0)) for stance in FeedbackStance]
        said = "".join(f"<td>{page.label(stance)}: <b>{count}</b>" for stance, count in counts)
        feedback = f"<table><tr>{said}</table>"
    instead = {
        Heading.goals_met: _measured(printed.measured, page),
        Heading.reception: feedback,
    }
    headings = {one.heading for one in printed.document.sections}
    beside = "".join(
        f"<section><h2>{page.label(heading)}</h2>{html}</section>"
        for heading, html in instead.items()
        if html and heading not in headings
    )
    return (
        sections_of(printed.document, page.language, instead=instead)
        + beside
        + page.section("issues", _issues(printed, page))
        + _drawings(printed.measured, page)
    )


def _hand_over(printed: PrintedImprovement, page: PageParts) -> str:
    measured = _measured(printed.measured, page)
    listed = {Heading.documents: _documents(printed, page)}
    headings = {one.heading for one in printed.document.sections}
    against = ""
    if printed.against_evidence and Heading.against_evidence not in headings:
        reason = paragraphs(printed.against_evidence_reason) or f"<p>{page.sentence('reason_erased')}</p>"
        against = f'<section class="note"><h2>{page.label(Heading.against_evidence)}</h2>{reason}</section>'
    sections = sections_of(
        printed.document,
        page.language,
        instead={Heading.pilot_result: measured},
        beneath=listed,
        marked={Heading.against_evidence},
    )
    return "".join(
        (
            against,
            sections,
            "" if Heading.documents in headings else page.section("documents", listed[Heading.documents]),
            page.section("rollout", _steps(printed, page)),
            "" if Heading.pilot_result in headings else page.section("measured_effect", measured),
            _drawings(printed.measured, page),
        )
    )


def _measured(measured: PrintedMeasurements | None, page: PageParts) -> str:
    """Return the table of the measured effects, and the log position that they were computed at."""
    if measured is None:
        return ""
    rows = [
        (
            _named(one.name, one.kpi),
            f"{short(escape(one.before or EMPTY_CELL))} <small>({one.cases[0]})</small>",
            f"{short(escape(one.after or EMPTY_CELL))} <small>({one.cases[1]})</small>",
            _strong(one.effect) + (f"<br><small>{span(one.interval)}</small>" if one.interval else ""),
            short(escape(one.promised or EMPTY_CELL))
            + (f"<br><small>{page.label(one.promise)}</small>" if one.promise is not None else ""),
            f"<b>{short(page.label(one.verdict))}</b>",
        )
        for one in measured.targets
    ]
    heads = ("target", "before", "after", "effect", "promised", "verdict")
    code = "measured_round" if measured.pilot_round is not None else "measured_at"
    note = page.sentence(
        code,
        occasion=measured.occasion.label(page.language),
        round=measured.pilot_round,
        position=f"{measured.position:,}",
    )
    return page.table(heads, rows) + f'<p class="soft">{note}</p>'


def _drawings(measured: PrintedMeasurements | None, page: PageParts) -> str:
    """Return the drawings of each measured effect, beneath its sentence."""
    if measured is None:
        return ""
    drawn = "".join(
        f"<section>{_title_of(one.name, one.kpi)}<p>{escape(one.sentence)}</p>"
        f"{_figure(one.figure, page)}{figure_of(one.chart, page.language)}</section>"
        for one in measured.targets
    )
    return page.section("drawings", f'{drawn}<p class="soft">{page.sentence("chart_of_now")}</p>')


def _figure(drawing: str | None, page: PageParts) -> str:
    return "" if drawing is None else figure_of(drawing, page.language)


def _issues(printed: PrintedImprovement, page: PageParts) -> str:
    rows = [
        (
            f"{escape(one.title)}{_small(one.text)}",
            escape(one.solution or EMPTY_CELL),
            short(page.sentence("open"))
            if one.solved_at is None
            else _day(one.solved_at, printed.document.zone),
        )
        for one in printed.issues
    ]
    return page.table(("issue", "solution", "solved"), rows)


def _steps(printed: PrintedImprovement, page: PageParts) -> str:
    zone = printed.document.zone
    rows = [
        (
            f"{one.place} · {page.label(one.step)}",
            escape(one.owner or EMPTY_CELL),
            EMPTY_CELL if one.due_at is None else _day(one.due_at, zone),
            short(page.sentence("open")) if one.completed_at is None else _day(one.completed_at, zone),
            _evidence(one, page),
        )
        for one in sorted(printed.steps, key=lambda one: one.place)
    ]
    return page.table(("step", "owner", "due", "completed", "evidence"), rows)


def _evidence(step: PrintedStep, page: PageParts) -> str:
    said = paragraphs(step.evidence)
    if step.evidence_numbers:
        said += f"<p>{escape(', '.join(step.evidence_numbers))}</p>"
    if step.order_reason is not None:
        said += f"<p><b>{page.sentence('out_of_order')}</b> {escape(step.order_reason)}</p>"
    return said or EMPTY_CELL


def _documents(printed: PrintedImprovement, page: PageParts) -> str:
    rows = [
        (
            short(escape(one.number or "")),
            EMPTY_CELL if one.document_class is None else short(page.label(one.document_class)),
            escape(one.title or ""),
            str(one.edition or 1),
            EMPTY_CELL if one.state is None else short(page.label(one.state)),
        )
        for one in printed.documents
    ]
    return page.table(("number", "document_class", "title", "edition", "state"), rows)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return short(f"{at.astimezone(zone):%Y-%m-%d}")


def _title_of(name: str, kpi: str) -> str:
    return f"<h3>{escape(kpi)} <small>{escape(name)}</small></h3>"


def _named(name: str, kpi: str) -> str:
    return f"{escape(kpi)}<br><small>{escape(name)}</small>"


def _strong(value: str | None) -> str:
    return EMPTY_CELL if value is None else f"<b>{short(escape(value))}</b>"


def _small(text: str | None) -> str:
    return "" if text is None else f"<br><small>{escape(text)}</small>"
