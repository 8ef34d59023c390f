"""The actions that a list offers for selected records: to assign them, the likely next ones as buttons, the
others in a menu, and what ends or undoes something apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.common.faces import TAKE_ACTION
from app.desk.pages.context import Desk
from app.desk.pages.lists.tabs import ASSIGN
from app.kernel.actions.lifecycle import Action, Lifecycle

#: Buttons besides those that assign; all other actions are in the menu.
MOST_BUTTONS = 3
#: Actions that are of no use for several records at once: each has words of its own.
ACTIONS_ONE_BY_ONE = frozenset({"edit"})


@dataclass(frozen=True, slots=True)
class BulkActions:
    """The actions that are possible for at least one of the records, by name and label. `assigns`: they can
    be given to somebody; `takes`: also to the reader.
    """

    assigns: bool
    takes: bool
    buttons: Sequence[tuple[str, str]]
    menu: Sequence[tuple[str, str]]
    dangerous: Sequence[tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be done with the records."""
        return not (self.assigns or self.buttons or self.menu or self.dangerous)


def bulk_actions(desk: Desk, lifecycle: Lifecycle[Any], records: Sequence[Mapping[str, Any]]) -> BulkActions:
    """Return the actions for these records; those that most of them allow come first."""
    if not lifecycle.is_ticket:
        return BulkActions(assigns=False, takes=False, buttons=(), menu=(), dangerous=())
    possible = Counter(name for record in records for name in record.get("actions") or ())
    rows = [row for row in lifecycle.rows if row.name in possible and not row.opens]
    rows = [row for row in rows if row.name not in ACTIONS_ONE_BY_ONE and row.name != ASSIGN]
    states = {str(record.get("state")) for record in records}
    likely = Counter(
        name for state in states for name in lifecycle.face.primary.get(state, ()) if name != TAKE_ACTION
    )
    harmless = [row for row in rows if not lifecycle.face.is_dangerous(row.name)]
    harmless.sort(key=lambda row: (row.name not in likely, -possible[row.name]))
    few = [row for row in harmless if row.name in likely][:MOST_BUTTONS]
    return BulkActions(
        assigns=ASSIGN in possible,
        takes=ASSIGN in possible and desk.reader_id is not None,
        buttons=_labelled(desk, few),
        menu=_labelled(desk, [row for row in harmless if row not in few]),
        dangerous=_labelled(desk, [row for row in rows if lifecycle.face.is_dangerous(row.name)]),
    )


def _labelled(desk: Desk, rows: Sequence[Action[Any, Any]]) -> list[tuple[str, str]]:
    return [(row.name, row.label(desk.language)) for row in rows]
