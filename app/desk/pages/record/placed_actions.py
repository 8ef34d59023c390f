"""The actions on a record where people look for them: the likely next one as a button, few next to it, the
others in a menu, and what ends or undoes something apart (pure).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.common.faces import TAKE_ACTION, RecordFace
from app.desk.pages.records import OfferedAction, RecordView

#: By which a ticket is given to somebody, and by which one writes to its people.
ASSIGN, COMMENT = "assign", "comment"
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
) -> PlacedActions:
    """Return the actions in their places. `rows_within` are the kinds of rows that tables show with what can
    be done with each of them; with a box for a reply, no button leads to its form.
    """
    face, shown_with_rows = view.lifecycle.face, frozenset(rows_within)
    left = {
        action.name: action
        for action in offered
        if action.reason is None
        and (action.acts_on is None or action.acts_on[1]["kind"] not in shown_with_rows)
        and not (has_reply_box and action.name == COMMENT)
    }
    next_name = _next_action(view, left, reader_id)
    primary = left.pop(next_name, None) if next_name not in (None, TAKE_ACTION) else None
    dangerous = [left.pop(name) for name in list(left) if face.is_dangerous(name)]
    quick = [left.pop(name) for name in face.quick if name in left]
    refused = [action for action in offered if action.reason is not None and action.name not in TRIVIAL]
    return PlacedActions(primary, next_name == TAKE_ACTION, quick, list(left.values()), dangerous, refused)


def _next_action(view: RecordView, left: dict[str, OfferedAction], reader_id: str | None) -> str | None:
    """Return the name of the action that comes next: the first possible one of those that the face names for
    the state, else the first of the table that leads to another state and is not dangerous.
    """
    face: RecordFace = view.lifecycle.face
    for name in face.primary.get(str(view.record.get("state")), ()):
        if name == TAKE_ACTION and ASSIGN in left and _is_free(view, reader_id):
            return TAKE_ACTION
        if name in left:
            return name
    leading: Iterable[Any] = (row for row in view.lifecycle.rows if row.name in left and not row.stays)
    return next((row.name for row in leading if not face.is_dangerous(row.name)), None)


def _is_free(view: RecordView, reader_id: str | None) -> bool:
    return reader_id is not None and view.record.get("assignee") is None
