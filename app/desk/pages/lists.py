"""The list of a kind: columns, filters, saved views, search, sort, and actions on many records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.desk.contract import ListScreen
from app.desk.forms.fields import FieldKind, FormField
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.records import RecordView, state_label
from app.desk.pages.saved_views import by_name, filters_of, view_forms
from app.desk.values import ShownField
from app.kernel.actions.lifecycle import Lifecycle

router = APIRouter(include_in_schema=False)
#: Fields that a list shows in columns of their own, or not at all.
OTHER_FIELDS = frozenset(
    {"id", "version", "number", "key", "name", "title", "state", "actions", "recorded_at"}
)
#: Fields that tell most of a record wherever it has them, in the order of their columns.
FIRST_COLUMNS = ("priority", "sla", "assignee", "team", "requester", "service", "owner", "risk_level")
MOST_COLUMNS = 6
LARGEST_PAGE = "200"
#: Filters that few need, by the ends of their names: they work in an address.
RARE_FILTERS = ("_not", "_before", "_after", "_id")
#: Parameters of the list's address that do not go on to the next page.
PASSING_PARAMETERS = frozenset({"cursor", "done"})


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """A record in the list: the record, its state's label, and by the name of a column its value."""

    view: RecordView
    state: str
    values: Mapping[str, ShownField]


@router.get("/desk/{kind}", operation_id="get_list_page")
async def get_list_page(request: Request, kind: str) -> Response:
    """Return the list of a kind."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    screen = desk.contract.listing(lifecycle.plural)
    assert screen is not None, "every kind has a list"
    chosen = by_name(request.query_params.multi_items())
    parameters = {**chosen, "limit": chosen.get("limit", ["50"])}
    extras = sorted(screen.on_request & {"sla"})
    answer = await desk.calls.send(
        "GET", f"/v1/{lifecycle.plural}", parameters=parameters | ({"include": extras} if extras else {})
    )
    page = answer.document if answer.is_success else {"items": [], "next_cursor": None}
    columns = _columns(screen, page["items"])
    views = (await desk.calls.read("/v1/views", {"kind": kind, "limit": LARGEST_PAGE}))["items"]
    forms = await view_forms(desk, views, chosen)
    return desk.answer(
        "list.html",
        desk.kinds_label(kind),
        status=answer.status,
        lifecycle=lifecycle,
        screen=screen,
        problem=None if answer.is_success else answer.document,
        records=[await _listed(desk, lifecycle, record, columns) for record in page["items"]],
        columns=[(name, desk.contract.field_label(name, columns[name], desk.language)) for name in columns],
        filters=list(_filters(screen)),
        sorts=list(_sorts(desk, screen)),
        chosen=filters_of(forms["present"]) | chosen,
        views=views,
        view_forms=forms,
        openings=[each for each in await desk.openings() if each["kind"] == kind],
        next_address=_next(request, page["next_cursor"]),
        bulk=_bulk_actions(desk, lifecycle),
    )


def _columns(screen: ListScreen, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schemas of the columns besides name, title and state: what tells most of such records, then
    what the list can be filtered by, then the time by which it is sorted.
    """
    used = {name for record in records for name, value in record.items() if value not in (None, [], {})}
    named = [*FIRST_COLUMNS, *(field.name for field in screen.filters)]
    sort = screen.sorts[0].removeprefix("-") if screen.sorts else "changed_at"
    names = [
        name
        for name in dict.fromkeys(named)
        if name in screen.fields and name not in OTHER_FIELDS and (name in used or not records)
    ]
    return {name: screen.fields[name] for name in [*names[: MOST_COLUMNS - 1], sort] if name in screen.fields}


async def _listed(
    desk: Desk, lifecycle: Lifecycle[Any], record: Mapping[str, Any], columns: Mapping[str, Any]
) -> ListedRecord:
    named_values = await desk.names.replaced(lifecycle, {name: record.get(name) for name in columns})
    values = {field.name: field for field in desk.display.fields(named_values, columns)}
    view = RecordView(lifecycle, record, desk.language)
    return ListedRecord(view, state_label(lifecycle, record, desk.language), values)


def _filters(screen: ListScreen) -> Iterator[FormField]:
    """Yield the filters by codes and words, without those that few need."""
    for field in screen.filters:
        if not field.name.endswith(RARE_FILTERS) and field.kind in (FieldKind.choices, FieldKind.lines):
            yield field


def _sorts(desk: Desk, screen: ListScreen) -> Iterator[tuple[str, str]]:
    """Yield the sort orders and their labels."""
    for sort in screen.sorts:
        name = sort.removeprefix("-")
        label = desk.contract.field_label(name, screen.fields.get(name, {}), desk.language)
        yield sort, f"{label} {'↓' if sort.startswith('-') else '↑'}"


def _next(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    parameters = request.query_params.multi_items()
    lasting = [(name, value) for name, value in parameters if name not in PASSING_PARAMETERS]
    return f"{request.url.path}?{urlencode([*lasting, ('cursor', cursor)])}"


def _bulk_actions(desk: Desk, lifecycle: Lifecycle[Any]) -> list[tuple[str, str]]:
    """Return the names and labels of the actions that can be sent for many records at once."""
    if desk.contract.operation("post", f"/v1/{lifecycle.plural}/bulk") is None:
        return []
    rows = (row for row in lifecycle.rows if not row.opens and row.name != "edit")
    return [(row.name, row.label(desk.language)) for row in rows]
