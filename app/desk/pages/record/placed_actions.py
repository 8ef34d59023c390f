"""The actions on a record where people look for them: the likely next one as a button, few next to it, the
others in a menu, and what ends or undoes something apart (pure).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.state_words import awaits_agreement
from app.common.faces import TAKE_ACTION, RecordFace
from app.desk.pages.records import AGREE, OfferedAction, RecordView

#: By which a ticket is given to somebody, and by which one writes to its people.
ASSIGN, COMMENT = "assign", "comment"
#: Actions that send a record back to its author: they come next only if nothing leads on.
SENDS_BACK = frozenset({"return", "send_back"})
#: Actions whose refusal is of no use to anybody.
TRIVIAL = frozenset({"follow", "unfollow", "tag", "untag"})


@dataclass(frozen=True, slots=True)
class PlacedActions:
    """The actions that are possible, by their places. `takes`: the button makes the ticket the reader's.
    `refused` are those that are not possible now, each with a reason.
    """

    primary: OfferedAction | None
    takes: bool
    quick: Sequence[OfferedAction]
    menu: Sequence[OfferedAction]
    dangerous: Sequence[OfferedAction]
    refused: Sequence[OfferedAction]


def placed_actions(
    view: RecordView,
    offered: Sequence[OfferedAction],
    reader_id: str | None,
    rows_within: Iterable[str],
    *,
    has_reply_box: bool,
    awaited: Collection[str] = (),
) -> PlacedActions:
    """Return the actions in their places. `rows_within` are the kinds of rows that tables show with what can
    be done with each of them; with a box for a reply, no button leads to its form. `awaited` are the actions
    on the record that wait for the reader, of which the first possible one leads.
    """
    face, shown_with_rows = view.lifecycle.face, frozenset(rows_within)
    left = {
        action.name: action
        for action in offered
        if action.reason is None
        and (action.acts_on is None or action.acts_on[1]["kind"] not in shown_with_rows)
        and not (has_reply_box and action.name == COMMENT)
        and not any(part.is_finished_by(view.record, reader_id) for part in face.done.get(action.name, ()))
    }
    next_name = next((name for name in awaited if name in left), None)
    next_name = next_name or _next_action(view, left, reader_id)
    primary = left.pop(next_name, None) if next_name not in (None, TAKE_ACTION) else None
    dangerous = [left.pop(name) for name in list(left) if face.is_dangerous(name)]
    quick = [left.pop(name) for name in face.quick if name in left]
    refused = [action for action in offered if action.reason is not None and action.name not in TRIVIAL]
    return PlacedActions(primary, next_name == TAKE_ACTION, quick, list(left.values()), dangerous, refused)


def _next_action(view: RecordView, left: dict[str, OfferedAction], reader_id: str | None) -> str | None:
    """Return the name of the action that comes next: the agreement that the record waits for, or one that
    sets a field which it needs, or the first possible one of those that the face names for the state.
    Otherwise, the first of the table that leads to another state, is not dangerous and refuses nothing, on
    rather than back.
    """
    face: RecordFace = view.lifecycle.face
    if AGREE in left and awaits_agreement(view.record):
        return AGREE
    for needed in face.needed:
        if needed.action in left and needed.is_missing(view.record):
            return needed.action
    for name in face.primary.get(str(view.record.get("state")), ()):
        if name == TAKE_ACTION and ASSIGN in left and _is_free(view, reader_id):
            return TAKE_ACTION
        if name in left:
            return name
    rows: Iterable[Any] = (row for row in view.lifecycle.rows if row.name in left and not row.stays)
    refusing = frozenset(face.refusals.values())
    leading = sorted(rows, key=lambda row: row.name in SENDS_BACK)
    names = (row.name for row in leading if not face.is_dangerous(row.name))
    return next((name for name in names if name not in refusing), None)


def _is_free(view: RecordView, reader_id: str | None) -> bool:
    return reader_id is not None and view.record.get("assignee") is None
