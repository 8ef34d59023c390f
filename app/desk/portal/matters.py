"""Records besides tickets in the portal: what a person besides staff is asked to sign, accept or decide, and
the forms by which they do so or refuse, with a reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from app.api.pages.page_paths import DESK
from app.api.state_words import state_label
from app.desk.pages.actions import screen_of
from app.desk.pages.context import Desk
from app.desk.pages.evidence import JUDGEMENTS, evidence_for
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.lists.waiting_rows import ABOUT_COMPLAINTS, WaitingRow, asked_rows
from app.desk.pages.record.outcome_sentences import outcome_sentence
from app.desk.pages.record_names import read_named_record
from app.desk.pages.records import OfferedAction, RecordView, offered_actions, state_tone
from app.i18n import sentences, translate
from app.ticketing.routes.dated_duties import DATED_DUTIES

#: Actions by which people refuse what they are asked for, on kinds whose face names none.
USUAL_REFUSALS = ("return", "refuse", "decline", "object")
#: Actions that one's work leads to, besides those that follow from a ticket's state.
ANSWERS = (
    JUDGEMENTS
    | {"complete_task", *ABOUT_COMPLAINTS.values()}
    | {action for duty in DATED_DUTIES for action in duty.actions.values()}
)


@dataclass(frozen=True, slots=True)
class MatterForms:
    """The forms that are open to the reader: those that they are asked for, those by which they refuse, and
    all others.
    """

    awaited: Sequence[WaitingRow]
    refusals: Sequence[tuple[str, str]]
    further: Sequence[OfferedAction]


async def matter_page(desk: Desk, kind: str, name: str) -> Response:
    """Return the page of the record: what it is about in full, and what its reader can do. Raises
    CallRefused.
    """
    position = await desk.log_position()
    view, work = await asyncio.gather(
        read_named_record(desk, desk.lifecycle(kind), name), desk.calls.read("/v1/me/work")
    )
    forms = await _forms(desk, view, work)
    asked_for = [action_of(row) for row in forms.awaited]
    first = next((view.lifecycle[action] for action in asked_for), view.lifecycle.rows[0])
    done = desk.request.query_params.get("done", "")
    return desk.answer(
        "portal/matter.html",
        f"{view.spoken_name} {view.title}".strip(),
        view=view,
        live=desk.live_news(position, stream=view.stream),
        state=state_label(view.lifecycle, view.record, desk.language),
        tone=state_tone(view.lifecycle, view.record),
        forms=forms,
        done=outcome_sentence(desk, view, done),
        evidence=await evidence_for(desk, view, first, (), {}, in_full=True),
    )


async def matter_screen(desk: Desk, kind: str, name: str, action: str) -> ActionScreen:
    """Return the form of an action on the record. Raises CallRefused, or HTTPException (404)."""
    lifecycle = desk.lifecycle(kind)
    view = await read_named_record(desk, lifecycle, name)
    screen = screen_of(desk, lifecycle, action, view)
    return replace(screen, refusals=tuple(_refusals(desk, view, {action})))


async def waiting_rows(desk: Desk, work: Mapping[str, Any]) -> list[WaitingRow]:
    """Return what waits for the reader, in the portal's words. Links of staff lead to the desk, where the
    rest of their work is.
    """
    if desk.is_staff:
        return await asked_rows(replace(desk, root=DESK, display=replace(desk.display, root=DESK)), work)
    rows = await asked_rows(desk, work)
    own_words = sentences(desk.language)["portal"]
    return [replace(row, to_do=own_words.get(f"act_{action_of(row)}", row.to_do)) for row in rows]


async def _forms(desk: Desk, view: RecordView, work: Mapping[str, Any]) -> MatterForms:
    possible = [action for action in offered_actions(desk, view) if action.reason is None]
    awaited = [row for row in await asked_rows(desk, work) if row.address.startswith(f"{view.path}/")]
    asked_for = {action_of(row) for row in awaited}
    refusals = list(_refusals(desk, view, asked_for))
    left_out = {*asked_for, *_refusing(view, asked_for), *(JUDGEMENTS if not asked_for else ())}
    further = [action for action in possible if action.name not in left_out and action.acts_on is None]
    return MatterForms(awaited, refusals, further)


def _refusing(view: RecordView, asked_for: Collection[str]) -> set[str]:
    """Return the names of the actions by which these actions are refused."""
    judgements = [action for action in asked_for if action in ANSWERS]
    named = (view.lifecycle.face.refusals.get(action) for action in judgements)
    return {*filter(None, named), *(USUAL_REFUSALS if judgements else ())}


def _refusals(desk: Desk, view: RecordView, asked_for: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the addresses and labels of the forms by which the reader can refuse these actions now."""
    own_words, refusing = sentences(desk.language)["portal"], _refusing(view, asked_for)
    for action in offered_actions(desk, view):
        if action.name in refusing and action.reason is None:
            usual = translate(desk.language, "portal", "refuse_by", {"action": action.label})
            yield f"{view.path}/{action.name}", own_words.get(f"act_{action.name}", usual)


def action_of(row: WaitingRow) -> str:
    """Return the name of the action that the row leads to."""
    return row.address.partition("?")[0].rpartition("/")[2]
