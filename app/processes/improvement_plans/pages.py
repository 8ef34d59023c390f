"""The documents of improvement plans as pages fit to print on A4: the plan with its targets and their
baselines, and the assessment of the present state (pure). What people have written is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from app.foundation.documents.page_parts import PageParts, short, span
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
from app.kpis.baselines.figures import BaselineWords

#: The table of the sentences on these pages.
TABLE = "plan_page"
#: In a cell without a value.
EMPTY_CELL = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPlanTarget:
    """A target of the plan with its baseline, and the behaviour chart of its KPI (SVG; None: it cannot be
    drawn).
    """

    title: str
    baseline: BaselineWords
    goal: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPlan:
    """The content of a page. `revised`: targets, points or steps have changed since the document was written,
    and those are not on it.
    """

    document: PrintedDocument
    targets: Sequence[PrintedPlanTarget] = ()
    points: Sequence[PrintedPoint] = ()
    steps: Sequence[PrintedPlanStep] = ()
    revised: bool = False
    signatures: Sequence[SignatureLine] = ()


def page_of(printed: PrintedPlan, language: str) -> PrintedPage:
    """Return the page of the document."""
    page, document = PageParts(language, TABLE), printed.document
    note = f'<p class="note">{page.sentence("revised")}</p>' if printed.revised else ""
    charts = "".join(
        f"<section><h3>{escape(one.title)} <small>{escape(one.baseline.kpi)}</small></h3>"
        f"{figure_of(one.chart, language)}</section>"
        for one in printed.targets
    )
    parts = [
        head_of(document, language),
        note,
        sections_of(document, language),
        page.section("targets", _targets(printed, page)),
        page.section("points", _points(printed, page)),
        page.section("schedule", _steps(printed, page)),
        page.section("charts", charts),
        signatures_of(printed.signatures, language, document.zone),
    ]
    return PrintedPage(title_of(document, language), "\n".join(part for part in parts if part))


def _targets(printed: PrintedPlan, page: PageParts) -> str:
    rows = [
        (
            escape(one.title),
            f"{escape(one.baseline.kpi)}<br><small>{_of_cases(one.baseline)}</small>",
            f"{short(escape(one.baseline.value or EMPTY_CELL))} <small>({one.baseline.cases})</small>",
            f"<b>{short(escape(one.goal))}</b>",
            short(escape(one.due_on)),
            escape(one.business_goal),
        )
        for one in printed.targets
    ]
    if not rows:
        return ""
    positions = ", ".join(f"{n:,}" for n in sorted({one.baseline.position for one in printed.targets}))
    table = page.table(("target", "kpi", "baseline", "goal", "due", "business_goal"), rows)
    return f'{table}<p class="soft">{page.sentence("frozen", position=positions)}</p>'


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
