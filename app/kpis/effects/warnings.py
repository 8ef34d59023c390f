"""What a reader of an effect must know besides the figures: warnings, each from the log at the same
position.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from app.db import Connection
from app.kpis import answer, periods
from app.kpis.dimensions import Dimension
from app.kpis.effects.asking import EffectQuestions
from app.kpis.effects.cases_of_windows import WindowCases
from app.kpis.effects.content import EffectWarning, WarningCode
from app.kpis.fetching import fetch
from app.kpis.figures import Figures
from app.kpis.kpi import Basis
from app.kpis.periods import Grain
from app.kpis.query import Statement
from app.kpis.question import NO_VALUE, Question
from app.kpis.series import cases_of, final_after_of, value_of
from app.kpis.statistics.behaviour import chart

#: The months before a baseline in which signals are looked for, and those that natural limits are made of.
MONTHS_LOOKED_AT, MONTHS_OF_LIMITS = 2, 24
#: Windows of almost a year have all seasons in them.
WHOLE_YEAR = timedelta(days=330)
MOST_CHANGES = 10
#: The changes implemented, and the improvements begun, in a time: changes of the services or teams named
#: (null: all), improvements of the KPI's processes or of none, since a pilot is not cut by services alone.
OTHER_CHANGES = """
select number, count(*) over () from (
  select number, implemented_at as began_at from fold.change
  where implemented_at >= %(begin)s and implemented_at < %(end)s
    and (%(services)s::text[] is null or service = any(%(services)s) or services && %(services)s::text[])
    and (%(teams)s::uuid[] is null or team_id = any(%(teams)s))
  union all
  select number, least(pilot_started_at, implemented_at) from fold.improvement
  where least(pilot_started_at, implemented_at) >= %(begin)s
    and least(pilot_started_at, implemented_at) < %(end)s
    and (process is null or process = any(%(processes)s))
) other
where number is distinct from %(change)s order by began_at, number limit %(most)s"""


async def warnings_of(
    connection: Connection,
    asked: EffectQuestions,
    after: WindowCases,
    change: str | None,
) -> list[EffectWarning]:
    """Return the warnings of an effect, `change` being the number of the one that it is said to be of.

    `after` are the cases of the window after, of the scope. Raises CannotAnswer.
    """
    found = [
        await _after_signal(connection, asked.before),
        await _different_seasons(connection, asked),
        await _other_changes(connection, asked, change),
        _open_cases(after),
        _can_change(after.question),
        EffectWarning(code=WarningCode.running) if after.question.bounds[-1] > after.question.now else None,
        EffectWarning(code=WarningCode.standing) if asked.kpi.basis is Basis.standing else None,
    ]
    return [one for one in found if one is not None]


async def _after_signal(connection: Connection, before: Question) -> EffectWarning | None:
    """Warn of signals in the months that the baseline lies in, or just before it began."""
    zone, (begin, end) = before.zone, (before.bounds[0], before.bounds[-1])
    first = periods.first_day(Grain.month, begin.astimezone(zone).date())
    last = min(end, before.now)
    bounds = periods.cut_periods(
        Grain.month,
        periods.start_of(periods.months_later(first, -MONTHS_OF_LIMITS), zone),
        periods.start_of(periods.first_day(Grain.month, last.astimezone(zone).date()), zone),
        zone,
    )
    months = replace(before, grain=Grain.month, bounds=bounds)
    found = await answer.count(connection, months, before.now, most=len(bounds))
    values = {
        period: value
        for period in range(1, len(bounds))
        if (value := value_of(before.kpi, found.get((period, ()), Figures()))) is not None
        and cases_of(before.kpi, found.get((period, ()), Figures()))
    }
    looked_at = periods.start_of(periods.months_later(first, -MONTHS_LOOKED_AT), zone)
    signals = [
        f"{bounds[period - 1].astimezone(zone):%Y-%m} {rules[0].value}"
        for period, rules in zip(values, chart(list(values.values())).signals, strict=True)
        if rules and bounds[period - 1] >= looked_at
    ]
    return EffectWarning(code=WarningCode.after_signal, months=signals) if signals else None


async def _different_seasons(connection: Connection, asked: EffectQuestions) -> EffectWarning | None:
    """Warn if the windows have other months of the year, with the KPI of both a year earlier, if known."""
    begin_before, end_before, begin_after, end_after = asked.windows
    if end_before - begin_before > WHOLE_YEAR and end_after - begin_after > WHOLE_YEAR:
        return None
    if _months(asked.before) == _months(asked.after):
        return None
    earlier = []
    for question in (asked.before, asked.after):
        bounds = tuple(periods.year_earlier(Grain.all, bound, question.zone) for bound in question.bounds)
        found = await answer.count(connection, replace(question, bounds=bounds), question.now, most=1)
        figures = found.get((1, ()), Figures())
        earlier.append(value_of(asked.kpi, figures) if cases_of(asked.kpi, figures) else None)
    if None in earlier:
        return None
    return EffectWarning(code=WarningCode.different_seasons, before=earlier[0], after=earlier[1])


def _months(question: Question) -> set[int]:
    """Return the months of the year that the window has days in."""
    begin, end = question.bounds[0], question.bounds[-1] - timedelta.resolution
    day, last = (instant.astimezone(question.zone).date().replace(day=1) for instant in (begin, end))
    found = set[int]()
    while day <= last and len(found) < 12:  # months of a year
        found.add(day.month)
        day = periods.months_later(day, 1)
    return found


async def _other_changes(
    connection: Connection, asked: EffectQuestions, change: str | None
) -> EffectWarning | None:
    """Warn of changes of the same services or teams between the beginning and the end of both windows."""
    services = [one for one in asked.before.filters.get(Dimension.service, ()) if one != NO_VALUE]
    teams = [one for one in asked.before.filters.get(Dimension.team, ()) if one != NO_VALUE]
    filters = await answer.resolve_filters(connection, asked.before)
    ids = [one for one in filters.get(Dimension.team, ()) if one is not None]
    parameters = {
        "begin": asked.windows[0],
        "end": asked.windows[3],
        "change": change,
        "processes": list(asked.kpi.processes),
        "services": services or None,
        "teams": ids if teams else None,
        "most": MOST_CHANGES,
    }
    rows = await fetch(connection, Statement(OTHER_CHANGES, parameters))
    if not rows:
        return None
    return EffectWarning(
        code=WarningCode.other_changes, changes=[number for number, _ in rows], cases=rows[0][1]
    )


def _open_cases(after: WindowCases) -> EffectWarning | None:
    """Warn of open cases, which a duration does not count."""
    still = after.figures.open_cases
    if after.question.kpi.basis is Basis.standing or not still:
        return None
    return EffectWarning(code=WarningCode.open_cases, cases=still)


def _can_change(after: Question) -> EffectWarning | None:
    final_at: datetime = final_after_of(after, after.bounds[-1])
    return EffectWarning(code=WarningCode.can_change, final_at=final_at) if final_at > after.now else None
