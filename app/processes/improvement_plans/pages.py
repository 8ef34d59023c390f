"""The documents of improvement plans as pages fit to print on A4: the plan with its targets and their
baselines, and the assessment of the present state (pure). What people have written is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from app.foundation.documents.decided import PrintedDecision, decisions_on
from app.foundation.documents.page_parts import PageParts, paragraphs, short, span
from app.foundation.documents.pages import (
    PrintedDocument,
    PrintedPage,
    SignatureLine,
    figure_of,
    head_of,
    running_head_of,
    sections_of,
    signatures_of,
    title_of,
)
from app.kpis.baselines.figures import BaselineWords

#: The table of the sentences on these pages.
TABLE = "plan_page"
#: In a cell without a value.
EMPTY_CELL = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPlanTarget:
    """A target of the plan with its baseline, and the behaviour chart of its KPI (SVG; None: it cannot be
    drawn). `is_limit`: the baseline meets the goal, which is a limit to hold.
    """

    title: str
    baseline: BaselineWords
    goal: str
    is_limit: bool
    due_on: str
    business_goal: str
    chart: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPoint:
    """A first point to improve, and where it comes from."""

    title: str
    refers_to: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPlanStep:
    """A step of the schedule with its owner, who is None if they were erased."""

    title: str
    owner: str | None
    due_on: str


@dataclass(frozen=True, slots=True)
class AdjustedTarget:
    """A target before and after an adjustment, in words; None: there was none, or is none."""

    title: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedAdjustment:
    """An adjustment that was adopted, or is proposed. Its texts are None if their author was erased."""

    is_adopted: bool
    changes: str | None
    reason: str | None
    targets: Sequence[AdjustedTarget]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPlan:
    """The content of a page, as it was in its edition."""

    document: PrintedDocument
    targets: Sequence[PrintedPlanTarget] = ()
    points: Sequence[PrintedPoint] = ()
    steps: Sequence[PrintedPlanStep] = ()
    adjustments: Sequence[PrintedAdjustment] = ()
    decisions: Sequence[PrintedDecision] = ()
    signatures: Sequence[SignatureLine] = ()


def page_of(printed: PrintedPlan, language: str) -> PrintedPage:
    """Return the page of the document."""
    page, document = PageParts(language, TABLE), printed.document
    charts = "".join(
        f"<section><h3>{escape(one.title)} <small>{escape(one.baseline.kpi)}</small></h3>"
        f"{figure_of(one.chart, language)}</section>"
        for one in printed.targets
    )
    parts = [
        head_of(document, language),
        sections_of(document, language),
        *(_adjustment(one, page) for one in printed.adjustments),
        page.section("targets", _targets(printed, page)),
        page.section("points", _points(printed, page)),
        page.section("schedule", _steps(printed, page)),
        page.section("charts", charts),
        decisions_on(printed.decisions, language, document.zone),
        signatures_of(printed.signatures, language, document.zone),
    ]
    return PrintedPage(
        title_of(document, language),
        "\n".join(part for part in parts if part),
        running_head_of(document, language),
    )


def _adjustment(one: PrintedAdjustment, page: PageParts) -> str:
    """Return what an adjustment changes: of an adopted one the targets, since its texts are sections."""
    rows = [
        (
            escape(target.title),
            page.sentence("added") if target.old is None else escape(target.old),
            page.sentence("dropped") if target.new is None else f"<b>{escape(target.new)}</b>",
        )
        for target in one.targets
    ]
    table = page.table(("target", "old", "new"), rows)
    if one.is_adopted:
        return page.section("adjusted", table)
    texts = "".join(
        f"<p><b>{page.sentence(code)}</b></p>{paragraphs(text)}"
        for code, text in (("changes", one.changes), ("reason", one.reason))
    )
    return f'<section class="note">{page.section("proposed", texts + table)}</section>'


def _targets(printed: PrintedPlan, page: PageParts) -> str:
    rows = [
        (
            escape(one.title),
            f"{escape(one.baseline.kpi)}<br><small>{_of_cases(one.baseline)}</small>",
            f"{short(escape(one.baseline.value or EMPTY_CELL))} <small>({one.baseline.cases})</small>",
            f"<b>{short(escape(one.goal))}</b>"
            + (f"<br><small>{page.sentence('limit')}</small>" if one.is_limit else ""),
            short(escape(one.due_on)),
            escape(one.business_goal),
        )
        for one in printed.targets
    ]
    if not rows:
        return ""
    positions = ", ".join(f"{n:,}" for n in sorted({one.baseline.position for one in printed.targets}))
    table = page.table(("target", "kpi", "baseline", "goal", "due", "business_goal"), rows)
    empty = any(not one.baseline.cases for one in printed.targets)
    note = f'<p class="note">{page.sentence("no_case_before")}</p>' if empty else ""
    return f'{table}<p class="soft">{page.sentence("frozen", position=positions)}</p>{note}'


def _of_cases(baseline: BaselineWords) -> str:
    scope = "" if baseline.scope is None else f"; {escape(baseline.scope)}"
    return span(baseline.window) + scope


def _points(printed: PrintedPlan, page: PageParts) -> str:
    rows = [(escape(one.title), escape(", ".join(one.refers_to) or EMPTY_CELL)) for one in printed.points]
    return page.table(("point", "references"), rows)


def _steps(printed: PrintedPlan, page: PageParts) -> str:
    rows = [
        (escape(one.title), escape(one.owner or EMPTY_CELL), short(escape(one.due_on)))
        for one in printed.steps
    ]
    return page.table(("step", "owner", "due"), rows)
