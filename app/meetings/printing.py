"""Reads for the page of a meeting's minutes: who attended, the agenda with its conclusions, and the action
points, as the reader may see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.api.records.shapes import Renderer
from app.foundation.documents.pages import PrintedPage, SignatureLine
from app.foundation.documents.papers import TABLE, Paper, PaperSource, PaperTable, PaperWords, print_paper
from app.foundation.documents.printing import load_document
from app.foundation.documents.signing import act_lines, newest_act
from app.foundation.statements.records import StatedFact
from app.html.wording import Wording
from app.meetings.queries import agenda
from app.meetings.records import AgendaItem, Meeting, Participant
from app.ticketing.records import Task

SIGNED = "meeting.signed"
#: The line of the second person who signed.
SECOND = "signed_second"


async def print_minutes(
    renderer: Renderer, meeting: Meeting, number: str, edition: int | None
) -> PrintedPage:
    """Return the page of the meeting's minutes with that number, in their newest edition or in the given one.
    Raises NotFound if they do not exist, or the caller may not see them.
    """
    loaded = await load_document(renderer, meeting, number, edition)
    is_for_staff = renderer.caller.is_staff_for(meeting)
    source = PaperSource(renderer.ledger, loaded, is_for_staff, Wording(renderer.language, TABLE))
    then = source.record_then
    now = then.itself(meeting)
    participants = then.rows(Participant, "added_at")
    conclusions = {str(row.id): row.conclusion for row in then.rows(AgendaItem, "place")}
    tasks = [row for row in then.rows(Task, "added_at") if is_for_staff or not row.for_staff]
    words = await source.read(
        conclusions.values(),
        [
            now.chair_id,
            now.organiser_id,
            *(row.person_id for row in participants),
            *(row.assignee_id for row in tasks),
        ],
    )
    signings = [
        event for event in loaded.edition.since(lambda event: event.type == SIGNED) if event.type == SIGNED
    ]
    signed, countersigned = newest_act(signings[:1], SIGNED), newest_act(signings[1:], SIGNED)
    # A quality manager may sign in place of the chair, who then has no line.
    signer_role = "chair" if signed is None or signed.person_id == now.chair_id else "signed_for_chair"
    return await print_paper(
        source,
        Paper(
            facts=(
                ("meeting_kind", source.label(now.meeting_kind)),
                ("held_at", f"{source.moment(now.starts_at)} – {source.moment(now.ends_at)}"),
                ("venue", now.place),
                ("chair", words.name(now.chair_id)),
                ("organiser", words.name(now.organiser_id)),
            ),
            tables=(
                _participants(source, participants, words),
                _agenda(await agenda(renderer, meeting), conclusions, words),
                _action_points(source, tasks, words),
            ),
            signatures=(
                SignatureLine("minutes_by", loaded.printed.author, loaded.printed.recorded_at),
                *await act_lines(renderer.ledger, {signer_role: signed}, {"chair": now.chair_id}),
                *([] if countersigned is None else await act_lines(renderer.ledger, {SECOND: countersigned})),
            ),
        ),
    )


def _participants(source: PaperSource, rows: Sequence[Participant], words: PaperWords) -> PaperTable:
    objections = source.objections
    return PaperTable(
        "participants",
        ("participant", "side", "attendance"),
        [
            (
                words.name(row.person_id),
                source.label(row.side),
                source.stated(row.attended, objections.time_of(StatedFact.attended, row.person_id)),
            )
            for row in rows
        ],
    )


def _agenda(
    items: Sequence[Mapping[str, Any]], conclusions: Mapping[str, str | None], words: PaperWords
) -> PaperTable:
    """Return the agenda as the reader may see it, with the conclusions of the printed edition."""
    return PaperTable(
        "agenda",
        ("place", "topic", "about", "conclusion"),
        [
            (
                str(place),
                item["topic"],
                "" if item["about"] is None else item["about"]["number"],
                words.text(conclusions.get(str(item["id"]))),
            )
            for place, item in enumerate(items, start=1)
        ],
    )


def _action_points(source: PaperSource, tasks: Sequence[Task], words: PaperWords) -> PaperTable:
    return PaperTable(
        "action_points",
        ("task", "responsible", "due_at"),
        [(row.title or "", words.name(row.assignee_id), source.moment(row.due_at)) for row in tasks],
    )
