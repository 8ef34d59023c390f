"""The first page by the reader's roles: counted lists of their work, the records of the first two, and the
figures for which the roles answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app.api.authentication.auth import ledger_of
from app.api.direct import Router
from app.api.state_words import STATE_FIELDS, state_label
from app.common.people import Role
from app.desk.homes import HOMES, OPEN_STATES, READER_TEAMS, HomeList, HomePage
from app.desk.pages.context import Desk, open_desk, require_signed_in
from app.desk.pages.lists.addresses import address_of_list
from app.desk.pages.lists.columns import ranked
from app.desk.pages.lists.tabs import MOST_COUNTED, count_text, list_text, open_states
from app.desk.pages.record_names import calling_fields, with_record_names
from app.desk.pages.records import RecordView, state_tone
from app.desk.values import NAMING
from app.kpis.answers.series import KpiStatus
from app.kpis.behaviours import KpiChangeMark
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Unit
from app.kpis.questions.access import may_see_kpi
from app.kpis.questions.chart_words import ChartWords

router = Router(include_in_schema=False)
#: Roles of one person whose homes are shown, lists with their records, records of each, and values that are
#: shown of a record without a name.
MOST_ROLES, MOST_OPENED, MOST_RECORDS, MOST_VALUES = 3, 2, 6, 3


@dataclass(frozen=True, slots=True)
class CountedWork:
    """A list of work: its label, its address, the number of its records as it is shown, and whether there are
    any.
    """

    chosen: HomeList
    label: str
    address: str
    filters: Mapping[str, str]
    count: str = "0"
    has_records: bool = False


@dataclass(frozen=True, slots=True)
class WorkRecord:
    """A record of a list of work, with its state in words, and distinguishing values if it has no name."""

    view: RecordView
    told_by: Sequence[Markup]
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class OpenedWork:
    """A list of work with its first records."""

    work: CountedWork
    records: Sequence[WorkRecord]


@dataclass(frozen=True, slots=True)
class RoleWork:
    """The part of the first page that follows from the reader's roles."""

    lists: Sequence[CountedWork]
    opened: Sequence[OpenedWork]
    figures: Sequence[tuple[str, str]]
    pages: Sequence[HomePage]


@dataclass(frozen=True, slots=True)
class HomeFigure:
    """A figure of the last finished month: its key, name, value, and remark, which gives the reason if there
    is no value.
    """

    key: str
    name: str
    value: str
    words: str
    change: str = ""


@router.get("/desk/figures")
async def get_home_figures(request: Request) -> Response:
    """Return the part of the first page with the figures that the reader's roles answer for."""
    desk = open_desk(request)
    keys = _figure_keys(desk)
    parameters = {"keys": ",".join(keys), "grain": "month"}
    answer = await desk.calls.read_if_allowed("/v1/kpis/behaviours", parameters) if keys else None
    figures = [_figure(desk, item) for item in answer["items"]] if answer else []
    return desk.answer("figures.html", "", figures=figures)


def reader_roles(desk: Desk) -> list[Role]:
    """Return the roles of the reader that have a first page, in the order of their table."""
    held = require_signed_in(desk.request).role_codes
    return [role for role in HOMES if role in held][:MOST_ROLES]


async def role_work(desk: Desk) -> RoleWork:
    """Return what the first page shows of the reader's roles."""
    roles = reader_roles(desk)
    lists = await _counted(desk, [*_own_lists(desk, roles)])
    filled = [work for work in lists if work.has_records]
    opened = await asyncio.gather(*(_opened(desk, work) for work in filled[:MOST_OPENED]))
    pages = dict.fromkeys(page for role in roles for page in HOMES[role].pages)
    names = [(key, KPIS[key].label(desk.language)) for key in _figure_keys(desk)]
    return RoleWork(lists, [each for each in opened if each.records], names, list(pages))


def _figure_keys(desk: Desk) -> list[str]:
    """Return the KPIs that the reader's roles answer for, each once, except those that the reader may not
    see, since they count records of others.
    """
    ledger, caller = ledger_of(desk.request), require_signed_in(desk.request)
    keys = dict.fromkeys(key for role in reader_roles(desk) for key in HOMES[role].figures)
    return [key for key in keys if may_see_kpi(ledger, caller, KPIS[key])]


def _own_lists(desk: Desk, roles: Iterable[Role]) -> Iterator[CountedWork]:
    """Yield the lists of the roles, each once; those of the reader's teams only if there are any."""
    teams = ",".join(sorted(str(team) for team in require_signed_in(desk.request).teams))
    for chosen in dict.fromkeys(each for role in roles for each in HOMES[role].lists):
        if READER_TEAMS not in chosen.query or teams:
            states = ",".join(open_states(desk.lifecycle(chosen.kind)))
            values = {OPEN_STATES: states, READER_TEAMS: teams}
            filters = {name: values.get(value, value) for name, value in parse_qsl(chosen.query)}
            address = address_of_list(chosen.kind, filters or {"tab": "all", "state": "any"})
            yield CountedWork(chosen, chosen.label.text(desk.language), address, filters)


async def _counted(desk: Desk, lists: Sequence[CountedWork]) -> list[CountedWork]:
    """Return the lists with the numbers of their records, which one call counts."""
    if not lists:
        return []
    selections = [list_text(work.chosen.kind, work.filters) for work in lists]
    answer = await desk.calls.read("/v1/list_counts", {"selection": selections, "most": str(MOST_COUNTED)})
    return [
        replace(work, count=count_text(item), has_records=item["total"] != 0)
        for work, item in zip(lists, answer["items"], strict=True)
    ]


async def _opened(desk: Desk, work: CountedWork) -> OpenedWork:
    """Return the list with its first records."""
    lifecycle = desk.lifecycle(work.chosen.kind)
    screen = desk.contract.listing(lifecycle.plural)
    assert screen is not None, "every kind has a list"
    telling = ranked(screen)[:MOST_VALUES]
    names = NAMING | calling_fields(lifecycle, screen.fields) | STATE_FIELDS | {"id", "priority", *telling}
    fields = ",".join(name for name in screen.fields if name in names)
    parameters = {**work.filters, "limit": str(MOST_RECORDS), "fields": fields}
    page = await desk.calls.read_if_allowed(f"/v1/{lifecycle.plural}", parameters)
    items = (page or {"items": ()})["items"]
    named = await desk.names.replaced_in_all(lifecycle, items)
    views = await with_record_names(desk, [RecordView(lifecycle, record, desk.language) for record in items])
    records = [
        WorkRecord(
            view,
            []
            if view.title or (view.spoken_name and not record.get("number"))
            else [desk.display.html(values[name], screen.fields[name], name) for name in telling],
            state_label(lifecycle, record, desk.language),
            state_tone(lifecycle, record),
        )
        for view, record, values in zip(views, items, named, strict=True)
    ]
    return OpenedWork(work, records)


def _figure(desk: Desk, item: Mapping[str, Any]) -> HomeFigure:
    settings = ledger_of(desk.request).settings
    words = ChartWords(desk.language, Unit(item["unit"]), desk.display.zone, settings.currency)
    judged = item["judged"] or {}
    if judged.get("value") is None:
        reason = desk.sentence("figure_without_cases" if judged else "figure_not_computed")
        return HomeFigure(item["key"], item["name"], "–", reason)
    status = judged.get("status")
    status_label = KpiStatus(status).label(desk.language) if status else ""
    change = KpiChangeMark(item["change"]).label(desk.language) if item["change"] else ""
    return HomeFigure(item["key"], item["name"], words.value(judged["value"]), status_label, change)
