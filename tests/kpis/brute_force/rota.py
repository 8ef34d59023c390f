"""Who works when, by shifts and stand-ins (decisions 0037 and 0044); to be on call is no work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.kpis.brute_force.business_time import WEEKDAYS, Span
from tests.kpis.brute_force.counted import Counted
from tests.kpis.brute_force.reading import World, instant_of

DAY = timedelta(days=1)
#: The hours of each person of a team: shifts that follow each other at once are two stretches.
Hours = dict[str, list[Span]]


@dataclass(frozen=True)
class Cover:
    """That a team's rota covers a person on these dates, or, of hours as a stand-in, on theirs."""

    person: str
    team: str
    dates: tuple[date, date | None] | None
    time: Span | None = None

    def holds(self, day: date, zone: ZoneInfo) -> bool:
        """Whether it holds on a date of the zone."""
        if self.time is not None:
            begin, end = (bound.astimezone(zone) for bound in self.time)
            return begin.date() <= day and datetime.combine(day, time(), zone) < end
        assert self.dates is not None
        begins, ends = self.dates
        return begins <= day and (ends is None or day < ends)


class Rota:
    """The working hours of all teams up to now, and whom they cover."""

    def __init__(self, world: World) -> None:
        self._now = world.now
        shifts = [record.fields(len(record.steps) - 1) for record in world.of("shift")]
        stand_ins = sorted(world.of("stand_in"), key=lambda record: record.events[0].position)
        agreed = [record.fields(len(record.steps) - 1) for record in stand_ins]
        self._shifts = [shift for shift in shifts if shift["duty"] == "working"]
        self._agreed = [
            agreed_exchange
            for agreed_exchange in agreed
            if agreed_exchange["duty"] == "working" and agreed_exchange["state"] == "agreed"
        ]
        teams = {duty_row["team_id"] for duty_row in (*self._shifts, *self._agreed)}
        self._taken_over: list[tuple[str, str, Span]] = []
        self.hours = {team: self._hours(team) for team in teams}

    def covers(self) -> list[Cover]:
        """Whom the rota covers, and when."""
        covers = [
            Cover(shift["person_id"], shift["team_id"], (_date(shift["from_date"]), _end(shift)))
            for shift in self._shifts
        ]
        for team, person, (begin, end) in self._taken_over:
            left = ((max(a, begin), min(b, end)) for a, b in self.hours[team][person])
            covers += [Cover(person, team, None, (a, b)) for a, b in left if a < b]
        return covers

    def _hours(self, team: str) -> Hours:
        hours: Hours = {}
        for shift in self._shifts:
            if shift["team_id"] == team:
                person = shift["person_id"]
                hours.setdefault(person, []).extend(self._spans(shift))
        for exchange_row in self._agreed:
            if exchange_row["team_id"] == team:
                for coming, going, span in _exchanges(exchange_row):
                    exchanged = _exchange(hours, coming, going, span)
                    self._taken_over += [
                        (team, coming, own_exchange) for own_exchange in exchanged if coming is not None
                    ]
        return hours

    def _spans(self, shift: Mapping[str, Any]) -> Iterable[Span]:
        zone, first, end = ZoneInfo(shift["time_zone"]), _date(shift["from_date"]), _end(shift)
        monday, day = first - first.weekday() * DAY, first
        while day <= self._now.date() + DAY and (end is None or day < end):
            weeks = (day - monday).days // 7
            if WEEKDAYS[day.weekday()] in shift["weekdays"] and weeks % shift["every_weeks"] == 0:
                last = day if shift["ends"] > shift["starts"] else day + DAY
                yield _instant(day, shift["starts"], zone), _instant(last, shift["ends"], zone)
            day += DAY


def begun_stretches(world: World) -> list[Counted]:
    """Every stretch of somebody's working hours in a team that has begun by now."""
    return [
        Counted(f"{team} {person}", begin, 1, {"team": team, "assignee": person})
        for team, hours in Rota(world).hours.items()
        for person, spans in hours.items()
        for begin, _ in spans
        if begin < world.now
    ]


def _exchanges(fields: Mapping[str, Any]) -> list[tuple[str | None, str | None, Span]]:
    """Who comes for whom, and when: in return they change places."""
    coming, going = fields["person_id"], fields["instead_of_id"]
    bounds = [
        instant_of(fields.get(f"{name}_at")) for name in ("starts", "ends", "return_starts", "return_ends")
    ]
    starts, ends, returns, returns_until = bounds
    assert starts is not None
    assert ends is not None
    exchanges = [(coming, going, (starts, ends))]
    if returns is not None and returns_until is not None:
        exchanges.append((going, coming, (returns, returns_until)))
    return exchanges


def _exchange(hours: Hours, coming: str | None, going: str | None, span: Span) -> list[Span]:
    """Lets one come for what the other has of that time, or without another for all of it; returns it."""
    begin, end = span
    spans = [span]
    if going is not None:
        had = hours.get(going, [])
        spans = [(max(a, begin), min(b, end)) for a, b in had if max(a, begin) < min(b, end)]
        left = [piece for a, b in had for piece in ((a, min(b, begin)), (max(a, end), b))]
        hours[going] = [(a, b) for a, b in left if a < b]
    if coming is not None:
        hours.setdefault(coming, []).extend(spans)
    return spans


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _end(shift: Mapping[str, Any]) -> date | None:
    return None if shift.get("until_date") is None else _date(shift["until_date"])


def _instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
