"""The actions that a list offers for selected records: to assign them, the likely next ones as buttons, the
others in a menu, and what ends or undoes something apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.authentication.auth import signed_in
from app.api.open_actions import action_link
from app.common.faces import TAKE_ACTION, ActionChain
from app.desk.contract import ScreenContract
from app.desk.pages.context import Desk
from app.desk.pages.lists.tabs import ASSIGN
from app.desk.references import names_row
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


def with_chains(
    desk: Desk, lifecycle: Lifecycle[Any], records: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the records with the chains that each allows among their actions."""
    chains = {
        name: chain for name, chain in lifecycle.face.chains.items() if _may_end(desk, lifecycle, chain)
    }
    return [
        {**record, "actions": [*record["actions"], *_chains_of(desk, chains, record)]}
        if chains and record.get("actions")
        else record
        for record in records
    ]


def _may_end(desk: Desk, lifecycle: Lifecycle[Any], chain: ActionChain) -> bool:
    """Return whether a role of the reader may carry out the last actions of the chain on some record."""
    caller = signed_in(desk.request)
    assert caller is not None, "pages are for people who are signed in"
    return all(lifecycle[name].policy.roles & caller.role_codes for name in chain.after)


def _chains_of(desk: Desk, chains: Mapping[str, ActionChain], record: Mapping[str, Any]) -> list[str]:
    """Return the chains that the record allows: their action is possible, or an action before it, to the
    assignee.
    """
    actions = set(record["actions"])
    is_own = desk.reader_id is not None and (record.get("assignee") or {}).get("id") == desk.reader_id
    return [
        name
        for name, chain in chains.items()
        if chain.action in actions or (is_own and not actions.isdisjoint(chain.before))
    ]


def bulk_actions(desk: Desk, lifecycle: Lifecycle[Any], records: Sequence[Mapping[str, Any]]) -> BulkActions:
    """Return the actions for these records; those that most of them allow come first."""
    if not lifecycle.is_ticket:
        return BulkActions(assigns=False, takes=False, buttons=(), menu=(), dangerous=())
    possible = Counter(name for record in records for name in record.get("actions") or ())
    rows = [row for row in lifecycle.rows if row.name in possible and not row.opens]
    rows = [row for row in rows if row.name not in ACTIONS_ONE_BY_ONE and row.name != ASSIGN]
    rows = [row for row in rows if not _is_of_one(desk.contract, lifecycle, row)]
    states = {str(record.get("state")) for record in records}
    likely = Counter(
        name for state in states for name in lifecycle.face.primary.get(state, ()) if name != TAKE_ACTION
    )
    harmless = [row for row in rows if not lifecycle.face.is_dangerous(row.name)]
    harmless.sort(key=lambda row: (row.name not in likely, -possible[row.name]))
    few = [row for row in harmless if row.name in likely][:MOST_BUTTONS]
    chains = lifecycle.face.chains.items()
    return BulkActions(
        assigns=ASSIGN in possible,
        takes=ASSIGN in possible and desk.reader_id is not None,
        buttons=[
            *_labelled(desk, few),
            *((name, chain.label.text(desk.language)) for name, chain in chains if name in possible),
        ],
        menu=_labelled(desk, [row for row in harmless if row not in few]),
        dangerous=_labelled(desk, [row for row in rows if lifecycle.face.is_dangerous(row.name)]),
    )


def _is_of_one(contract: ScreenContract, lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> bool:
    """Return whether the action names a row of its record, such as a comment, which no other record has."""
    form = contract.form(action_link(lifecycle, row).body_schema)
    return any(field.required and names_row(field) for field in form.fields)


def _labelled(desk: Desk, rows: Sequence[Action[Any, Any]]) -> list[tuple[str, str]]:
    return [(row.name, row.label(desk.language)) for row in rows]
