"""Reads for the pages of a request's documents: criteria, reviews, plan, checks and results of acceptance, as
they were when the document was written, and the lines on which those concerned sign.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.api.records.shapes import Renderer
from app.foundation.documents.pages import PrintedPage, SignatureLine
from app.foundation.documents.papers import (
    TABLE,
    Paper,
    PaperSource,
    PaperTable,
    PaperWords,
    author_line,
    print_paper,
    signature_lines,
)
from app.foundation.documents.printing import load_document
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.documents.signing import act_lines, newest_act
from app.foundation.people.records import Group
from app.foundation.statements.records import PersonStatement, StatedFact
from app.html.wording import Wording
from app.kernel.access.reads import load
from app.processes.requests.records import (
    Acceptance,
    Criterion,
    CriterionResult,
    QualityCheck,
    Request,
    RequestTraining,
    ReviewSide,
    SolutionReview,
)
from app.ticketing.projects.records import Milestone
from app.ticketing.records import Task

#: Builds what a document of a request shows next to its texts.
PaperBuilder = Callable[[PaperSource, Request], Awaitable[Paper]]
CRITERION_HEADS = ("place", "criterion", "shown_by")
REVIEW_HEADS = ("side", "reviewer", "verdict", "feasibility", "business_fit", "cost_and_benefit", "comment")
#: The event by which the requester confirms requirements here.
AGREED = "request.requirements_agreed"


async def print_document(
    renderer: Renderer, request: Request, number: str, edition: int | None
) -> PrintedPage:
    """Return the page of the request's document with that number, in its newest edition or in the given one.
    Raises NotFound if it does not exist, or the caller may not see it.
    """
    loaded = await load_document(renderer, request, number, edition)
    wording = Wording(renderer.language, TABLE)
    source = PaperSource(renderer.ledger, loaded, renderer.caller.is_staff_for(request), wording)
    return await print_paper(source, await BUILDERS[loaded.printed.document_class](source, request))


async def _requirements(source: PaperSource, request: Request) -> Paper:
    then, now = source.record_then, source.record_then.itself(request)
    criteria = [row for row in then.rows(Criterion, "place") if row.dropped_at is None]
    statements = then.rows(PersonStatement, "stated_at")
    heard = [row.person_id for row in statements if row.fact is StatedFact.consulted and row.person_id]
    group = await _group(source, now.acceptance_group_id)
    chair = None if group is None else group.chair_id
    words = await source.read([row.text for row in criteria], [now.requester_id, chair, *heard])
    method = now.inquiry.confirmation_method
    agreed = newest_act(source.loaded.edition.since(lambda event: event.type == AGREED), AGREED)
    confirmed = None
    if method is not None:
        time = source.moment(now.requirements_confirmed_at)
        confirmed = source.wording.sentence("confirmed_by", method=source.label(method), at=time)
        if objected_at := source.objections.time_of(StatedFact.agreed, now.requester_id):
            confirmed += f" ({source.stated(None, objected_at)})"
    return Paper(
        facts=(
            ("requester", words.name(now.requester_id)),
            ("consulted", words.names_stated(source, StatedFact.consulted, heard)),
            ("acceptance_group", None if group is None else group.name),
            ("confirmed", confirmed),
        ),
        tables=(PaperTable("criteria", CRITERION_HEADS, _criteria(source, criteria, words)),),
        signatures=(
            author_line(source, "prepared_by"),
            *await act_lines(source.ledger, {"requester": agreed}, {"requester": now.requester_id}),
        ),
    )


def _criteria(source: PaperSource, criteria: Sequence[Criterion], words: PaperWords) -> list[tuple[str, ...]]:
    return [(str(row.place), words.text(row.text), source.label(row.shown_by)) for row in criteria]


async def _group(source: PaperSource, group: UUID | None) -> Group | None:
    if group is None:
        return None
    loaded = await load(source.ledger.db, source.ledger.lifecycles[Group.KIND], str(group))
    return None if loaded is None else loaded.record


async def _solution(source: PaperSource, request: Request) -> Paper:
    reviews = source.record_while_newest.rows(SolutionReview, "reviewed_at")
    now = source.record_then.itself(request)
    words = await source.read(
        [row.comment for row in reviews], [*(row.reviewer_id for row in reviews), now.requester_id]
    )
    newest = {row.side: row for row in reviews}
    lines = [
        SignatureLine(f"{side.value}_review", words.name(row.reviewer_id), row.reviewed_at)
        if (row := newest.get(side)) is not None
        else SignatureLine(f"{side.value}_review")
        for side in ReviewSide
    ]
    rows = [
        (
            source.label(row.side),
            words.name(row.reviewer_id),
            source.label(row.verdict),
            source.label(row.feasibility),
            source.label(row.business_fit),
            source.label(row.cost_and_benefit),
            words.text(row.comment),
        )
        for row in reviews
    ]
    return Paper(
        facts=(
            ("requester", words.name(now.requester_id)),
            ("planned_at", source.moment(now.planned_at)),
        ),
        tables=(PaperTable("reviews", REVIEW_HEADS, rows),),
        signatures=(author_line(source, "prepared_by"), *lines),
    )


async def _implementation(source: PaperSource, request: Request) -> Paper:
    then = source.record_then
    milestones = [row for row in then.rows(Milestone, "due_at") if row.dropped_at is None]
    tasks = [
        row
        for row in then.rows(Task, "due_at")
        if row.dropped_at is None and (source.is_for_staff or not row.for_staff)
    ]
    now = then.itself(request)
    persons = [now.assignee_id, now.requester_id, *(row.assignee_id for row in tasks)]
    words = await source.read([], persons)
    titles = {row.id: row.title or "" for row in milestones}
    cost = f"{now.planned_cost} {now.currency}" if source.is_for_staff and now.planned_cost else None
    return Paper(
        facts=(
            ("requester", words.name(now.requester_id)),
            ("in_charge", words.name(now.assignee_id)),
            ("planned_at", source.moment(now.planned_at)),
            ("planned_cost", cost),
        ),
        tables=(
            PaperTable(
                "milestones",
                ("milestone", "due_at"),
                [(row.title or "", source.moment(row.due_at)) for row in milestones],
            ),
            PaperTable(
                "tasks",
                ("milestone", "task", "responsible", "due_at"),
                [
                    (
                        titles.get(row.milestone_id, "") if row.milestone_id else "",
                        row.title or "",
                        words.name(row.assignee_id),
                        source.moment(row.due_at),
                    )
                    for row in tasks
                ],
            ),
        ),
        signatures=(
            author_line(source, "prepared_by"),
            *signature_lines("responsible", [row.assignee_id for row in tasks], words),
        ),
    )


async def _test(source: PaperSource, request: Request) -> Paper:
    entry = source.loaded.printed.entry
    checks = [
        row for row in source.record_then.rows(QualityCheck, "checked_at") if row.document_id == entry.id
    ]
    doers = source.record_then.itself(request).doer_ids or ()
    words = await source.read([], [*doers, *(row.checker_id for row in checks)])
    return Paper(
        facts=(("implementers", words.names(doers)),),
        tables=(
            PaperTable(
                "checks",
                ("checkpoint", "passed", "checker", "checked_at"),
                [
                    (
                        row.checkpoint or "",
                        source.answer(row.passed),
                        words.name(row.checker_id),
                        source.moment(row.checked_at),
                    )
                    for row in checks
                ],
            ),
        ),
        signatures=(author_line(source, "checker"), *signature_lines("implementer", doers, words)),
    )


async def _acceptance(source: PaperSource, request: Request) -> Paper:
    entry, then = source.loaded.printed.entry, source.record_then
    (acceptance,) = [row for row in then.rows(Acceptance, "recorded_at") if row.document_id == entry.id]
    results = [row for row in then.rows(CriterionResult, "recorded_at") if row.acceptance_id == acceptance.id]
    criteria = {row.id: row for row in then.rows(Criterion, "place")}
    results.sort(key=lambda row: (_criterion_of(row, criteria).place or 0, str(row.id)))
    issues = [
        row
        for row in then.rows(Task, "due_at")
        if row.added_at == acceptance.recorded_at and not row.for_staff
    ]
    now = then.itself(request)
    group = await _group(source, now.acceptance_group_id)
    chair = None if group is None else group.chair_id
    took_part = acceptance.participant_ids or []
    owners = (row.assignee_id for row in issues)
    words = await source.read(
        [*(_criterion_of(row, criteria).text for row in results), *(row.note for row in results)],
        [chair, now.requester_id, acceptance.recorded_by_id, *took_part, *owners],
    )
    return Paper(
        facts=(
            ("requester", words.name(now.requester_id)),
            ("acceptance_group", None if group is None else group.name),
            ("round", str(acceptance.round or "")),
            ("announced_for", source.moment(now.acceptance_wanted_at)),
            ("verdict", source.label(acceptance.verdict)),
            ("participants", words.names_stated(source, StatedFact.attended, took_part, acceptance.id)),
        ),
        tables=(
            PaperTable(
                "results",
                ("criterion", "shown_by", "met", "note"),
                [
                    (
                        words.text(_criterion_of(row, criteria).text),
                        source.label(row.shown_by),
                        source.answer(row.passed),
                        words.text(row.note),
                    )
                    for row in results
                ],
            ),
            PaperTable(
                "issues",
                ("issue", "responsible", "due_at"),
                [(row.title or "", words.name(row.assignee_id), source.moment(row.due_at)) for row in issues],
            ),
        ),
        signatures=_acceptors(
            source,
            request,
            acceptance,
            source.objections.uncontested(
                StatedFact.attended, [chair, now.requester_id, *took_part], acceptance.id
            ),
            words,
        ),
        in_tables=frozenset({Heading.findings}),
    )


def _acceptors(
    source: PaperSource,
    request: Request,
    acceptance: Acceptance,
    persons: Sequence[UUID | str | None],
    words: PaperWords,
) -> list[SignatureLine]:
    """Return a line for each acceptor; the person who recorded the verdict has consented. People who made or
    checked the delivery only took part.
    """
    then, recorder = source.record_then, acceptance.recorded_by_id
    checkers = [row.checker_id for row in then.rows(QualityCheck, "checked_at")]
    made_it = {str(person) for person in (*(then.itself(request).doer_ids or ()), *checkers)}
    recorded = SignatureLine("accepted_for_group", words.name(recorder), source.loaded.printed.recorded_at)
    members = [person for person in persons if str(person) not in {*made_it, str(recorder)}]
    return [recorded, *signature_lines("acceptor", members, words)]


def _criterion_of(row: CriterionResult, criteria: Mapping[UUID, Criterion]) -> Criterion:
    assert row.criterion_id is not None
    return criteria[row.criterion_id]


async def _training(source: PaperSource, request: Request) -> Paper:
    entry = source.loaded.printed.entry
    rows = source.record_then.rows(RequestTraining, "recorded_at")
    (training,) = [row for row in rows if row.document_id == entry.id]
    participants = training.participant_ids or []
    words = await source.read([], participants)
    return Paper(
        facts=(
            ("held_at", source.moment(training.held_at)),
            ("attended", str(training.attended or 0)),
            (
                "participants",
                words.names_stated(source, StatedFact.attended, participants, training.id) or None,
            ),
        ),
        signatures=(
            author_line(source, "training_recorded_by"),
            *signature_lines(
                "participant",
                source.objections.uncontested(StatedFact.attended, participants, training.id),
                words,
            ),
        ),
    )


BUILDERS: Mapping[Any, PaperBuilder] = {
    DocumentClass.SN: _requirements,
    DocumentClass.SO: _solution,
    DocumentClass.IM: _implementation,
    DocumentClass.TE: _test,
    DocumentClass.AC: _acceptance,
    DocumentClass.TR: _training,
}
