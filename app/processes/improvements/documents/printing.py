"""Reads for the pages of an improvement's documents: the context of their texts when they were written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from app.api.records.shapes import Renderer
from app.common.records import from_row
from app.foundation.decisions.records import DecisionKind, DecisionOutcome
from app.foundation.documents.decided import (
    PrintedDecision,
    approval_lines,
    lines_of_asked,
    load_decisions,
    open_decisions,
)
from app.foundation.documents.pages import PrintedPage, SignatureLine
from app.foundation.documents.papers import objections_of
from app.foundation.documents.printing import DecryptedDocument, LoadedDocument, decrypt, load_document
from app.foundation.documents.records import DocumentClass, DocumentEntry
from app.foundation.documents.signing import act_lines, act_of, newest_act
from app.foundation.statements.records import StatedFact
from app.kernel.ledger import Ledger
from app.kpis.baselines.figures import chart_words, draw_baseline, named_filters, read_baseline_words
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS
from app.kpis.effects.content import EffectResult, EffectScale, EffectSide
from app.kpis.effects.figures import EffectDrawing, draw_behaviour, draw_effect
from app.kpis.effects.questions import questions_again
from app.kpis.effects.records import KpiEffect, PromisedAs
from app.kpis.effects.sentences import sentence_of
from app.kpis.questions.chart_words import MINUS, ChartWords
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.statistics.effects.codes import WITHOUT_CONTROL, EffectMethod
from app.processes.improvements.documents.pages import page_of
from app.processes.improvements.documents.printed import (
    ComparedStatistic,
    PrintedAnnouncement,
    PrintedImprovement,
    PrintedIssue,
    PrintedMeasurement,
    PrintedMeasurements,
    PrintedTarget,
    PrintedTraining,
)
from app.processes.improvements.documents.project_facts import (
    motions_of,
    pilot_facts,
    rollout_of,
    sittings_left,
)
from app.processes.improvements.effects.records import ImprovementMeasurement, MeasurementOccasion
from app.processes.improvements.pilot.records import PilotFeedback, PilotIssue
from app.processes.improvements.proposal.records import ImprovementTarget
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.records import RolloutAnnouncement

#: Why bounds were undercut before the pilot, by the fields of the proposal.
REASONS = ("selection_reason", "freeze_exception_reason", "outside_plan_reason", "size_reason")
#: Cases that each method compares.
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
#: The act by which each role signs the hand-over, by the code of its line.
HANDING_OVER = {"project_manager": "improvement.handover_asked", "accepted_by": "improvement.handed_over"}
EFFECTS = "select * from fold.kpi_effect where id = any(%s)"


async def print_document(
    renderer: Renderer, improvement: Improvement, number: str, edition: int | None
) -> PrintedPage:
    """Return the page of the improvement's document with that number, in its newest edition or in the given
    one. Raises NotFound if it does not exist, or the caller may not see it.
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
    printed = await load(renderer.ledger, improvement, document, renderer.language)
    if not renderer.caller.is_staff_for(improvement):
        printed = page_for_customers(printed)
    return page_of(printed, renderer.language)


def page_for_customers(printed: PrintedImprovement) -> PrintedImprovement:
    """Return the page for readers who are not staff: without marks of employees, examinations that they have
    yet to pass, and single votes.
    """
    pilot = printed.pilot
    return replace(
        printed,
        pilot=None if pilot is None else replace(pilot, trainings=_without_marks(pilot.trainings)),
        trainings=_without_marks(printed.trainings),
        sittings=(),
        decisions=[replace(decision, votes=()) for decision in printed.decisions],
        signatures=_without_asked(printed),
    )


def _without_asked(printed: PrintedImprovement) -> list[SignatureLine]:
    """Return the lines for signatures, without those of open questions, which tell who has approved."""
    question_lines = lines_of_asked(printed.decisions)
    return [
        SignatureLine(line.role) if line in question_lines else line
        for line in printed.signatures
        if line not in question_lines or line == question_lines[0]
    ]


def _without_marks(trainings: Sequence[PrintedTraining]) -> list[PrintedTraining]:
    return [replace(training, results=()) for training in trainings]


async def _reasons(ledger: Ledger, improvement: Improvement) -> list[tuple[str, str]]:
    """Return the reasons for undercutting bounds, except those of steps, each with its sentence's code."""
    encrypted = {code: getattr(improvement.proposal, code) for code in REASONS}
    for code in ("schedule_reason", "teams_reason"):
        encrypted[code] = getattr(improvement.rollout, code)
    decrypted = await decrypt(ledger, encrypted.values())
    texts = ((code, decrypted.text(reason)) for code, reason in encrypted.items())
    return [(code, text) for code, text in texts if text is not None]


async def _decisions(
    ledger: Ledger, improvement: Improvement, document: LoadedDocument, *types: str
) -> list[PrintedDecision]:
    """Return the decisions on this edition of the document: those that events of these types asked for."""
    events_asking = document.edition.since(lambda event: event.type in types)
    return await load_decisions(ledger, improvement.row_key, document.edition.events, events_asking)


async def _load_proposal(
    ledger: Ledger, improvement: Improvement, document: LoadedDocument, language: str
) -> PrintedImprovement:
    then = document.edition.record_then
    targets = [target for target in then.rows(ImprovementTarget, "name") if target.dropped_at is None]
    # The newest baseline of a name counts: a rewritten proposal froze the baselines again.
    baselines = {baseline.name: baseline for baseline in then.rows(KpiBaseline, "frozen_at")}
    decrypted = await decrypt(
        ledger, [text for target in targets for text in (target.judged_by, target.baseline_reason)]
    )
    printed_targets = []
    for target in targets:
        baseline = baselines.get(target.name)
        if baseline is not None:
            printed_targets.append(
                PrintedTarget(
                    name=str(target.name),
                    baseline=await read_baseline_words(ledger, baseline, language),
                    promised=_promised(target.promised, target.promised_as, chart_words(baseline, language)),
                    judged_by=decrypted.text(target.judged_by),
                    baseline_reason=decrypted.text(target.baseline_reason),
                    chart=await draw_baseline(ledger, baseline, language),
                )
            )
    decisions = await _decisions(
        ledger, improvement, document, "improvement.submitted", "improvement.taken_up"
    )
    # The pilot is judged by its report; what else the committee is asked stands in the proposal.
    open_questions = [
        decision
        for decision in await open_decisions(ledger, improvement.row_key, document.edition)
        if decision.kind is not DecisionKind.pilot
    ]
    decisions += [
        decision for decision in open_questions if decision.id not in {each.id for each in decisions}
    ]
    author = document.printed
    # The committee decides on the size after the proposal was written.
    decided = document.edition.record_at_its_end.itself(improvement)
    return PrintedImprovement(
        document=document.printed,
        targets=printed_targets,
        decisions=decisions,
        reasons=await _reasons(ledger, decided),
        signatures=(
            SignatureLine("proposed_by", author.author, author.recorded_at),
            *approval_lines(decisions),
        ),
    )


async def _load_report(
    ledger: Ledger, improvement: Improvement, document: LoadedDocument, language: str
) -> PrintedImprovement:
    then = document.edition.record_then
    before = then.itself(improvement)
    measurements = [
        measurement
        for measurement in then.rows(ImprovementMeasurement, "measured_at")
        if measurement.occasion is MeasurementOccasion.pilot
    ]
    of_round = max((measurement.pilot_round or 0 for measurement in measurements), default=None)
    issues = then.rows(PilotIssue, "logged_at")
    objections = objections_of(document.edition)
    feedback = Counter(
        comment.stance
        for comment in then.rows(PilotFeedback, "logged_at")
        if of_round in (None, comment.pilot_round)
        and comment.stance is not None
        and objections.time_of(StatedFact.gave_feedback, comment.person_id, comment.id) is None
    )
    decrypted = await decrypt(
        ledger,
        [text for issue in issues for text in (issue.text, issue.solution)],
    )
    of_this_round = [measurement for measurement in measurements if measurement.pilot_round == of_round]
    decisions = await _decisions(ledger, improvement, document, "improvement.judgement_asked")
    reported = {"project_manager": act_of(document.edition.written)}
    return PrintedImprovement(
        document=document.printed,
        measured=await _measured(ledger, of_this_round, language),
        pilot=await pilot_facts(ledger, before, then, language),
        motions=await motions_of(ledger, improvement, document.edition, language),
        feedback=feedback,
        issues=[_issue(issue, decrypted) for issue in issues],
        decisions=decisions,
        reasons=await _reasons(ledger, before),
        signatures=(
            *await act_lines(ledger, reported, {"project_manager": before.project_manager_id}),
            *approval_lines(decisions),
        ),
    )


def _issue(issue: PilotIssue, decrypted: DecryptedDocument) -> PrintedIssue:
    return PrintedIssue(
        title=issue.title or "",
        text=decrypted.text(issue.text),
        solution=decrypted.text(issue.solution),
        solved_at=issue.solved_at,
    )


async def _load_handover(
    ledger: Ledger, improvement: Improvement, document: LoadedDocument, language: str
) -> PrintedImprovement:
    then = document.edition.record_then
    before = then.itself(improvement)
    measurements = [
        measurement
        for measurement in then.rows(ImprovementMeasurement, "measured_at")
        if measurement.position == before.judged_position
    ]
    decrypted = await decrypt(
        ledger,
        [before.evaluation.against_evidence_reason],
    )
    events = document.edition.events
    judged = [event for event in events if event.type == "improvement.judgement_asked"]
    passed = [
        decision
        for decision in await load_decisions(ledger, improvement.row_key, events, judged)
        if decision.outcome is DecisionOutcome.approved
    ]
    signing = document.edition.since(lambda event: event.type in HANDING_OVER.values())
    acts = {role: newest_act(signing, event_type) for role, event_type in HANDING_OVER.items()}
    # The process owner signs by hand.
    awaited = {"project_manager": before.project_manager_id, "process_owner": before.process_owner_id}
    steps, trainings = await rollout_of(ledger, then)
    return PrintedImprovement(
        document=document.printed,
        measured=await _measured(ledger, measurements, language),
        pilot=await pilot_facts(ledger, before, then, language),
        steps=steps,
        trainings=trainings,
        sittings=await sittings_left(ledger, improvement),
        announcements=[
            PrintedAnnouncement(announcement.medium or "", announcement.announced_at, announcement.reach)
            for announcement in then.rows(RolloutAnnouncement, "announced_at")
        ],
        cutover=(before.cutover_at, before.rollout.cutover_share),
        documents=[
            entry
            for entry in then.rows(DocumentEntry, "drafted_at")
            if entry.document_class is not DocumentClass.HO
        ],
        against_evidence=bool(before.evaluation.against_evidence),
        against_evidence_reason=decrypted.text(before.evaluation.against_evidence_reason),
        decisions=passed[-1:],
        reasons=await _reasons(ledger, before),
        signatures=await act_lines(ledger, acts | {"process_owner": None}, awaited),
    )


async def _measured(
    ledger: Ledger, measurements: Sequence[ImprovementMeasurement], language: str
) -> PrintedMeasurements | None:
    """Return what was measured at the newest position of these, with its drawings; None if nothing was."""
    if not measurements:
        return None
    newest = max(measurements, key=lambda measurement: measurement.position or 0)
    of_newest = {
        measurement.effect_id: measurement
        for measurement in measurements
        if measurement.position == newest.position
    }
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
            await _measurement(ledger, measurement, effects[effect_id], language)
            for effect_id, measurement in sorted(of_newest.items(), key=lambda pair: str(pair[1].target))
            if effect_id in effects
        ],
    )


async def _measurement(
    ledger: Ledger, measurement: ImprovementMeasurement, effect: KpiEffect, language: str
) -> PrintedMeasurement:
    kpi, result = KPIS[str(effect.kpi)], EffectResult.model_validate(effect.result)
    questions = questions_again(kpi, effect)
    words = ChartWords(language, kpi.unit, questions.before.zone, str(effect.currency))
    try:
        title = EffectDrawing.behaviour.label(language)
        chart = await draw_behaviour(ledger.db, effect, result, questions, words, title=title)
    except CannotAnswer:
        chart = None
    intervals, statistic = EffectDrawing.intervals.label(language), STATISTICS[WITHOUT_CONTROL[result.method]]
    ends = ["∞" if end is None else _effect(result, end, words) for end in (result.low, result.high)]
    return PrintedMeasurement(
        name=str(measurement.target),
        kpi=kpi.texts(language).name,
        sentence=sentence_of(kpi, result, language, effect.currency),
        before=_side(result.before, statistic, words),
        after=_side(result.after, statistic, words),
        cases=(result.before.cases, result.after.cases),
        effect=None if result.effect is None else _effect(result, result.effect, words),
        interval=None if result.low is None and result.high is None else (ends[0], ends[1]),
        promised=None if result.promised is None else _effect(result, result.promised.effect, words),
        verdict=result.verdict,
        promise=None if result.promised is None else result.promised.reached,
        figure=None if result.effect is None else draw_effect(result, questions, words, title=intervals),
        chart=chart,
        windows=(_window(questions.before, words), _window(questions.after, words)),
        scope=await named_filters(ledger, questions.before.filters, words),
        control=None
        if questions.control_before is None
        else await named_filters(ledger, questions.control_before.filters, words),
        control_values=_control_values(result, statistic, words),
        control_cases=_control_cases(result),
        statistic=statistic,
        level=f"{100 * result.level:.3g}",
        method=result.method,
        change=measurement.change,
        goal=measurement.goal,
        goal_met=measurement.goal_met,
    )


def _window(question: KpiQuestion, words: ChartWords) -> tuple[str, str]:
    """Return the first and the last day of the window."""
    begin, end = question.bounds[0], question.bounds[-1] - timedelta.resolution
    return f"{begin.astimezone(words.zone):%Y-%m-%d}", f"{end.astimezone(words.zone):%Y-%m-%d}"


def _side(side: EffectSide, statistic: ComparedStatistic, words: ChartWords) -> str | None:
    """Return the value of a window; the median where medians were compared, whatever the KPI is."""
    value = side.compared if statistic is ComparedStatistic.median else side.value
    return None if value is None else words.value(value)


def _control_values(
    result: EffectResult, statistic: ComparedStatistic, words: ChartWords
) -> tuple[str, str] | None:
    """Return the values of the cases that it is compared with, before and after, or None."""
    if result.control_before is None or result.control_after is None:
        return None
    before, after = (
        _side(summary, statistic, words) for summary in (result.control_before, result.control_after)
    )
    return None if before is None or after is None else (before, after)


def _control_cases(result: EffectResult) -> tuple[int, int]:
    before, after = result.control_before, result.control_after
    return (0, 0) if before is None or after is None else (before.cases, after.cases)


def _effect(result: EffectResult, value: float, words: ChartWords) -> str:
    return words.ratio(value) if result.scale is EffectScale.ratio else words.difference(value)


def _promised(promised: str | None, promised_as: PromisedAs | None, words: ChartWords) -> str | None:
    """Return the promised change in words: a part of the value before, or in the unit of the KPI."""
    if promised is None:
        return None
    change = float(promised)
    if promised_as is PromisedAs.absolute:
        return words.difference(change)
    return f"{MINUS if change < 0 else '+'}{abs(100 * change):.3g} %"
