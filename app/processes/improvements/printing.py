"""Reads for the pages of an improvement's documents: what stood beside their texts when they were written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from app.api.shapes import Renderer
from app.common.records import from_row
from app.foundation.documents.pages import PrintedDocument, PrintedPage, SignatureLine
from app.foundation.documents.printing import Unsealed, had_happened, load_document, rows_beside, unseal
from app.foundation.documents.records import DocumentClass, DocumentEntry
from app.kernel.ledger import Ledger
from app.kpis.baselines.figures import baseline_words, chart_words, draw_baseline
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS
from app.kpis.drawing.chart_words import MINUS, ChartWords
from app.kpis.effects.asking import questions_again
from app.kpis.effects.content import EffectResult, EffectScale
from app.kpis.effects.figures import EffectDrawing, draw_behaviour, draw_effect
from app.kpis.effects.records import KpiEffect, PromisedAs
from app.kpis.effects.sentences import sentence_of
from app.kpis.question import CannotAnswer
from app.processes.improvements.children.records import (
    ImprovementMeasurement,
    ImprovementTarget,
    PilotFeedback,
    PilotIssue,
    RolloutStep,
)
from app.processes.improvements.pages import (
    PrintedImprovement,
    PrintedIssue,
    PrintedMeasurement,
    PrintedMeasurements,
    PrintedStep,
    PrintedTarget,
    page_of,
)
from app.processes.improvements.records import Improvement, MeasurementOccasion

EFFECTS = "select * from fold.kpi_effect where id = any(%s)"


async def print_document(renderer: Renderer, improvement: Improvement, number: str) -> PrintedPage:
    """Return the page of the improvement's document with that number. Raises NotFound if it has none, or the
    caller may not see it.
    """
    document = await load_document(renderer, improvement, number)
    loads = {
        DocumentClass.PP: _load_proposal,
        DocumentClass.PL: _load_report,
        DocumentClass.HO: _load_handover,
    }
    load = loads.get(document.document_class)
    if load is None:
        return page_of(PrintedImprovement(document=document), renderer.language)
    return page_of(await load(renderer.ledger, improvement, document, renderer.language), renderer.language)


async def _load_proposal(
    ledger: Ledger, improvement: Improvement, document: PrintedDocument, language: str
) -> PrintedImprovement:
    at = document.written_at
    targets = await rows_beside(ledger, ImprovementTarget, improvement, "name")
    known = [
        one for one in targets if had_happened(one.added_at, at) and not had_happened(one.dropped_at, at)
    ]
    # The newest of a name counts: a proposal that was written anew froze them anew.
    baselines = {
        one.name: one
        for one in await rows_beside(ledger, KpiBaseline, improvement, "frozen_at")
        if had_happened(one.frozen_at, at)
    }
    found = await unseal(ledger, [one.judged_by for one in known])
    shown = []
    for one in known:
        baseline = baselines.get(one.name)
        if baseline is not None:
            shown.append(
                PrintedTarget(
                    name=str(one.name),
                    baseline=baseline_words(baseline, language),
                    promised=_promised(one.promised, one.promised_as, chart_words(baseline, language)),
                    judged_by=found.text(one.judged_by),
                    chart=await draw_baseline(ledger, baseline, language),
                )
            )
    return PrintedImprovement(
        document=document,
        targets=shown,
        signatures=(SignatureLine("proposed_by", document.author), SignatureLine("committee")),
    )


async def _load_report(
    ledger: Ledger, improvement: Improvement, document: PrintedDocument, language: str
) -> PrintedImprovement:
    at = document.written_at
    measurements = [
        one
        for one in await rows_beside(ledger, ImprovementMeasurement, improvement, "measured_at")
        if one.occasion is MeasurementOccasion.pilot and had_happened(one.measured_at, at)
    ]
    of_round = max((one.pilot_round or 0 for one in measurements), default=None)
    issues = [
        one
        for one in await rows_beside(ledger, PilotIssue, improvement, "logged_at")
        if had_happened(one.logged_at, at)
    ]
    feedback = Counter(
        one.stance
        for one in await rows_beside(ledger, PilotFeedback, improvement, "logged_at")
        if had_happened(one.logged_at, at) and of_round in (None, one.pilot_round) and one.stance is not None
    )
    found = await unseal(
        ledger,
        [text for one in issues for text in (one.text, one.solution)],
        [improvement.project_manager_id],
    )
    of_this_round = [one for one in measurements if one.pilot_round == of_round]
    return PrintedImprovement(
        document=document,
        measured=await _measured(ledger, of_this_round, language),
        feedback=feedback,
        issues=[_issue(one, found, at) for one in issues],
        signatures=(
            SignatureLine("project_manager", document.author or found.name(improvement.project_manager_id)),
            SignatureLine("committee"),
        ),
    )


def _issue(issue: PilotIssue, found: Unsealed, at: datetime) -> PrintedIssue:
    solved = had_happened(issue.solved_at, at)
    return PrintedIssue(
        title=issue.title or "",
        text=found.text(issue.text),
        solution=found.text(issue.solution) if solved else None,
        solved_at=issue.solved_at if solved else None,
    )


async def _load_handover(
    ledger: Ledger, improvement: Improvement, document: PrintedDocument, language: str
) -> PrintedImprovement:
    at = document.written_at
    steps = await rows_beside(ledger, RolloutStep, improvement, "place")
    documents = await rows_beside(ledger, DocumentEntry, improvement, "drafted_at")
    measurements = [
        one
        for one in await rows_beside(ledger, ImprovementMeasurement, improvement, "measured_at")
        if one.position == improvement.judged_position
    ]
    found = await unseal(
        ledger,
        [
            improvement.against_evidence_reason,
            *(text for one in steps for text in (one.evidence, one.order_reason)),
        ],
        [
            improvement.project_manager_id,
            improvement.accepted_by_id,
            improvement.process_owner_id,
            *(one.owner_id for one in steps),
        ],
    )
    manager = found.name(improvement.project_manager_id)
    accepted = found.name(improvement.accepted_by_id)
    return PrintedImprovement(
        document=document,
        measured=await _measured(ledger, measurements, language),
        steps=[_step(one, found, at) for one in steps if one.step is not None],
        documents=[
            one
            for one in documents
            if one.document_class is not DocumentClass.HO and had_happened(one.drafted_at, at)
        ],
        against_evidence=bool(improvement.against_evidence),
        against_evidence_reason=found.text(improvement.against_evidence_reason),
        signatures=(
            SignatureLine("project_manager", manager, improvement.handover_asked_at),
            SignatureLine("accepted_by", accepted, improvement.handed_over_at),
            SignatureLine("process_owner", found.name(improvement.process_owner_id)),
        ),
    )


def _step(step: RolloutStep, found: Unsealed, at: datetime) -> PrintedStep:
    assert step.step is not None
    done = had_happened(step.completed_at, at)
    return PrintedStep(
        step=step.step,
        place=step.place or 0,
        owner=found.name(step.owner_id),
        due_at=step.due_at,
        completed_at=step.completed_at if done else None,
        evidence=found.text(step.evidence) if done else None,
        evidence_numbers=(step.evidence_numbers or ()) if done else (),
        order_reason=found.text(step.order_reason),
    )


async def _measured(
    ledger: Ledger, measurements: Sequence[ImprovementMeasurement], language: str
) -> PrintedMeasurements | None:
    """Return what was measured at the newest position of these, with its drawings; None if nothing was."""
    if not measurements:
        return None
    newest = max(measurements, key=lambda one: one.position or 0)
    of_newest = {one.effect_id: one for one in measurements if one.position == newest.position}
    rows = await ledger.db.rows(EFFECTS, (list(of_newest),))
    effects = {effect.id: effect for effect in (from_row(KpiEffect, row) for row in rows) if effect.result}
    assert newest.occasion is not None
    assert newest.measured_at is not None
    return PrintedMeasurements(
        occasion=newest.occasion,
        pilot_round=newest.pilot_round,
        position=newest.position or 0,
        measured_at=newest.measured_at,
        targets=[
            await _measurement(ledger, one, effects[effect_id], language)
            for effect_id, one in sorted(of_newest.items(), key=lambda pair: str(pair[1].target))
            if effect_id in effects
        ],
    )


async def _measurement(
    ledger: Ledger, one: ImprovementMeasurement, effect: KpiEffect, language: str
) -> PrintedMeasurement:
    kpi, result = KPIS[str(effect.kpi)], EffectResult.model_validate(effect.result)
    asked = questions_again(kpi, effect)
    words = ChartWords(language, kpi.unit, asked.before.zone, str(effect.currency))
    try:
        title = EffectDrawing.behaviour.label(language)
        chart = await draw_behaviour(ledger.db, effect, result, asked, words, title=title)
    except CannotAnswer:
        chart = None
    intervals = EffectDrawing.intervals.label(language)
    ends = ["∞" if end is None else _effect(result, end, words) for end in (result.low, result.high)]
    return PrintedMeasurement(
        name=str(one.target),
        kpi=kpi.texts(language).name,
        sentence=sentence_of(kpi, result, language),
        before=None if result.before.value is None else words.value(result.before.value),
        after=None if result.after.value is None else words.value(result.after.value),
        cases=(result.before.cases, result.after.cases),
        effect=None if result.effect is None else _effect(result, result.effect, words),
        interval=None if result.low is None and result.high is None else (ends[0], ends[1]),
        promised=None if result.promised is None else _effect(result, result.promised.effect, words),
        verdict=result.verdict,
        promise=None if result.promised is None else result.promised.reached,
        figure=None if result.effect is None else draw_effect(result, asked, words, title=intervals),
        chart=chart,
    )


def _effect(result: EffectResult, value: float, words: ChartWords) -> str:
    return words.ratio(value) if result.scale is EffectScale.ratio else words.difference(value)


def _promised(promised: str | None, of: PromisedAs | None, words: ChartWords) -> str | None:
    """Return the promised change in words: a part of the value before, or in the unit of the KPI."""
    if promised is None:
        return None
    change = float(promised)
    if of is PromisedAs.absolute:
        return words.difference(change)
    return f"{MINUS if change < 0 else '+'}{abs(100 * change):.3g} %"
