"""Reads for the pages of a plan's documents: its contents, as they were in the edition that is printed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from app.api.records.shapes import Renderer
from app.foundation.documents.decided import PrintedDecision, approval_lines, load_decisions, open_decisions
from app.foundation.documents.pages import PrintedDocument, PrintedPage, SignatureLine
from app.foundation.documents.past import PastRecord
from app.foundation.documents.printing import LoadedDocument, decrypt, load_document
from app.foundation.documents.records import DocumentClass
from app.foundation.documents.signing import SigningAct, act_lines, newest_act
from app.kernel.ledger import Ledger
from app.kpis.baselines.figures import (
    baseline_words,
    chart_words,
    draw_baseline,
    read_baseline_words,
)
from app.kpis.baselines.records import KpiBaseline
from app.log.events import stream
from app.processes.improvement_plans.contents import stored_baseline
from app.processes.improvement_plans.documents.pages import (
    AdjustedTarget,
    PrintedAdjustment,
    PrintedPlan,
    PrintedPlanStep,
    PrintedPlanTarget,
    PrintedPoint,
    page_of,
)
from app.processes.improvement_plans.progress import direction_of, is_limit
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanAdjustment,
    ImprovementPlanPoint,
    ImprovementPlanStep,
    ImprovementPlanTarget,
)

#: The events that put a question about the plan to the committee.
ASKING = frozenset({"improvement_plan.submitted", "improvement_plan.adjustment_proposed"})


async def print_document(
    renderer: Renderer, plan: ImprovementPlan, number: str, edition: int | None
) -> PrintedPage:
    """Return the page of the plan's document with that number, in its newest edition or in the given one.
    Raises NotFound if it does not exist, or the caller may not see it.
    """
    document = await load_document(renderer, plan, number, edition)
    if document.printed.document_class is DocumentClass.IP:
        printed = await _load_plan(renderer.ledger, plan, document, renderer.language)
    else:
        author = document.printed
        lines = await _submitter_lines(renderer.ledger, document)
        printed = PrintedPlan(
            document=author,
            signatures=_each_once(SignatureLine("prepared_by", author.author, author.recorded_at), *lines),
        )
    return page_of(printed, renderer.language)


async def _load_plan(
    ledger: Ledger, plan: ImprovementPlan, document: LoadedDocument, language: str
) -> PrintedPlan:
    then = document.edition.record_then
    steps = then.rows(ImprovementPlanStep, "planned_at")
    decrypted = await decrypt(ledger, [], [step.person_id for step in steps])
    adjustments = await _adjustments(ledger, plan, document, language)
    decisions = await _decisions(ledger, plan, document, then)
    author = await _written_by_proposer(ledger, document)
    return PrintedPlan(
        document=author,
        targets=await _targets(ledger, then, language),
        points=[
            PrintedPoint(title=point.title or "", refers_to=point.refers_to or ())
            for point in then.rows(ImprovementPlanPoint, "planned_at")
        ],
        steps=[
            PrintedPlanStep(
                title=step.title or "", owner=decrypted.name(step.person_id), due_on=step.due_on or ""
            )
            for step in steps
        ],
        adjustments=adjustments,
        decisions=decisions,
        signatures=_each_once(
            SignatureLine("proposed_by", author.author, author.recorded_at),
            *await _submitter_lines(ledger, document),
            *await _owner_lines(ledger, plan),
            *approval_lines(decisions),
        ),
    )


async def _owner_lines(ledger: Ledger, plan: ImprovementPlan) -> list[SignatureLine]:
    """Return the lines of the process owners who write the plan with the quality manager."""
    owners = [UUID(owner) for owner in plan.co_author_ids or ()]
    names = await decrypt(ledger, [], owners)
    return [SignatureLine("process_owner", names.name(owner), None) for owner in owners]


def _each_once(*lines: SignatureLine) -> tuple[SignatureLine, ...]:
    """Return the lines with each name once, at its first line."""
    names = [line.name for line in lines]
    return tuple(line for n, line in enumerate(lines) if line.name is None or line.name not in names[:n])


async def _submitter_lines(ledger: Ledger, document: LoadedDocument) -> list[SignatureLine]:
    """Return the line of the quality manager who put this edition to the committee."""
    edition = document.edition
    act = newest_act(edition.since(lambda event: event.type in ASKING), *ASKING)
    return await act_lines(ledger, {"quality_manager": act or _proposal_before(document)})


def _proposal_before(document: LoadedDocument) -> SigningAct | None:
    """Return the proposal of the adjustment that made this edition; the edition follows its adoption."""
    edition = document.printed.entry.edition
    made_by = [each for each in _adopted(document.edition.record_then) if each.edition == edition]
    names = {stream(each.KIND, each.id) for each in made_by}
    before = [event for event in document.edition.events if names & event.data["set"].keys()]
    return newest_act(before, *ASKING)


async def _written_by_proposer(ledger: Ledger, document: LoadedDocument) -> PrintedDocument:
    """Return the document with the proposer of the adjustment that made this edition as its author: earlier
    releases filed it under the name of the last voter.
    """
    edition = document.printed.entry.edition
    made_by = [each for each in _adopted(document.edition.record_then) if each.edition == edition]
    if not made_by:
        return document.printed
    proposer_id = made_by[-1].proposed_by_id
    return replace(document.printed, author=(await decrypt(ledger, [], [proposer_id])).name(proposer_id))


async def _targets(ledger: Ledger, then: PastRecord, language: str) -> list[PrintedPlanTarget]:
    baselines = {baseline.name: baseline for baseline in then.rows(KpiBaseline, "frozen_at")}
    printed = []
    for target in then.rows(ImprovementPlanTarget, "planned_at"):
        baseline = baselines.get(target.name)
        if baseline is None:
            continue
        words = chart_words(baseline, language)
        printed.append(
            PrintedPlanTarget(
                title=target.title or "",
                baseline=await read_baseline_words(ledger, baseline, language),
                goal=words.value(float(target.goal or 0)),
                is_limit=is_limit(direction_of(target.kpi), baseline.value, target.goal or ""),
                due_on=target.due_on or "",
                business_goal=target.business_goal or "",
                chart=await draw_baseline(ledger, baseline, language),
            )
        )
    return printed


async def _decisions(
    ledger: Ledger, plan: ImprovementPlan, document: LoadedDocument, then: PastRecord
) -> list[PrintedDecision]:
    """Return the decisions on this edition: the one that has made it, and those that were asked for while it
    was the newest.
    """
    edition, events = document.edition, document.edition.events
    made_by = {
        adjustment.decision_id
        for adjustment in _adopted(then)
        if adjustment.edition == document.printed.entry.edition
    }

    requests = edition.since(lambda event: event.type in ASKING)
    before = [
        event
        for event in events
        if event.version < edition.begun.version
        and any(f"decision/{decision}" in event.data["set"] for decision in made_by)
    ]
    decisions = await load_decisions(ledger, plan.row_key, events, [*before[:1], *requests])
    decision_ids = {decision.id for decision in decisions}
    open_questions = await open_decisions(ledger, plan.row_key, edition)
    return [*decisions, *(decision for decision in open_questions if decision.id not in decision_ids)]


def _adopted(then: PastRecord) -> list[ImprovementPlanAdjustment]:
    return [
        adjustment
        for adjustment in then.rows(ImprovementPlanAdjustment, "proposed_at")
        if adjustment.adopted_at is not None
    ]


async def _adjustments(
    ledger: Ledger, plan: ImprovementPlan, document: LoadedDocument, language: str
) -> list[PrintedAdjustment]:
    """Return what this edition has changed, and what is proposed to be changed in it, if it is the newest."""
    entry = document.printed.entry
    adjustments = [
        adjustment
        for adjustment in _adopted(document.edition.record_then)
        if adjustment.edition == entry.edition
    ]
    if document.printed.newest_edition == entry.edition and plan.adjustment_id is not None:
        now = PastRecord(document.edition.events).rows(ImprovementPlanAdjustment, "proposed_at")
        adjustments += [adjustment for adjustment in now if adjustment.id == plan.adjustment_id]
    decrypted = await decrypt(
        ledger, [text for adjustment in adjustments for text in (adjustment.changes, adjustment.reason)]
    )
    return [
        PrintedAdjustment(
            is_adopted=adjustment.adopted_at is not None,
            changes=decrypted.text(adjustment.changes),
            reason=decrypted.text(adjustment.reason),
            targets=_compared(plan, adjustment, language),
        )
        for adjustment in adjustments
    ]


def _compared(
    plan: ImprovementPlan, adjustment: ImprovementPlanAdjustment, language: str
) -> list[AdjustedTarget]:
    """Return the targets that differ, as they were and as they are from then on."""
    old = {target["target"]["name"]: target for target in adjustment.replaces or ()}
    new = {target["target"]["name"]: target for target in adjustment.targets or ()}
    baselines = {name: target["baseline"] for name, target in old.items()}
    baselines_after = {name: target["baseline"] or baselines.get(name) for name, target in new.items()}
    return [
        AdjustedTarget(
            title=str((new.get(name) or old[name])["target"]["title"]),
            old=_as_text(plan, old.get(name), baselines, language),
            new=_as_text(plan, new.get(name), baselines_after, language),
        )
        for name in dict.fromkeys([*old, *new])
        if name not in old or name not in new or old[name]["target"] != new[name]["target"]
    ]


def _as_text(
    plan: ImprovementPlan, target: dict[str, Any] | None, baselines: dict[str, Any], language: str
) -> str | None:
    """Return the target in words: its KPI, the baseline, the goal and the day, or None."""
    if target is None:
        return None
    terms = target["target"]
    stored = baselines.get(terms["name"])
    if stored is None:
        return f"{terms['kpi']}: {terms['goal']}, {terms['due_on']}"
    baseline = stored_baseline(stored, plan, plan.id)
    words = chart_words(baseline, language)
    value = "–" if baseline.value is None else words.value(float(baseline.value))
    goal = words.value(float(terms["goal"]))
    return f"{baseline_words(baseline, language).kpi}: {value} → {goal}, {terms['due_on']}"
