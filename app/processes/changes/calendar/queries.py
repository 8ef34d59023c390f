"""Reads of the change calendar: changes that the caller may see, and for staff freezes and bans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.api.listings.filters import MOST_VALUES, CommaSeparated, Time, WhereClause, narrow
from app.api.listings.lists import Listing
from app.api.listings.paging import order_of, page_rows
from app.api.records.columns import Columns, by_row, instant_of
from app.api.records.shapes import OutputModel, PersonStub, Renderer, TeamStub
from app.common.priorities.risk_level import RiskLevel
from app.common.times.zones import EXAMPLES, is_zone
from app.foundation.cis.queries import CIS
from app.kernel.actions.payloads import LONGEST_KEY
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.calendar.entries import CHANGE, CalendarEntry, midnight, month_of
from app.processes.changes.policies.records import FreezeState
from app.processes.changes.queries import LISTING
from app.processes.changes.records import ChangeState, ChangeType

MOST_DAYS, MOST_ENTRIES = 400, 2_000
#: Period that a calendar program gets if it subscribes without one: days before and after the present.
SUBSCRIBED_BEFORE, SUBSCRIBED_AFTER = timedelta(days=31), timedelta(days=180)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME: TypeAdapter[datetime] = TypeAdapter(Time)
#: The states in which a change is shown; an approved one only if it is an emergency, which gets no window.
CALENDAR_STATES = frozenset(
    {
        ChangeState.approved,
        ChangeState.scheduled,
        ChangeState.implementing,
        ChangeState.implemented,
        ChangeState.backed_out,
        ChangeState.closed,
    }
)
FIELDS = frozenset(
    [
        "id",
        "version",
        "changed_at",
        "number",
        "title",
        "type",
        "risk_level",
        "state",
        "services",
        "ci_services",
        "ci_ids",
        "team",
        "assignee",
        "window_from_at",
        "window_until_at",
        "started_at",
        "implemented_at",
        "backed_out_at",
        "wanted_from_at",
        "wanted_until_at",
        "overrides",
    ]
)
# Written as in the index of fold.change. A change that is being implemented holds its items until it is done.
OVERLAPS = """(schedule.shown_during(r.window_from_at, r.window_until_at, r.started_at,
    coalesce(r.implemented_at, r.backed_out_at), r.wanted_from_at, r.wanted_until_at)
  && tstzrange({begin}, {end}) or r.state = 'implementing' and {begin} <= {now})"""
NO_APPROVED = "(r.state <> 'approved' or r.type = 'emergency')"
FREEZES = """
select f.id, f.version, f.changed_at, f.freeze_kind as kind, f.title, f.state, f.services, f.from_at,
  f.until_at
from fold.freeze f
where f.state = 'declared' and f.from_at < %(end)s and f.until_at > %(begin)s
  and (%(services)s::text[] is null or f.everything or f.services && %(services)s::text[])
order by f.from_at, f.id limit %(limit)s
"""
Key = Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]


def several(description: str) -> Any:
    """Return the field of a filter by several values."""
    return Field(None, min_length=1, max_length=MOST_VALUES, description=description)


class CalendarFilters(BaseModel):
    """Parameters of the change calendar: what is shown, by which clocks, and in which language."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    service: Annotated[list[Key] | None, CommaSeparated] = several(
        "Keys of services that are affected, directly or through an item; a freeze of everything "
        "affects all services."
    )
    team: Annotated[list[Key] | None, CommaSeparated] = several(
        "Keys or ids of the teams that implement the changes; freezes are always included."
    )
    type: Annotated[list[ChangeType] | None, CommaSeparated] = several(
        "Types of changes; freezes are always included."
    )
    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None, description="Time zone in which days begin (IANA); if left out, the organisation's."
    )
    lang: Literal["en", "zh"] | None = Field(
        None,
        description="Language of the answer; if left out, the language of the header `Accept-Language`, "
        "or of the caller.",
    )


class CalendarQuery(CalendarFilters):
    """Parameters of the change calendar as a list or as iCalendar."""

    begin: Annotated[str | None, Field(alias="from", max_length=40)] = Field(
        None,
        description="Beginning: a date (midnight in `tz`), or a time with a zone; if left out, the first "
        f"day of this month, or {SUBSCRIBED_BEFORE.days} days ago for iCalendar.",
    )
    end: Annotated[str | None, Field(alias="until", max_length=40)] = Field(
        None,
        description=f"End, exclusive, at most {MOST_DAYS} days later; if left out, the end of the month in "
        f"which the period begins, or {SUBSCRIBED_AFTER.days} days from now for iCalendar.",
    )
    format: Literal["json", "ics"] | None = Field(
        None, description="Format of the answer, for programs that cannot send `Accept`: `ics` is iCalendar."
    )


class CalendarDrawingQuery(CalendarFilters):
    """Parameters of the change calendar as a drawing."""

    view: Literal["week", "month"] = Field("week", description="Period to draw.")
    date: Annotated[str | None, Field(max_length=10)] = Field(
        None, description="Day of the week or month; if left out, today.", examples=["2026-11-23"]
    )


class CalendarEntryOut(OutputModel):
    """A change, a freeze or a maintenance ban in the calendar."""

    kind: str = Field(
        description="Kind of the entry: `change`, `freeze` or `maintenance_ban`.", examples=["change"]
    )
    id: UUID
    number: str | None = Field(description="Number of the change; null for other entries.")
    title: str | None = Field(
        description="Title of the entry; null for a change that the caller may not see."
    )
    type: ChangeType | None = Field(description="Type of the change; null for other entries.")
    risk_level: RiskLevel | None = Field(
        description="Risk of the change; null until it is assessed, and for other entries."
    )
    state: str = Field(description="State of the change or of the freeze.", examples=["scheduled"])
    services: list[str] = Field(
        description="Keys of the services that the entry affects, directly or through its items."
    )
    cis: list[str] = Field(description="Keys of the affected items that the caller may see.")
    team: TeamStub | None = Field(
        description="Team that implements the change; null if no team is assigned, and for other entries."
    )
    assignee: PersonStub | None = Field(
        description="Person assigned to the change; null while unassigned, and for other entries."
    )
    from_at: datetime = Field(description="Beginning of the window or freeze.")
    until_at: datetime = Field(
        description="End of the window or freeze; for a change in implementation, at least the present time."
    )
    overridden: bool = Field(description="True if the change was scheduled in spite of a conflict.")


class ChangeCalendar(OutputModel):
    """The entries of the change calendar that overlap a period, the earliest first."""

    tz: str = Field(description="Time zone in which days begin.")
    from_at: datetime = Field(description="Beginning of the period.")
    until_at: datetime = Field(description="End of the period, exclusive.")
    truncated: bool = Field(
        description=f"True if there are more than {MOST_ENTRIES:,} entries, of which these are the first."
    )
    items: list[CalendarEntryOut]


@dataclass(frozen=True, slots=True)
class CalendarResult:
    """The entries found, with the stubs of the teams and persons of each; `truncated`: there are more."""

    entries: list[CalendarEntry]
    stubs: dict[UUID, tuple[Any, Any]]
    truncated: bool

    def items(self) -> list[CalendarEntryOut]:
        """Return the entries as answers have them."""
        return [self._item(entry) for entry in self.entries]

    def _item(self, entry: CalendarEntry) -> CalendarEntryOut:
        team, assignee = self.stubs.get(entry.id, (None, None))
        return CalendarEntryOut(
            kind=entry.kind,
            id=entry.id,
            number=entry.number,
            title=entry.title,
            type=entry.type,
            risk_level=entry.risk_level,
            state=entry.state.value,
            services=list(entry.services),
            cis=list(entry.cis),
            team=team,
            assignee=assignee,
            from_at=entry.from_at,
            until_at=entry.until_at,
            overridden=entry.overridden,
        )


def zone_of(query: CalendarFilters, organisation: str) -> ZoneInfo:
    """Return the zone that the query names, or else the organisation's. Raises WrongValue."""
    if query.tz is not None and not is_zone(query.tz):
        raise WrongValue({"known": EXAMPLES}, parameter="tz", because="unknown_zone")
    return ZoneInfo(query.tz or organisation)


def period_of(
    query: CalendarQuery, zone: ZoneInfo, now: datetime, *, subscribed: bool
) -> tuple[datetime, datetime]:
    """Return the begin and the end of the period; `subscribed`: for a calendar program. Raises WrongValue."""
    begin = None if query.begin is None else _instant("from", query.begin, zone)
    end = None if query.end is None else _instant("until", query.end, zone)
    if begin is None:
        usual = month_of((end or now).astimezone(zone).date())[0]
        begin = now - SUBSCRIBED_BEFORE if subscribed else midnight(usual, zone)
        if end is not None and begin >= end:
            begin = end - SUBSCRIBED_BEFORE
    if end is None:
        following = month_of(begin.astimezone(zone).date())[1]
        end = max(now, begin) + SUBSCRIBED_AFTER if subscribed else midnight(following, zone)
    if end <= begin:
        raise WrongValue(parameter="until", because="ends_before_it_begins")
    if end - begin > timedelta(days=MOST_DAYS, hours=1):  # with an hour that clocks go back
        raise WrongValue({"days": str(MOST_DAYS)}, parameter="until", because="too_long_a_time")
    return begin, end


def day_asked(query: CalendarDrawingQuery, zone: ZoneInfo, now: datetime) -> date:
    """Return the day of the query, or else the present one. Raises WrongValue."""
    if query.date is None:
        return now.astimezone(zone).date()
    return _instant("date", query.date, zone, code="not_a_date").astimezone(zone).date()


def _instant(parameter: str, text: str, zone: ZoneInfo, code: str = "not_an_instant") -> datetime:
    """Return the instant of a date or a time. Raises WrongValue."""
    try:
        if DATE.fullmatch(text):
            day = date.fromisoformat(text)
            parsed = midnight(day, zone) if 1900 <= day.year <= 2200 else None
        else:
            parsed = _TIME.validate_python(text)
    except (ValueError, ValidationError):
        parsed = None
    if parsed is None:
        raise WrongValue(parameter=parameter, because=code)
    return parsed


async def find_entries(
    renderer: Renderer, query: CalendarFilters, begin: datetime, end: datetime, now: datetime
) -> CalendarResult:
    """Return the entries that overlap the period, the earliest first: changes that the renderer's caller may
    see, and for staff freezes and maintenance bans.
    """
    renderer.fields = FIELDS
    rows = await _changes(renderer, query, begin, end, now)
    keys = await visible_ci_keys(renderer, rows)
    entries = [entry_of(row, keys, now) for row in rows]
    entries = [entry for entry in entries if entry.overlaps(begin, end)]
    if renderer.caller.is_staff:
        entries += await _freezes(renderer, query, begin, end)
    entries.sort(key=lambda entry: entry.sort_key)
    stubs = {UUID(str(row["id"])): (row["team"], row["assignee"]) for row in rows}
    truncated = len(entries) > MOST_ENTRIES or len(rows) > MOST_ENTRIES
    return CalendarResult(entries[:MOST_ENTRIES], stubs, truncated)


async def _changes(
    renderer: Renderer, query: CalendarFilters, begin: datetime, end: datetime, now: datetime
) -> list[dict[str, Any]]:
    where = WhereClause(depends_on_values=True)
    parameters = {"team": query.team, "type": query.type}
    chosen = LISTING.query.model_validate(
        {name: value for name, value in parameters.items() if value is not None}
    )
    await narrow(where, LISTING.parameters, chosen, renderer)
    bound = {"begin": where.bind(begin), "end": where.bind(end), "now": where.bind(now)}
    where.conditions += [OVERLAPS.format(**bound), NO_APPROVED]
    if query.service is not None:
        keys = f"{where.bind(query.service)}::text[]"
        where.conditions.append(f"(r.services && {keys} or r.ci_services && {keys})")
    where.restrict_states(frozenset(state.value for state in CALENDAR_STATES))
    return await _rendered(LISTING, renderer, where, "window_from_at", MOST_ENTRIES + 1)


async def _rendered(
    listing: Listing, renderer: Renderer, where: WhereClause, sort: str, limit: int
) -> list[dict[str, Any]]:
    """Return the records that the caller may see, as lists have them."""
    rows = await page_rows(renderer, where, order_of(listing, sort), limit, None)
    if not rows:
        return []
    *selected, _ = zip(*rows, strict=True)
    columns: Columns = dict(zip(renderer.names, selected, strict=True))
    await renderer.render_columns(columns)
    return by_row(columns)


async def visible_ci_keys(renderer: Renderer, rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the keys of the items of changes that the caller may see, by their ids."""
    ids = sorted({item_id for row in rows for item_id in row["ci_ids"] or ()})
    if not ids:
        return {}
    where = WhereClause(depends_on_values=True)
    where.conditions.append(f"r.id = any({where.bind(ids)}::uuid[])")
    item_renderer = CIS.renderer(
        renderer.ledger,
        CIS.lifecycle,
        CIS.shape,
        renderer.caller,
        renderer.language,
        frozenset({"id", "key"}),
    )
    items = await _rendered(CIS, item_renderer, where, CIS.sorts[0], len(ids))
    return {str(row["id"]): row["key"] for row in items}


def entry_of(row: dict[str, Any], keys: dict[str, str], now: datetime) -> CalendarEntry:
    """Return the change of a rendered row as an entry. `keys` are those of items, by their ids."""
    times = {name: instant_of(row[name]) for name in FIELDS if name.endswith("_at")}
    begin = times["window_from_at"] or times["started_at"] or times["wanted_from_at"]
    assert begin is not None, "the query found when it is shown"
    ended = times["implemented_at"] or times["backed_out_at"]
    if times["window_until_at"] is None:
        end = ended or times["wanted_until_at"] or begin
    else:
        end = max(times["window_until_at"], ended or times["window_until_at"])
    state = ChangeState(row["state"])
    if state is ChangeState.implementing:
        end = max(end, now)
    changed_at = times["changed_at"]
    assert changed_at is not None, "a record has changed when it was made"
    return CalendarEntry(
        kind=CHANGE,
        id=UUID(str(row["id"])),
        version=row["version"],
        changed_at=changed_at,
        from_at=begin,
        until_at=max(begin, end),
        state=state,
        number=row["number"],
        title=row["title"],
        type=ChangeType(row["type"]),
        risk_level=None if row["risk_level"] is None else RiskLevel(row["risk_level"]),
        services=tuple(dict.fromkeys([*(row["services"] or ()), *(row["ci_services"] or ())])),
        cis=tuple(sorted(keys[item_id] for item_id in row["ci_ids"] or () if item_id in keys)),
        team=None if row["team"] is None else row["team"]["name"],
        assignee=None if row["assignee"] is None else row["assignee"]["name"],
        overridden=bool(row["overrides"]),
    )


async def _freezes(
    renderer: Renderer, query: CalendarFilters, begin: datetime, end: datetime
) -> list[CalendarEntry]:
    parameters = {"begin": begin, "end": end, "services": query.service, "limit": MOST_ENTRIES + 1}
    return [
        CalendarEntry(
            kind=row["kind"],
            id=row["id"],
            version=row["version"],
            changed_at=row["changed_at"],
            from_at=row["from_at"],
            until_at=row["until_at"],
            state=FreezeState(row["state"]),
            title=row["title"],
            services=tuple(row["services"] or ()),
        )
        for row in await renderer.ledger.db.rows(FREEZES, parameters)
    ]
