"""The documents of improvement plans as pages fit to print on A4: the plan with its targets and their
baselines, and the assessment of the present state (pure).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.foundation.documents.decided import PrintedDecision
from app.foundation.documents.pages import PrintedDocument, PrintedPage, SignatureLine
from app.foundation.documents.pages import page_of as document_page
from app.html.wording import Wording
from app.kpis.baselines.figures import BaselineWords

#: The table of the sentences on these pages.
TABLE = "plan_page"
TEMPLATE = "processes/improvement_plans/documents/document.html"


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
    chart: Markup | None


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
    """A target before and after an adjustment, in words; None where it did not exist or no longer does."""

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
    return document_page(
        TEMPLATE,
        printed.document,
        Wording(language, TABLE),
        printed=printed,
        decisions=printed.decisions,
        signatures=printed.signatures,
    )
