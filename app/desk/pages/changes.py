"""The page of the change calendar: a week or a month as a drawing and as a list, the changes that are known
to have caused incidents, and an address for calendar programs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.api.state_words import state_label
from app.common.times.zones import is_zone
from app.desk.operation_calls import CallRefused
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.own_ends import own_end
from app.desk.pages.records import RecordView
from app.desk.values import ShownField
from app.kernel.actions.payloads import LONGEST_KEY

router = Router(include_in_schema=False)
CALENDAR = "/v1/changes/calendar"
WEEK = timedelta(days=7)
#: Changes that are done, of which the last ones may be known to have caused incidents.
IMPLEMENTED = {"state": "implemented,backed_out,closed", "sort": "-implemented_at", "limit": "100"}
CAUSE_FIELDS = ("type", "implemented_at", "outcome", "caused_incident_ids")
#: Services and teams that can be chosen.
CHOICES = {"state_not": "retired", "sort": "key", "limit": "200"}
Key = Annotated[str, Field(max_length=LONGEST_KEY)]


class CalendarPageQuery(BaseModel):
    """Parameters of the page: the period is a week or a month, around that day (default: today) by the clocks
    of that zone (default: the organisation's); empty filters choose all.
    """

    model_config = ConfigDict(extra="ignore")

    view: Literal["week", "month"] = "week"
    date: Annotated[str, Field(max_length=40)] = ""
    tz: Annotated[str, Field(max_length=64)] = ""
    service: Key = ""
    team: Key = ""
    type: Key = ""

    def parameters(self, **changes: object) -> dict[str, str]:
        """Return those that have a value, with these changes, as an address has them."""
        values = {**self.model_dump(), **changes}
        return {name: str(value) for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """An entry of the calendar: the record, its type, state and services in words, and its entry in the
    calendar.
    """

    view: RecordView
    type: Markup
    state: str
    services: Sequence[str]
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CausingChange:
    """A change that has caused incidents, with these and other facts of it."""

    view: RecordView
    facts: tuple[ShownField, ...]


@router.get("/desk/changes")
async def get_calendar_page(request: Request, query: Annotated[CalendarPageQuery, Query()]) -> Response:
    """Return the page of the change calendar."""
    return await _calendar_page(request, query, None)


@router.post("/desk/changes")
async def post_calendar_key_form(request: Request, query: Annotated[CalendarPageQuery, Query()]) -> Response:
    """Make an address of the calendar for the reader's calendar program, and show it this once."""
    desk = open_desk(request)
    key = {"name": desk.sentence("calendar_key"), "person": "me", "scope": "calendar"}
    answer = await desk.calls.send("POST", "/v1/keys", body=key)
    if not answer.is_success:
        raise CallRefused(answer)
    parameters = {"format": "ics", "lang": desk.language, "key": answer.document["token"]}
    address = f"{str(request.base_url).rstrip('/')}{CALENDAR}?{urlencode(parameters)}"
    return await _calendar_page(request, query, address)


async def _calendar_page(request: Request, query: CalendarPageQuery, subscription: str | None) -> Response:
    desk = open_desk(request)
    zone = ZoneInfo(query.tz) if query.tz and is_zone(query.tz) else desk.display.zone
    desk = replace(desk, display=replace(desk.display, zone=zone))
    day = _day_of(query.date) or utc_now().astimezone(zone).date()
    filters = {"tz": zone.key} | {
        name: value for name in ("service", "team", "type") if (value := getattr(query, name))
    }
    begin, end = _bounds(query.view, day)
    calendar = await desk.calls.read(CALENDAR, {"from": str(begin), "until": str(end), **filters})
    parameters = {**filters, "view": query.view, "date": str(day), "lang": desk.language}
    return desk.answer(
        "changes.html",
        desk.sentence("changes_page"),
        chosen=query,
        day=day,
        ways={name: f"/desk/changes?{urlencode(query.parameters(**to))}" for name, to in _onward(query, day)},
        drawing=await desk.calls.read_drawing(f"{CALENDAR}.svg", parameters),
        rows=list(_rows(desk, calendar["items"], await _service_names(desk, calendar["items"]))),
        is_truncated=calendar["truncated"],
        causes=await _causing_changes(desk),
        choices=await _choices(desk),
        subscription=subscription,
        own_end=own_end(desk, "/desk/changes"),
    )


def _day_of(text: str) -> date | None:
    """Return the day that the text names; None if it is not a day with weeks before and after it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date.min.year < day.year < date.max.year else None


def _bounds(view: str, day: date) -> tuple[date, date]:
    """Return the first day of the weeks that are shown, and the first one after them."""
    last = day
    if view == "month":
        day = day.replace(day=1)
        last = _next_month(day) - timedelta(days=1)
    return _monday(day), _monday(last) + WEEK


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _onward(query: CalendarPageQuery, day: date) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what changes in the address by each way that leads on from the page."""
    is_month = query.view == "month"
    before = (day.replace(day=1) - timedelta(days=1)).replace(day=1) if is_month else day - WEEK
    yield "week", {"view": "week"}
    yield "month", {"view": "month"}
    yield "earlier", {"date": before}
    yield "today", {"date": ""}
    yield "later", {"date": _next_month(day) if is_month else day + WEEK}


async def _service_names(desk: Desk, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return what the services of these entries are called, by their keys."""
    keys = dict.fromkeys(key for entry in entries for key in entry["services"])
    return await desk.names.titles("service", keys)


def _rows(
    desk: Desk, entries: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> Iterator[CalendarRow]:
    codes = {name: desk.contract.component(f"Any{name}") for name in ("ChangeType", "FreezeKind")}
    for entry in entries:
        is_change = entry["kind"] == "change"
        lifecycle = desk.lifecycle("change" if is_change else "freeze")
        code, schema = ("type", "ChangeType") if is_change else ("kind", "FreezeKind")
        yield CalendarRow(
            RecordView(lifecycle, entry, desk.language),
            desk.display.html(entry[code], {"$ref": f"#/components/schemas/Any{schema}", **codes[schema]}),
            state_label(lifecycle, entry, desk.language),
            [names.get(key, key) for key in entry["services"]],
            entry,
        )


async def _causing_changes(desk: Desk) -> list[CausingChange]:
    """Return the changes implemented lately whose reviews name incidents, the last one first."""
    fields = ",".join(("id", "number", "title", *CAUSE_FIELDS))
    page = await desk.calls.read_if_allowed("/v1/changes", {**IMPLEMENTED, "fields": fields})
    changes = [each for each in (page or {"items": ()})["items"] if each["caused_incident_ids"]]
    lifecycle, schemas = desk.lifecycle("change"), desk.contract.record_fields("changes") or {}
    cause_schemas = {name: schemas[name] for name in CAUSE_FIELDS if name in schemas}
    named = await desk.names.replaced_in_all(lifecycle, changes, {"caused_incident_ids": "incident"})
    return [
        CausingChange(
            RecordView(lifecycle, change, desk.language), tuple(desk.display.fields(values, cause_schemas))
        )
        for change, values in zip(changes, named, strict=True)
    ]


async def _choices(desk: Desk) -> dict[str, list[tuple[str, str]]]:
    """Return the keys and names of the services, teams and types that can be chosen, by filter."""
    services = await desk.calls.read_if_allowed("/v1/services", CHOICES) or {"items": []}
    teams = await desk.calls.read_if_allowed("/v1/teams", CHOICES) or {"items": []}
    types = desk.contract.component("ChangeType")["enum"]
    schema = {"$ref": "#/components/schemas/ChangeType"}
    return {
        "service": [(each["key"], each[f"name_{desk.language}"]) for each in services["items"]],
        "team": [(each["key"], each["name"]) for each in teams["items"]],
        "type": [(code, desk.display.html(code, schema)) for code in types],
    }
