"""The list of a kind: columns, filters, saved views, search, sort, and actions on many records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app.api.direct import Router
from app.contract.schemas import Schema
from app.desk.contract import ListScreen
from app.desk.forms.fields import FieldKind, FormField
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.records import RecordView, state_label
from app.desk.pages.saved_views import by_name, filters_of, view_forms
from app.desk.values import EMPTY, NAMING, code_class
from app.kernel.actions.lifecycle import Lifecycle

router = Router(include_in_schema=False)
#: Fields that a list shows in columns of their own, or not at all.
OTHER_FIELDS = frozenset(
    {"id", "version", "number", "key", "name", "title", "state", "actions", "recorded_at"}
)
#: Fields that tell most of a record wherever it has them, in the order of their columns.
FIRST_COLUMNS = ("priority", "sla", "assignee", "team", "requester", "service", "owner", "risk_level")
MOST_COLUMNS = 6
#: Fields of a record before its columns.
HEAD_FIELDS = NAMING | {"id", "state"}
LARGEST_PAGE = "200"
#: Fields of a row that is part of a record, often of another kind: the kind and the id of that record.
RECORD_OF_ROW = ("kind", "record_id")
#: Filters that few need, by the ends of their names: they work in an address.
RARE_FILTERS = ("_not", "_before", "_after", "_id")
#: Parameters of the list's address that choose no records, or that have an input of their own.
NOT_FILTERS = frozenset({"q", "sort", "limit", "cursor", "view", "fields", "count", "expand", "include"})
#: Parameters of the list's address that do not go on to the next page.
PASSING_PARAMETERS = frozenset({"cursor", "done"})


@dataclass(frozen=True, slots=True)
class ChosenFilter:
    """A filter that is in effect: the label of its field, the chosen values in words, and the address of the
    list without it.
    """

    label: str
    values: str
    without: str


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """A record in the list: the record, the address of its page, its state's label, and its values with their
    columns' labels.
    """

    view: RecordView
    path: str
    state: str
    values: Sequence[tuple[str, Markup]]


@router.get("/desk/{kind}")
async def get_list_page(request: Request, kind: str) -> Response:
    """Return the list of a kind."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    screen = desk.contract.listing(lifecycle.plural)
    assert screen is not None, "every kind has a list"
    chosen = by_name(request.query_params.multi_items())
    position = await desk.log_position()
    parameters = {"limit": "50", **_read_fields(screen, chosen), **_without(chosen, "fields")}
    answer = await desk.calls.send("GET", f"/v1/{lifecycle.plural}", parameters=parameters)
    page = answer.document if answer.is_success else {"items": [], "next_cursor": None}
    columns = {
        name: (desk.contract.field_label(name, schema, desk.language), schema)
        for name, schema in _columns(screen, page["items"]).items()
    }
    records = await _listed(desk, lifecycle, page["items"], columns)
    views = (await desk.calls.read("/v1/views", {"kind": kind, "limit": LARGEST_PAGE}))["items"]
    forms = await view_forms(desk, views, chosen)
    filters, in_effect = list(_filters(desk, screen)), filters_of(forms["present"]) | chosen
    return desk.answer(
        "list.html",
        desk.kinds_label(kind),
        status=answer.status,
        live=desk.live_news(position, kind=kind),
        lifecycle=lifecycle,
        screen=screen,
        problem=None if answer.is_success else answer.document,
        records=records,
        columns=[label for label, _ in columns.values()],
        filters=filters,
        sorts=list(_sorts(desk, screen)),
        chosen=in_effect,
        chosen_filters=list(_chosen_filters(desk, lifecycle, filters, in_effect)),
        views=views,
        view_forms=forms,
        openings=[each for each in await desk.openings() if each["kind"] == kind],
        next_address=_next(request, page["next_cursor"]),
        bulk=_bulk_actions(desk, lifecycle),
    )


def _read_fields(screen: ListScreen, chosen: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the parameter for the fields that the page may show, and for those that its links need; a saved
    view, or the address, may have chosen others.
    """
    linking = [name for name in RECORD_OF_ROW if screen.fields.keys() >= {*RECORD_OF_ROW}]
    with_sla = {"include": "sla"} if "sla" in screen.on_request else {}
    if "fields" in chosen:
        return with_sla | {"fields": ",".join(dict.fromkeys([*chosen["fields"][0].split(","), *linking]))}
    if "view" in chosen:
        return with_sla
    names = HEAD_FIELDS | {*linking, *_ranked(screen), *_sort_fields(screen)}
    return {"fields": ",".join(name for name in screen.fields if name in names)}


def _without(chosen: Mapping[str, Sequence[str]], *names: str) -> dict[str, Sequence[str]]:
    return {name: values for name, values in chosen.items() if name not in names}


def _ranked(screen: ListScreen) -> list[str]:
    """Return the fields for columns besides name, title and state: what tells most of such records, then what
    the list can be filtered by.
    """
    named = dict.fromkeys([*FIRST_COLUMNS, *(field.name for field in screen.filters)])
    return [name for name in named if name in screen.fields and name not in OTHER_FIELDS]


def _sort_fields(screen: ListScreen) -> list[str]:
    """Return the field by which the list is usually sorted."""
    sort = screen.sorts[0].removeprefix("-") if screen.sorts else "changed_at"
    return [name for name in [sort] if name in screen.fields]


def _columns(screen: ListScreen, records: Sequence[Mapping[str, Any]]) -> dict[str, Schema]:
    """Return the schemas of the columns besides name, title and state: the first fields that a record has,
    and the time by which the list is sorted.
    """
    used = [
        name
        for name in _ranked(screen)
        if not records or any(record.get(name) not in EMPTY for record in records)
    ]
    return {name: screen.fields[name] for name in [*used[: MOST_COLUMNS - 1], *_sort_fields(screen)]}


async def _listed(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    records: Sequence[Mapping[str, Any]],
    columns: Mapping[str, tuple[str, Schema]],
) -> list[ListedRecord]:
    rows = [{name: record.get(name) for name in columns} for record in records]
    named = await desk.names.replaced_in_all(lifecycle, rows)
    return [
        _listed_record(desk, RecordView(lifecycle, record, desk.language), values, columns)
        for record, values in zip(records, named, strict=True)
    ]


def _listed_record(
    desk: Desk, view: RecordView, named: Mapping[str, Any], columns: Mapping[str, tuple[str, Schema]]
) -> ListedRecord:
    values = [
        (label, desk.display.html(named[name], schema, name)) for name, (label, schema) in columns.items()
    ]
    state = state_label(view.lifecycle, view.record, desk.language)
    return ListedRecord(view, _page_of(desk, view), state, values)


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


def _chosen_filters(
    desk: Desk, lifecycle: Lifecycle[Any], filters: Sequence[FormField], chosen: Mapping[str, Sequence[str]]
) -> Iterator[ChosenFilter]:
    """Yield the filters in effect, also those that the form does not offer and those of a saved view."""
    offered = {field.name: field for field in filters}
    for name, (text, *_) in chosen.items():
        if name in NOT_FILTERS:
            continue
        label = desk.contract.field_label(name, {}, desk.language)
        words = {
            choice.code: desk.choice_label(offered[name], choice)
            for choice in (offered[name].choices if name in offered else ())
        }
        values = ", ".join(words.get(value, value) for value in text.split(","))
        remaining = {other: value for other, (value, *_) in _without(chosen, name, "view", "cursor").items()}
        query = f"?{urlencode(remaining)}" if remaining else ""
        yield ChosenFilter(label, values, f"{desk.root}/{lifecycle.kind}{query}")


def _sorts(desk: Desk, screen: ListScreen) -> Iterator[tuple[str, str]]:
    """Yield the sort orders and their labels."""
    for sort in screen.sorts:
        name = sort.removeprefix("-")
        # `due` sorts by the due time of the clocks, which is no field of the record itself.
        name = name if name in screen.fields else f"{name}_at"
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
