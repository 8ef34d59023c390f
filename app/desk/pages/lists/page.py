"""The list of a kind: tabs with counts, filters, columns, saved views, search, sort, and actions on many
records.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_CONTENT

from app.api.direct import Router
from app.api.requests.accept import LANGUAGE
from app.api.state_words import AWAITS_AGREEMENT, REVISION, state_label
from app.desk.answered import ITEM
from app.desk.contract import ListScreen
from app.desk.forms.definitions import ANSWERS
from app.desk.forms.fields import FieldKind, FormField
from app.desk.operation_calls import CallAnswer
from app.desk.pages.context import Desk, address_of, open_desk
from app.desk.pages.lists.addresses import address_of_list
from app.desk.pages.lists.bulk_actions import bulk_actions, with_chains
from app.desk.pages.lists.chosen import NOT_FILTERS, ListChoice, chosen_filters, people_filters, people_found
from app.desk.pages.lists.columns import (
    ListColumn,
    cells,
    choosable,
    column_of,
    present_sort,
    ranked,
    shown_columns,
    sort_choices,
    sort_fields,
)
from app.desk.pages.lists.filter_names import NamedFilters, named_filters
from app.desk.pages.lists.promises import PROMISES
from app.desk.pages.lists.saved_views import by_name, filters_of, view_forms
from app.desk.pages.lists.tabs import ANY_STATE, MINE, TAB, ListTab, chosen_tab, counted, open_states, tabs_of
from app.desk.pages.record_names import calling_fields, with_record_names
from app.desk.pages.records import RecordView, state_tone
from app.desk.values import NAMING, code_class
from app.kernel.actions.lifecycle import Lifecycle

router = Router(include_in_schema=False)
#: Fields of a record before its columns.
HEAD_FIELDS = NAMING | {"id", "state", AWAITS_AGREEMENT}
LARGEST_PAGE, USUAL_PAGE, PAGES = "200", "50", ("50", "100", "200")
#: Fields of a row that is part of a record, often of another kind: the kind and the id of that record.
RECORD_OF_ROW = ("kind", "record_id")
#: Filters that few need, by the ends of their names: they work in an address.
RARE_FILTERS = ("_not", "_before", "_after", "_id")
#: Parameters that only the page has: the list behind it does not know them.
OF_THE_PAGE = frozenset({TAB, "from", "selected", LANGUAGE})
#: Parameters that are reset when others change.
PASSING = frozenset({"cursor", "from", "selected"})


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """A record in the list: the record, the address of its page, its state's label and tone, and its values
    with their columns.
    """

    view: RecordView
    path: str
    state: str
    tone: str
    cells: Sequence[tuple[str, str, Markup]]


@router.get("/desk/{kind}")
async def get_list_page(request: Request, kind: str) -> Response:
    """Return the list of a kind."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    screen = desk.contract.listing(lifecycle.plural)
    assert screen is not None, "every kind has a list"
    position = await desk.log_position()
    sent = by_name(request.query_params.multi_items())
    named = await named_filters(desk, lifecycle, screen, sent)
    if named.parameters != sent:
        return RedirectResponse(address_of_list(kind, named.parameters), HTTP_303_SEE_OTHER)
    own_views, own_columns, choice = await asyncio.gather(
        desk.calls.read("/v1/views", {"kind": kind, "limit": LARGEST_PAGE}),
        desk.calls.read(f"/v1/me/list_columns/{kind}"),
        _choice(desk, lifecycle, screen, sent),
    )
    views, kept_columns = own_views["items"], own_columns["columns"]
    parameters = _parameters(lifecycle, screen, choice, kept_columns, is_bulk=lifecycle.is_ticket)
    answer = await _answer(desk, lifecycle, parameters, named)
    page = {"items": [], "next_cursor": None} if answer is None or not answer.is_success else answer.document
    items = with_chains(desk, lifecycle, page["items"])
    of_address = dict(choice.parameters)
    sort = present_sort(screen, parameters)
    columns = shown_columns(
        desk, lifecycle, screen, page["items"], kept_columns, parameters=of_address, present=sort
    )
    filters = list(_filters(desk, screen))
    saved = next((view for view in views if view["id"] == sent.get("view")), None)
    effective = {**filters_of(saved), **choice.filters}
    return desk.answer(
        "pages/lists/list.html",
        desk.kinds_label(kind),
        status=HTTP_422_UNPROCESSABLE_CONTENT if answer is None else answer.status,
        live=desk.live_news(position, kind=kind),
        lifecycle=lifecycle,
        screen=screen,
        problem=None if answer is None or answer.is_success else answer.document,
        unmatched=() if page["items"] else named.unmatched,
        records=await _listed(desk, lifecycle, items, columns),
        columns=columns,
        state_column=column_of(desk, lifecycle, screen, "state", of_address, sort),
        offered_columns=[column_of(desk, lifecycle, screen, name, {}) for name in choosable(screen)],
        tabs=_tab_links(desk, lifecycle, choice),
        filters=filters,
        sorts=list(sort_choices(desk, screen)),
        chosen=effective,
        choice=choice,
        chosen_filters=await chosen_filters(desk, lifecycle, filters, choice, effective),
        search_words=desk.sentence("search_with_people" if people_filters(desk, screen) else "search_here"),
        people=await people_found(desk, lifecycle, screen, effective.get("q", "")),
        views=views,
        view_forms=await view_forms(desk, views, sent.get("view", ""), _saved(choice)),
        openings=[each for each in await desk.openings() if each["kind"] == kind],
        **_page_links(lifecycle, of_address, page),
        size=parameters["limit"],
        all_selected="selected" in sent,
        bulk=bulk_actions(desk, lifecycle, items),
        back=address_of(request),
    )


def _page_links(
    lifecycle: Lifecycle[Any], parameters: Mapping[str, str], page: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the addresses of the other pages and sizes of the list, and the numbers of its rows."""
    first = int(parameters["from"]) if parameters.get("from", "").isdecimal() else 1
    kind, lasting = lifecycle.kind, _lasting(parameters)
    return {
        "next_address": _next(lifecycle, parameters, page, first),
        "first_address": address_of_list(kind, lasting) if "cursor" in parameters else None,
        "rows_shown": (first, first + len(page["items"]) - 1),
        "sizes": [(size, address_of_list(kind, {**lasting, "limit": size})) for size in PAGES],
        "select_all": address_of_list(kind, {**parameters, "selected": "all"}),
    }


async def _answer(
    desk: Desk, lifecycle: Lifecycle[Any], parameters: Mapping[str, str], named: NamedFilters
) -> CallAnswer | None:
    """Return the list; None if it would refuse a name in a filter, which the page explains."""
    if named.is_refused:
        return None
    return await desk.calls.send("GET", f"/v1/{lifecycle.plural}", parameters=parameters)


async def _choice(
    desk: Desk, lifecycle: Lifecycle[Any], screen: ListScreen, sent: Mapping[str, str]
) -> ListChoice:
    """Return what the page shows. Without filters, a view or words in the address, that is a tab."""
    tabs, own = tabs_of(desk, screen), {"view", "q"} | {field.name for field in screen.filters}
    filters = {name: value for name, value in sent.items() if name not in OF_THE_PAGE | PASSING}
    has_tab = not own & sent.keys() or any(tab.code == sent.get(TAB) for tab in tabs)
    states = ",".join(open_states(lifecycle))
    if has_tab and states and "state" in own and "state" not in filters:
        filters["state"] = states
    if filters.get("state") == ANY_STATE:
        del filters["state"]
    counted_by = {name: value for name, value in filters.items() if name not in NOT_FILTERS}
    if not sent.keys() & {"view", "q"}:
        tabs = await counted(desk, lifecycle, tabs, counted_by)
    tab = next((tab for tab in tabs if tab.code == sent.get(TAB)), None) if has_tab else None
    if has_tab and tab is None:
        tab = chosen_tab(tabs)
    named = {**sent, TAB: tab.code} if tab is not None else dict(sent)
    return ListChoice(named, tabs, tab, filters)


def _parameters(
    lifecycle: Lifecycle[Any],
    screen: ListScreen,
    choice: ListChoice,
    kept_columns: Sequence[str],
    *,
    is_bulk: bool,
) -> dict[str, str]:
    """Return the parameters of the list behind the page, with the fields that the page may show. `is_bulk`:
    the page offers actions on several records.
    """
    parameters = {"limit": USUAL_PAGE, **choice.selection}
    if "cursor" in choice.parameters:
        parameters["cursor"] = choice.parameters["cursor"]
    # One's own tickets are done in the order in which they are due.
    if choice.tab is not None and choice.tab.code == MINE and "due" in screen.sorts:
        parameters.setdefault("sort", "due")
    linking = [name for name in RECORD_OF_ROW if screen.fields.keys() >= {*RECORD_OF_ROW}]
    named = choice.filters.get("fields", "")
    chosen = named.split(",") if named else kept_columns or ranked(screen)
    chosen = [*chosen, *sort_fields(screen)]
    names = {*HEAD_FIELDS, *calling_fields(lifecycle, screen.fields), *linking, *chosen, "sla", *PROMISES}
    names.update((ITEM,) if ANSWERS in chosen else ())
    names.update(("actions", "assignee") if is_bulk else ())
    names.update((REVISION,) if AWAITS_AGREEMENT in screen.fields else ())
    return parameters | {"fields": ",".join(name for name in screen.fields if name in names)}


def _saved(choice: ListChoice) -> dict[str, str]:
    """Return what may be kept as a view: the filters in effect, and the order."""
    if not choice.parameters.keys() - {"view", "limit", *OF_THE_PAGE, *PASSING}:
        return {}
    return {
        name: value for name, value in choice.selection.items() if name not in NOT_FILTERS - {"q", "sort"}
    }


def _tab_links(
    desk: Desk, lifecycle: Lifecycle[Any], choice: ListChoice
) -> list[tuple[ListTab, str, str, bool]]:
    """Return each tab with its label, its address, and whether it is open; empty if there is only one."""
    if len(choice.tabs) == 1:
        return []
    left = {name: value for name, value in choice.parameters.items() if name not in PASSING | {"view"}}
    return [
        (
            tab,
            desk.sentence(f"tab_{tab.code}"),
            address_of_list(lifecycle.kind, {**left, TAB: tab.code}),
            choice.tab is not None and choice.tab.code == tab.code,
        )
        for tab in choice.tabs
    ]


async def _listed(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    records: Sequence[Mapping[str, Any]],
    columns: Sequence[ListColumn],
) -> list[ListedRecord]:
    # Answers are put into words by the form of the item that they are about.
    names = {column.name for column in columns} | {ITEM}
    rows = [{name: value for name, value in record.items() if name in names} for record in records]
    named = await desk.names.replaced_in_all(lifecycle, rows)
    views = await with_record_names(
        desk, [RecordView(lifecycle, record, desk.language) for record in records]
    )
    return [_listed_record(desk, view, values, columns) for view, values in zip(views, named, strict=True)]


def _listed_record(
    desk: Desk, view: RecordView, named: Mapping[str, Any], columns: Sequence[ListColumn]
) -> ListedRecord:
    state = state_label(view.lifecycle, view.record, desk.language)
    tone = state_tone(view.lifecycle, view.record)
    values = tuple(cells(desk, columns, named, view.record))
    return ListedRecord(view, _page_of(desk, view), state, tone, values)


def _page_of(desk: Desk, view: RecordView) -> str:
    """Return the address of the record's page. A document that another record has made has no page of its
    own: it stands on that record's.
    """
    kind, record = (view.record.get(name) for name in RECORD_OF_ROW)
    return view.path if kind is None or record is None else desk.display.address(kind, None, record)


def _filters(desk: Desk, screen: ListScreen) -> Iterator[FormField]:
    """Yield the filters by codes and words, without those that few need. A code has the words that the
    field's values have, since the parameter may have another one for records without a value.
    """
    for field in screen.filters:
        if not field.name.endswith(RARE_FILTERS) and field.kind in (FieldKind.choices, FieldKind.lines):
            codes = code_class(desk.contract, screen.fields.get(field.name, {}))
            labels = {} if codes is None else {code.value: code.label(desk.language) for code in codes}
            choices = (
                replace(choice, words={desk.language: labels.get(choice.code) or desk.sentence("without")})
                if labels and not choice.words
                else choice
                for choice in field.choices
            )
            yield replace(field, choices=tuple(choices))


def _lasting(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in PASSING}


def _next(
    lifecycle: Lifecycle[Any], parameters: Mapping[str, str], page: Mapping[str, Any], first: int
) -> str | None:
    """Return the address of the next page, which goes on counting the rows; None: this is the last."""
    if page["next_cursor"] is None:
        return None
    following = {"cursor": page["next_cursor"], "from": str(first + len(page["items"]))}
    return address_of_list(lifecycle.kind, {**_lasting(parameters), **following})
