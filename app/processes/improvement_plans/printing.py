"""Reads for the pages of a plan's documents: its contents, while they are those of the document."""

from __future__ import annotations

from app.api.shapes import Renderer
from app.foundation.documents.pages import PrintedDocument, PrintedPage, SignatureLine
from app.foundation.documents.printing import had_happened, load_document, rows_beside, unseal
from app.foundation.documents.records import DocumentClass
from app.kernel.ledger import Ledger
from app.kpis.baselines.figures import baseline_words, chart_words, draw_baseline
from app.kpis.baselines.records import KpiBaseline
from app.processes.improvement_plans.pages import (
    PrintedPlan,
    PrintedPlanStep,
    PrintedPlanTarget,
    PrintedPoint,
    page_of,
)
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanPoint,
    ImprovementPlanStep,
    ImprovementPlanTarget,
)


async def print_document(renderer: Renderer, plan: ImprovementPlan, number: str) -> PrintedPage:
    """Return the page of the plan's document with that number. Raises NotFound if it has none, or the caller
    may not see it.
    """
    document = await load_document(renderer, plan, number)
    if document.document_class is DocumentClass.IP:
        printed = await _load_plan(renderer.ledger, plan, document, renderer.language)
    else:
        lines = (SignatureLine("quality_manager", document.author),)
        printed = PrintedPlan(document=document, signatures=lines)
    return page_of(printed, renderer.language)


async def _load_plan(
    ledger: Ledger, plan: ImprovementPlan, document: PrintedDocument, language: str
) -> PrintedPlan:
    targets = await rows_beside(ledger, ImprovementPlanTarget, plan, "planned_at")
    points = await rows_beside(ledger, ImprovementPlanPoint, plan, "planned_at")
    steps = await rows_beside(ledger, ImprovementPlanStep, plan, "planned_at")
    baselines = {one.name: one for one in await rows_beside(ledger, KpiBaseline, plan, "frozen_at")}
    revised = not all(
        had_happened(planned_at, document.written_at)
        for planned_at in (
            *(one.planned_at for one in targets),
            *(one.planned_at for one in points),
            *(one.planned_at for one in steps),
        )
    )
    shown = []
    for one in targets:
        baseline = baselines.get(one.name)
        if baseline is not None and had_happened(one.planned_at, document.written_at):
            words = chart_words(baseline, language)
            shown.append(
                PrintedPlanTarget(
                    title=one.title or "",
                    baseline=baseline_words(baseline, language),
                    goal=words.value(float(one.goal or 0)),
                    due_on=one.due_on or "",
                    business_goal=one.business_goal or "",
                    chart=await draw_baseline(ledger, baseline, language),
                )
            )
    found = await unseal(ledger, [], [one.person_id for one in steps])
    return PrintedPlan(
        document=document,
        targets=shown,
        points=[
            PrintedPoint(title=one.title or "", refers_to=one.refers_to or ())
            for one in points
            if had_happened(one.planned_at, document.written_at)
        ],
        steps=[
            PrintedPlanStep(title=one.title or "", owner=found.name(one.person_id), due_on=one.due_on or "")
            for one in steps
            if had_happened(one.planned_at, document.written_at)
        ],
        revised=revised,
        signatures=(SignatureLine("quality_manager", document.author), SignatureLine("committee")),
    )
