"""Columns of a list: the usual ones, those that the reader has chosen, their orders and their cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.api.pages.sent_forms import sent_form
from app.contract.schemas import Schema
from app.desk.contract import ListScreen
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.lists.addresses import address_of_list, list_address_or
from app.desk.pages.lists.promises import promise_text, promised_field
from app.desk.values import EMPTY, NAMING, label_of
from app.html.filters import classed, marked
from app.kernel.actions.lifecycle import Lifecycle
from app.service_level_engine.clock import ClockState

router = Router(include_in_schema=False)
#: Fields that a list shows in columns of their own, or not at all.
OTHER_FIELDS = frozenset(
    {"id", "version", "number", "key", "name", "title", "state", "actions", "recorded_at"}
)
#: Most informative fields of any record that has them, in the order of their columns.
FIRST_COLUMNS = ("priority", "sla", "assignee", "team", "requester", "service", "owner", "risk_level")
USUAL_COLUMNS = 6
#: Columns with a time by which tickets are due are sorted by that.
SORTED_BY = {"sla": "due", "state": "state_since"}


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column: its field and label, and the address of the list in its order (None: it cannot be sorted);
    `sorted`: how the list is sorted by it, as a value of `aria-sort`.
    """

    name: str
    label: str
    schema: Schema
    address: str | None = None
    sorted: str = ""


@router.post("/desk/{kind}/columns")
async def post_columns_form(request: Request, kind: str) -> Response:
    """Keep the columns that the reader has chosen for the list, and show it again."""
    desk, form = open_desk(request), await sent_form(request)
    lifecycle = desk.lifecycle(kind)
    chosen = [] if form.first_value("usual") else form.inputs.get("columns", [])
    screen = desk.contract.listing(lifecycle.plural)
    assert screen is not None, "every kind has a list"
    columns = [name for name in choosable(screen) if name in chosen]
    body = {"columns": columns}
    await desk.calls.require("PUT", f"/v1/me/list_columns/{lifecycle.kind}", body=body)
    back = list_address_or(form.first_value("back"), lifecycle.kind)
    return RedirectResponse(back, HTTP_303_SEE_OTHER)


def ranked(screen: ListScreen) -> list[str]:
    """Return the fields for columns besides name, title and state: first the most informative fields of such
    records, then those by which the list can be filtered.
    """
    named = dict.fromkeys([*FIRST_COLUMNS, *(field.name for field in screen.filters)])
    return [name for name in named if name in screen.fields and name not in OTHER_FIELDS]


def choosable(screen: ListScreen) -> list[str]:
    """Return all fields that can be columns, the most informative first."""
    further_fields = (name for name in screen.fields if name not in OTHER_FIELDS | NAMING)
    return list(dict.fromkeys([*ranked(screen), *further_fields]))


def present_sort(screen: ListScreen, parameters: Mapping[str, str]) -> str:
    """Return the order of the list with these parameters: by its first field, the last first, unless another
    is chosen.
    """
    return parameters.get("sort") or (f"-{screen.sorts[0].removeprefix('-')}" if screen.sorts else "")


def sort_fields(screen: ListScreen) -> list[str]:
    """Return the field by which the list is usually sorted."""
    sort = screen.sorts[0].removeprefix("-") if screen.sorts else "changed_at"
    return [name for name in [sort] if name in screen.fields]


def shown_columns(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    screen: ListScreen,
    records: Sequence[Mapping[str, Any]],
    chosen: Sequence[str],
    *,
    parameters: Mapping[str, str],
    present: str,
) -> list[ListColumn]:
    """Return the columns besides name, title and state: the chosen ones, else the first fields that a record
    has, and the time by which the list is sorted. `parameters` are those of the list's address, `present` is
    its order.
    """
    if not (names := [name for name in chosen if name in screen.fields and name not in OTHER_FIELDS]):
        used = [
            name
            for name in ranked(screen)
            if not records or any(_has_cell(record, name) for record in records)
        ]
        names = [*used[: USUAL_COLUMNS - 1], *sort_fields(screen)]
    return [column_of(desk, lifecycle, screen, name, parameters, present) for name in dict.fromkeys(names)]


def _has_cell(record: Mapping[str, Any], name: str) -> bool:
    """Return whether the record has something to show in the column; a promised time is due, too."""
    return record.get(name) not in EMPTY or (name == "sla" and promised_field(record) is not None)


def column_of(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    screen: ListScreen,
    name: str,
    parameters: Mapping[str, str],
    present: str = "",
) -> ListColumn:
    """Return the column of a field; its head sorts the list, and once more the other way round."""
    schema = screen.fields.get(name, {})
    label = desk.contract.field_label(name, schema, desk.language)
    sort = SORTED_BY.get(name, name)
    if sort not in screen.sorts:
        return ListColumn(name, label, schema)
    # Due times are sorted by the earliest, all other times by the newest.
    first, second = (f"-{sort}", sort) if name.endswith("_at") else (sort, f"-{sort}")
    following = second if present == first else first
    left = {key: value for key, value in parameters.items() if key not in ("sort", "cursor", "from")}
    direction = {sort: "ascending", f"-{sort}": "descending"}.get(present, "")
    address = address_of_list(lifecycle.kind, {**left, "sort": following})
    return ListColumn(name, label, schema, address, direction)


def sort_choices(desk: Desk, screen: ListScreen) -> Iterator[tuple[str, str]]:
    """Yield the sort orders and their labels."""
    for sort in screen.sorts:
        name = sort.removeprefix("-")
        # `due` sorts by the due time of the clocks, which is no field of the record itself.
        name = name if name in screen.fields else f"{name}_at"
        label = desk.contract.field_label(name, screen.fields.get(name, {}), desk.language)
        yield sort, f"{label} {'↓' if sort.startswith('-') else '↑'}"


def cells(
    desk: Desk, columns: Sequence[ListColumn], named: Mapping[str, Any], record: Mapping[str, Any]
) -> Iterator[tuple[str, str, Markup]]:
    """Yield the field, the label and the value of each column of a record; `named` has names for what it
    refers to.
    """
    for column in columns:
        value = named.get(column.name)
        if column.name == "sla":
            html = _due(desk, record)
        elif column.name == "priority" and value:
            label = desk.display.html(value, column.schema, column.name)
            html = marked(label, "priority", "priority", value)
        else:
            html = desk.display.html(value, column.schema, column.name)
        yield column.name, column.label, html


def _due(desk: Desk, record: Mapping[str, Any]) -> Markup:
    """Return the due time of the ticket, marked if it has passed: its promise, if that is earlier than its
    most urgent clock, or else the clock. For a clock that does not run, return its state.
    """
    clock, promised = record.get("sla"), promised_field(record)
    clock_due = (clock or {}).get("due_at")
    if promised is not None and (clock_due is None or record[promised] < clock_due):
        return promise_text(desk, record, {}) or Markup()
    if clock is None:
        return Markup()
    if clock["due_at"] is None or clock["state"] != ClockState.running:
        label = label_of(ClockState, clock["state"], desk.language)
        return _clock_text(label, is_late=clock["state"] == ClockState.breached)
    due = datetime.fromisoformat(clock["due_at"].replace("Z", "+00:00"))
    is_late = desk.display.now is not None and due < desk.display.now
    return _clock_text(desk.display.instant(due), is_late=is_late)


def _clock_text(text: object, *, is_late: bool) -> Markup:
    return marked(text, "clock", "overdue") if is_late else classed(text, "clock")
