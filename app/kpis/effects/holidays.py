"""Holidays of the windows of an effect on a count, and the last restart of the KPI's limits before them."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise

from app.kpis.answers import answer
from app.kpis.declaration.dimensions import Dimension
from app.kpis.effects.questions import EffectQuestions
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.questions import periods
from app.kpis.questions.question import NO_VALUE, KpiQuestion
from app.platform.db import Connection

#: How long before the baseline a calendar shows which days of the week are usually open.
USUAL = timedelta(days=56)
HALF = 0.5
#: For each calendar of the services named (null: of all) that closes at all, the days on which it is closed.
CLOSED = """
select calendar.key, array_agg(day.place)
from (select distinct calendar from fold.service
  where %(services)s::text[] is null or key = any(%(services)s)) used
join fold.calendar on calendar.key = used.calendar
cross join unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
  with ordinality as day(begins, ends, place)
where not exists (select from business_time.calendar_span span
  where span.version = calendar.newest_id and span.starts < day.ends and span.ends > day.begins)
group by calendar.key"""

#: The newest restart up to a time that was recorded for all cases, or for a service or team of the scope.
RESTARTED = """
select max(begins_at) from fold.kpi_rebase
where kpi = %(kpi)s and state = 'active' and begins_at <= %(begin)s and added_at <= %(now)s
  and (service is null and team_id is null or service = any(%(services)s)
    or team_id = any(%(teams)s::uuid[]))"""


async def holidays_of(connection: Connection, questions: EffectQuestions) -> frozenset[date]:
    """Return the days of both windows on which at least half of the calendars that close at all are closed,
    although they are open on most other days of that weekday.
    """
    before, after = questions.before, questions.after
    ends = min(after.bounds[-1], after.now)
    days = _days(before.bounds[0] - USUAL, ends, questions)
    chosen = [service for service in before.filters.get(Dimension.service, ()) if service != NO_VALUE]
    parameters = {
        "begins": [begin for begin, _ in days],
        "ends": [end for _, end in days],
        "services": chosen or None,
    }
    rows = await fetch(connection, SqlStatement(CLOSED, parameters))
    dates = [begin.astimezone(before.zone).date() for begin, _ in days]
    closing = [_unusually_closed(dates, {dates[place - 1] for place in places}) for _, places in rows]
    return frozenset(
        day
        for day, (begin, _) in zip(dates, days, strict=True)
        if closing
        and begin >= before.bounds[0]
        and sum(day in closed for closed in closing) >= HALF * len(closing)
    )


def _days(begin: datetime, end: datetime, questions: EffectQuestions) -> list[tuple[datetime, datetime]]:
    bounds = (begin, *periods.day_starts(begin, end, questions.before.zone), end)
    return list(pairwise(dict.fromkeys(bounds)))


def _unusually_closed(days: list[date], closed: set[date]) -> set[date]:
    """Return the closed days whose weekday is open more often than closed."""
    by_weekday = defaultdict[int, list[bool]](list)
    for day in days:
        by_weekday[day.weekday()].append(day in closed)
    return {day for day in closed if sum(by_weekday[day.weekday()]) < HALF * len(by_weekday[day.weekday()])}


async def restarted_before(connection: Connection, before: KpiQuestion) -> datetime | None:
    """Return when the limits of the KPI last restarted in the scope, up to the beginning of the window; None:
    never.
    """
    begin = before.bounds[0]
    filters = await answer.resolve_filters(connection, before)
    parameters = {
        "kpi": before.kpi.key,
        "begin": begin,
        "now": before.now,
        "services": [name for name in before.filters.get(Dimension.service, ()) if name != NO_VALUE],
        "teams": [team for team in filters.get(Dimension.team, ()) if team is not None],
    }
    ((recorded_at,),) = await fetch(connection, SqlStatement(RESTARTED, parameters))
    restarts = [recorded_at, *(change.breaks_at for change in before.kpi.changes)]
    past_restarts = [instant for instant in restarts if instant is not None and instant <= begin]
    return max(past_restarts, default=None)
