"""Reads for the pages of an improvement's documents: what stood beside their texts when they were written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from app.api.records.shapes import Renderer
from app.common.records import from_row
from app.foundation.decisions.records import DecisionOutcome
from app.foundation.documents.decided import PrintedDecision, decided_at, load_decisions
from app.foundation.documents.pages import PrintedPage, SignatureLine
from app.foundation.documents.printing import LoadedDocument, UnsealedDocument, load_document, unseal
from app.foundation.documents.records import DocumentClass, DocumentEntry
from app.kernel.ledger import Ledger
from app.kpis.baselines.figures import baseline_words, chart_words, draw_baseline
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS
from app.kpis.drawing.chart_words import MINUS, ChartWords
from app.kpis.effects.content import EffectResult, EffectScale, EffectSide
from app.kpis.effects.figures import EffectDrawing, draw_behaviour, draw_effect
from app.kpis.effects.questions import questions_again
from app.kpis.effects.records import KpiEffect, PromisedAs
from app.kpis.effects.sentences import sentence_of
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.statistics.effects.codes import WITHOUT_CONTROL, EffectMethod
from app.processes.improvements.children.records import (
    ImprovementMeasurement,
    ImprovementTarget,
    PilotFeedback,
    PilotIssue,
    RolloutAnnouncement,
)
from app.processes.improvements.pages import page_of
from app.processes.improvements.printed import (
    ComparedStatistic,
    PrintedAnnouncement,
    PrintedImprovement,
    PrintedIssue,
    PrintedMeasurement,
    PrintedMeasurements,
    PrintedTarget,
)
from app.processes.improvements.project_facts import named_filters, pilot_facts, rollout_of
from app.processes.improvements.records import Improvement, MeasurementOccasion

#: What of the cases each method compares.
STATISTICS = {
    EffectMethod.share: ComparedStatistic.share,
    EffectMethod.share_by_day: ComparedStatistic.share,
    EffectMethod.duration: ComparedStatistic.median,
    EffectMethod.median_by_day: ComparedStatistic.median,
    EffectMethod.mean: ComparedStatistic.mean,
    EffectMethod.mean_by_day: ComparedStatistic.mean,
    EffectMethod.rate: ComparedStatistic.rate,
    EffectMethod.rate_by_day: ComparedStatistic.rate,
}
EFFECTS = "select * from fold.kpi_effect where id = any(%s)"


async def print_document(
    renderer: Renderer, improvement: Improvement, number: str, edition: int | None
) -> PrintedPage:
    """Return the page of the improvement's document with that number, in its newest edition or in that one.
    Raises NotFound if it has none, or the caller may not see it.
    """
    document = await load_document(renderer, improvement, number, edition)
    loads = {
        DocumentClass.PP: _load_proposal,
        DocumentClass.PL: _load_report,
        DocumentClass.HO: _load_handover,
    }
    load = loads.get(document.printed.document_class)
    if load is None:
        return page_of(PrintedImprovement(document=document.printed), renderer.language)
    return page_of(await load(renderer.ledger, improvement, document, renderer.language), renderer.language)


async def _decisions(
    ledger: Ledger, improvement: Improvement, document: LoadedDocument, *types: str
) -> list[PrintedDecision]:
    """Return the decisions on this edition of the document: those that events of these types asked for."""
    asked = document.edition.since(lambda event: event.type in types)
    return await load_decisions(ledger, improvement.row_key, document.edition.events, asked)


async def _load_proposal(
    ledger: Ledger, improvement: Improvement, document: LoadedDocument, language: str
) -> PrintedImprovement:
    then = document.edition.record_then
    known = [one for one in then.rows(ImprovementTarget, "name") if one.dropped_at is None]
    # The newest of a name counts: a proposal that was written anew froze them anew.
    baselines = {one.name: one for one in then.rows(KpiBaseline, "frozen_at")}
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
    decisions = await _decisions(
        ledger, improvement, document, "improvement.submitted", "improvement.taken_up"
    )
    author = document.printed
    return PrintedImprovement(
        document=document.printed,
        targets=shown,
        decisions=decisions,
        signatures=(
            SignatureLine("proposed_by", author.author, author.recorded_at),
            SignatureLine("committee", consented_at=decided_at(decisions)),
        ),
    )


async def _load_report(
    ledger: Ledger, improvement: Improvement, document: LoadedDocument, language: str
) -> PrintedImprovement:
    then = document.edition.record_then
    before = then.itself(improvement)
    measurements = [
        one
        for one in then.rows(ImprovementMeasurement, "measured_at")
        if one.occasion is MeasurementOccasion.pilot
    ]
    of_round = max((one.pilot_round or 0 for one in measurements), default=None)
    issues = then.rows(PilotIssue, "logged_at")
    feedback = Counter(
        one.stance
        for one in then.rows(PilotFeedback, "logged_at")
        if of_round in (None, one.pilot_round) and one.stance is not None
    )
    found = await unseal(
        ledger,
        [text for one in issues for text in (one.text, one.solution)],
        [improvement.project_manager_id],
    )
    of_this_round = [one for one in measurements if one.pilot_round == of_round]
    decisions = await _decisions(ledger, improvement, document, "improvement.judgement_asked")
    author = document.printed.author or found.name(improvement.project_manager_id)
    return PrintedImprovement(
        document=document.printed,
        measured=await _measured(ledger, of_this_round, language),
        pilot=await pilot_facts(ledger, before, then, language),
        feedback=feedback,
        issues=[_issue(one, found) for one in issues],
        decisions=decisions,
        signatures=(
            SignatureLine("project_manager", author, document.printed.recorded_at),
            SignatureLine("committee", consented_at=decided_at(decisions)),
        ),
    )


def _issue(issue: PilotIssue, found: UnsealedDocument) -> PrintedIssue:
    return PrintedIssue(
        title=issue.title or "",
        text=found.text(issue.text),
        solution=found.text(issue.solution),
        solved_at=issue.solved_at,
    )


async def _load_handover(
    ledger: Ledger, improvement: Improvement, document: LoadedDocument, language: str
) -> PrintedImprovement:
    then = document.edition.record_then
    before = then.itself(improvement)
    measurements = [
        one
        for one in then.rows(ImprovementMeasurement, "measured_at")
        if one.position == before.judged_position
    ]
    found = await unseal(
        ledger,
        [before.against_evidence_reason],
        [improvement.project_manager_id, improvement.accepted_by_id, improvement.process_owner_id],
    )
    events = document.edition.events
    judged = [one for one in events if one.type == "improvement.judgement_asked"]
    passed = [
        one
        for one in await load_decisions(ledger, improvement.row_key, events, judged)
        if one.outcome is DecisionOutcome.approved
    ]
    manager = found.name(improvement.project_manager_id)
    accepted = found.name(improvement.accepted_by_id)
    steps, trainings = await rollout_of(ledger, then)
    return PrintedImprovement(
        document=document.printed,
        measured=await _measured(ledger, measurements, language),
        pilot=await pilot_facts(ledger, before, then, language),
        steps=steps,
        trainings=trainings,
        announcements=[
            PrintedAnnouncement(one.medium or "", one.announced_at, one.reach)
            for one in then.rows(RolloutAnnouncement, "announced_at")
        ],
        cutover=(before.cutover_at, before.cutover_share),
        documents=[
            one
            for one in then.rows(DocumentEntry, "drafted_at")
            if one.document_class is not DocumentClass.HO
        ],
        against_evidence=bool(before.against_evidence),
        against_evidence_reason=found.text(before.against_evidence_reason),
        decisions=passed[-1:],
        signatures=(
            SignatureLine("project_manager", manager, improvement.handover_asked_at),
            SignatureLine("accepted_by", accepted, improvement.handed_over_at),
            SignatureLine("process_owner", found.name(improvement.process_owner_id)),
        ),
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
        agreed_until_at=newest.agreed_until_at,
        until_at=newest.until_at,
        times=newest.times,
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
    intervals, statistic = EffectDrawing.intervals.label(language), STATISTICS[WITHOUT_CONTROL[result.method]]
    ends = ["∞" if end is None else _effect(result, end, words) for end in (result.low, result.high)]
    return PrintedMeasurement(
        name=str(one.target),
        kpi=kpi.texts(language).name,
        sentence=sentence_of(kpi, result, language),
        before=_side(result.before, statistic, words),
        after=_side(result.after, statistic, words),
        cases=(result.before.cases, result.after.cases),
        effect=None if result.effect is None else _effect(result, result.effect, words),
        interval=None if result.low is None and result.high is None else (ends[0], ends[1]),
        promised=None if result.promised is None else _effect(result, result.promised.effect, words),
        verdict=result.verdict,
        promise=None if result.promised is None else result.promised.reached,
        figure=None if result.effect is None else draw_effect(result, asked, words, title=intervals),
        chart=chart,
        windows=(_window(asked.before, words), _window(asked.after, words)),
        scope=await named_filters(ledger, asked.before.filters, words),
        control=None
        if asked.control_before is None
        else await named_filters(ledger, asked.control_before.filters, words),
        control_values=_control_values(result, statistic, words),
        control_cases=_control_cases(result),
        statistic=statistic,
        level=f"{100 * result.level:.3g}",
        method=result.method,
        change=one.change,
        goal=one.goal,
        goal_met=one.goal_met,
    )


def _window(asked: KpiQuestion, words: ChartWords) -> tuple[str, str]:
    """Return the first and the last day of the window."""
    begin, end = asked.bounds[0], asked.bounds[-1] - timedelta.resolution
    return f"{begin.astimezone(words.zone):%Y-%m-%d}", f"{end.astimezone(words.zone):%Y-%m-%d}"


def _side(side: EffectSide, statistic: ComparedStatistic, words: ChartWords) -> str | None:
    """Return the value of a window; the median where medians were compared, whatever the KPI is."""
    value = side.compared if statistic is ComparedStatistic.median else side.value
    return None if value is None else words.value(value)


def _control_values(
    result: EffectResult, statistic: ComparedStatistic, words: ChartWords
) -> tuple[str, str] | None:
    """Return the values of the cases that it is compared with, before and after; None: there are none."""
    if result.control_before is None or result.control_after is None:
        return None
    before, after = (_side(one, statistic, words) for one in (result.control_before, result.control_after))
    return None if before is None or after is None else (before, after)


def _control_cases(result: EffectResult) -> tuple[int, int]:
    before, after = result.control_before, result.control_after
    return (0, 0) if before is None or after is None else (before.cases, after.cases)


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
