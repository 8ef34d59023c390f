"""Tabs of a list: the reader's own records, those of their teams, those without an assignee, and all; each
with its filters and the number of its records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.api.authentication.auth import signed_in
from app.desk.contract import ListScreen, ScreenContract
from app.desk.forms.fields import FormField
from app.desk.pages.context import Desk
from app.desk.pages.records import OFF_STATES
from app.kernel.actions.lifecycle import Lifecycle

#: The parameter of the list's address that names a tab, and the state that stands for all states.
TAB, ANY_STATE = "tab", "any"
MINE, TEAMS, UNASSIGNED, ALL = "mine", "teams", "unassigned", "all"
#: Fields that name the owner of a record, the best first.
OWNERS = ("assignee", "owner", "person")
#: The action that assigns a ticket. Records that allow it are open work.
ASSIGN = "assign"
#: Higher numbers are shown as `99+`.
MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class ListTab:
    """A tab: its code, the filters of its list, the number of its records as it is shown, and whether there
    are any.
    """

    code: str
    filters: Mapping[str, str]
    count: str = ""
    has_records: bool = True


def open_states(lifecycle: Lifecycle[Any]) -> list[str]:
    """Return the states of open records: those in which a ticket can be assigned, and for other kinds those
    that an action still leads on from. Empty if all states are open or all are not.
    """
    if ASSIGN in lifecycle.by_name:
        from_states = lifecycle[ASSIGN].from_states
        assert isinstance(from_states, frozenset), "what does not exist cannot be assigned"
        return [state.value for state in lifecycle.states if state in from_states]
    moving = {
        state
        for row in lifecycle.rows
        if not row.opens and not row.stays
        for state in lifecycle.states
        if row.is_open_in(state)
    }
    left = lifecycle.lookup.ended
    states = [
        state.value
        for state in lifecycle.states
        if state in moving and state not in left and state.value not in OFF_STATES
    ]
    return states if 0 < len(states) < len(lifecycle.states) else []


def tabs_of(desk: Desk, screen: ListScreen) -> list[ListTab]:
    """Return the tabs of the list that its filters allow."""
    return list(_tabs(desk, {field.name: field for field in screen.filters}))


def _tabs(desk: Desk, filters: Mapping[str, FormField]) -> Iterator[ListTab]:
    caller = signed_in(desk.request)
    assert caller is not None, "pages are for people who are signed in"
    owner = next(
        (name for name in OWNERS if name in filters and accepts_reader(desk.contract, filters[name])), None
    )
    if owner is not None and caller.person_id is not None:
        yield ListTab(MINE, {owner: "me"})
    if "team" in filters and caller.teams:
        yield ListTab(TEAMS, {"team": ",".join(sorted(str(team) for team in caller.teams))})
    if owner == OWNERS[0]:
        yield ListTab(UNASSIGNED, {OWNERS[0]: "none"})
    yield ListTab(ALL, {})


def accepts_reader(contract: ScreenContract, field: FormField) -> bool:
    """Return whether the filter takes `me` for the reader."""
    entry = next((option for option in field.schema.get("anyOf", ()) if "items" in option), field.schema)
    return str(entry.get("items", {}).get("$ref", "")).endswith("/PersonNamed")


async def counted(
    desk: Desk, lifecycle: Lifecycle[Any], tabs: Sequence[ListTab], filters: Mapping[str, str]
) -> list[ListTab]:
    """Return the tabs with the numbers of their records, which the other filters in effect narrow, too. All
    are counted by one call.
    """
    lists = [list_text(lifecycle.kind, {**filters, **tab.filters}) for tab in tabs]
    answer = await desk.calls.send(
        "GET", "/v1/list_counts", parameters={"selection": lists, "most": str(MOST_COUNTED)}
    )
    if not answer.is_success:  # the list itself reports which filter is wrong
        return list(tabs)
    items = answer.document["items"]
    return [
        ListTab(tab.code, tab.filters, count_text(item), item["total"] != 0)
        for tab, item in zip(tabs, items, strict=True)
    ]


def list_text(kind: str, filters: Mapping[str, str]) -> str:
    """Return the list of that kind with these filters, as `/v1/list_counts` takes it."""
    return f"{kind}?{urlencode(filters)}"


def count_text(item: Mapping[str, Any]) -> str:
    """Return the number of records as it is shown."""
    return f"{item['total_at_least']}+" if item["total"] is None else str(item["total"])


def chosen_tab(tabs: Sequence[ListTab]) -> ListTab:
    """Return the tab that opens by itself: the reader's own records, else those of their teams, else all."""
    by_code = {tab.code: tab for tab in tabs}
    own = (by_code[code] for code in (MINE, TEAMS) if code in by_code)
    return next((tab for tab in own if tab.has_records), by_code[ALL])
