"""Further knowledge for a reader of an effect: warnings, each from the log at the same position."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import sqrt

from app.kpis.answers import answer
from app.kpis.answers.series import cases_of, final_after_of, value_of
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Basis
from app.kpis.effects.cases_of_windows import WindowCases
from app.kpis.effects.content import EffectWarning, WarningCode
from app.kpis.effects.questions import EffectQuestions
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.questions import periods
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import NO_VALUE, KpiQuestion
from app.kpis.statistics.behaviour import LEAST_VALUES, chart
from app.platform.db import Connection

#: The months before a baseline in which signals are looked for, and those that natural limits are made of.
MONTHS_LOOKED_AT, MONTHS_OF_LIMITS = 2, 24
#: Windows of almost a year have all seasons in them.
WHOLE_YEAR = timedelta(days=330)
MOST_CHANGES = 10
#: Closed days and cases without business time are another share of a window if they differ by so much.
DIFFERENT_SHARE = 0.1
#: If this share of all pairs is between two cases without any business time, pairs and medians show little.
MANY_TIES = 0.1
#: Open cases matter if they grow or shrink by this part of the cases of a window.
MOVED_OPEN = 0.03
#: Other changes at the time in the same scope. Changes: of the services or teams named, except standard ones,
#: which are daily work. Improvements: of the KPI's processes or without a process, by where they were tried,
#: or, once rolled out everywhere, by the cases of their baselines. A change of one service does not count as
#: a change of all cases.
OTHER_CHANGES = """
select number, count(*) over () from (
  select number, implemented_at as began_at from fold.change
  where implemented_at >= %(begin)s and implemented_at < %(end)s
    and (%(services)s::text[] is null or service = any(%(services)s) or services && %(services)s::text[])
    and (%(teams)s::uuid[] is null or team_id = any(%(teams)s))
    and (%(services)s::text[] is not null or %(teams)s::uuid[] is not null) and type <> 'standard'
  union all
  select number, min(began_at) from (
    select id, number, process, pilot_started_at as began_at, coalesce(pilot_scope, '{}') as scope
    from fold.improvement join fold.improvement_pilot using (id)
    union all
    select improvement.id, improvement.number, improvement.process,
      coalesce(cutover_at, implemented_at), coalesce(scope.scope, '{}')
    from fold.improvement
    left join fold.kpi_baseline scope on scope.record = 'improvement/' || improvement.id
  ) touched
  where began_at >= %(begin)s and began_at < %(end)s
    and (process is null or process = any(%(processes)s))
    and not exists (
      select from jsonb_each(touched.scope) part
      where %(scope)s::jsonb ? part.key
        and not part.value ?| array(select jsonb_array_elements_text(%(scope)s::jsonb->part.key)))
  group by number
) other
where number is distinct from %(change)s order by began_at, number limit %(most)s"""
#: How often the same question was asked before: a person who looks again, moves the windows, or adds a
#: control may find something by chance.
MEASURED_BEFORE = """
select count(*) from fold.kpi_effect
where kpi = %(kpi)s and scope = %(scope)s::jsonb
  and before_begins_at < %(before_ends)s and before_ends_at > %(before_begins)s
  and after_begins_at < %(after_ends)s and after_ends_at > %(after_begins)s"""
#: The share of closed days in both windows, by the calendars of the services named (null: of all).
CLOSED_DAYS = """
select avg(closed::integer) filter (where day.place < %(first)s)::double precision,
  avg(closed::integer) filter (where day.place >= %(first)s)::double precision
from (select distinct calendar from fold.service
  where %(services)s::text[] is null or key = any(%(services)s)) used
join fold.calendar on calendar.key = used.calendar
cross join unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
  with ordinality as day(begins, ends, place)
cross join lateral (select not exists (select from business_time.calendar_span span
  where span.version = calendar.newest_id
    and span.starts < day.ends and span.ends > day.begins) as closed) open
group by calendar.key"""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Circumstances of an effect besides its question.

    `change` is the number of its supposed cause, `began_at` when that began, and
    `frozen_at` when the baseline and the promise were recorded. `agreed_end_at` is until when it was agreed
    to measure, and `restarted_at` when the limits of the KPI restarted, if that was in the year before.
    """

    change: str | None = None
    began_at: datetime | None = None
    frozen_at: datetime | None = None
    agreed_end_at: datetime | None = None
    restarted_at: datetime | None = None


async def warnings_of(
    connection: Connection,
    questions: EffectQuestions,
    before: WindowCases,
    after: WindowCases,
    circumstances: Circumstances,
) -> list[EffectWarning]:
    """Return the warnings of an effect between these windows of the scope. Raises CannotAnswer."""
    possible_warnings = [
        *_as_agreed(questions, circumstances),
        *_of_windows(before, after),
        _restarted(circumstances.restarted_at),
        await _after_signal(connection, questions.before, circumstances.restarted_at),
        await _different_seasons(connection, questions),
        await _other_closed_days(connection, questions),
        await _other_changes(connection, questions, circumstances.change),
        await _measured_before(connection, questions),
        _open_cases(after),
        _open_cases_moved(before, after),
        _definition_changed(questions),
        _can_change(after.question),
        EffectWarning(code=WarningCode.running) if after.question.bounds[-1] > after.question.now else None,
        EffectWarning(code=WarningCode.standing) if questions.kpi.basis is Basis.standing else None,
    ]
    return [effect_warning for effect_warning in possible_warnings if effect_warning is not None]


def _as_agreed(questions: EffectQuestions, circumstances: Circumstances) -> list[EffectWarning | None]:
    """Warn of what was recorded too late, measured too early, or not compared with anybody."""
    late = (
        circumstances.frozen_at is not None
        and circumstances.began_at is not None
        and circumstances.frozen_at > circumstances.began_at
    )
    early = circumstances.agreed_end_at is not None and circumstances.agreed_end_at > questions.after.now
    alone = questions.control_before is None
    return [
        EffectWarning(code=WarningCode.recorded_late, at=circumstances.frozen_at) if late else None,
        EffectWarning(code=WarningCode.before_agreed_end, at=circumstances.agreed_end_at) if early else None,
        EffectWarning(code=WarningCode.no_control) if alone else None,
    ]


def _of_windows(before: WindowCases, after: WindowCases) -> list[EffectWarning | None]:
    """Warn of a window without cases, and of cases that took no business time: other shares, or many."""
    if not before.cases or not after.cases:
        return [EffectWarning(code=WarningCode.no_cases)]
    if not before.question.kpi.is_timed or not before.values or not after.values:
        return []
    first, second = (
        sum(not case_value.value for case_value in window_cases.values) / len(window_cases.values)
        for window_cases in (before, after)
    )
    differ, tied = abs(second - first) >= DIFFERENT_SHARE, first * second >= MANY_TIES
    return [
        EffectWarning(code=WarningCode.different_zeros, before=first, after=second) if differ else None,
        EffectWarning(code=WarningCode.many_ties, before=first, after=second) if tied else None,
    ]


async def _other_closed_days(connection: Connection, questions: EffectQuestions) -> EffectWarning | None:
    """Warn of business time in windows of which one has more closed days, by one of the calendars."""
    if not questions.kpi.is_in_business_time:
        return None
    days = [_days(question) for question in (questions.before, questions.after)]
    parameters = {
        "begins": [begin for closed_day in days for begin, _ in closed_day],
        "ends": [end for closed_day in days for _, end in closed_day],
        "first": len(days[0]) + 1,
        "services": [
            service for service in questions.before.filters.get(Dimension.service, ()) if service != NO_VALUE
        ]
        or None,
    }
    rows = await fetch(connection, SqlStatement(CLOSED_DAYS, parameters))
    apart = [(abs(after - before), before, after) for before, after in rows]
    if not apart or max(apart)[0] < DIFFERENT_SHARE:
        return None
    _, before, after = max(apart)
    return EffectWarning(code=WarningCode.different_closed_days, before=before, after=after)


def _days(question: KpiQuestion) -> list[tuple[datetime, datetime]]:
    """Return the days of the window that have gone by."""
    begin, end = question.bounds[0], min(question.bounds[-1], question.now)
    return list(pairwise(dict.fromkeys((begin, *periods.day_starts(begin, end, question.zone), end))))


async def _measured_before(connection: Connection, questions: EffectQuestions) -> EffectWarning | None:
    """Warn if the same question was asked before, in windows that overlap these."""
    names = ("before_begins", "before_ends", "after_begins", "after_ends")
    parameters = {
        "kpi": questions.kpi.key,
        "scope": _as_json(questions.before.filters),
        **dict(zip(names, questions.windows, strict=True)),
    }
    ((times,),) = await fetch(connection, SqlStatement(MEASURED_BEFORE, parameters))
    return EffectWarning(code=WarningCode.measured_before, times=times) if times else None


def _as_json(filters: Mapping[Dimension, Sequence[str]]) -> str:
    return json.dumps({dimension.value: list(values) for dimension, values in filters.items()})


def _restarted(restarted_at: datetime | None) -> EffectWarning | None:
    return None if restarted_at is None else EffectWarning(code=WarningCode.restarted, at=restarted_at)


async def _after_signal(
    connection: Connection, before: KpiQuestion, restarted_at: datetime | None
) -> EffectWarning | None:
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
    bounds = tuple(bound for bound in bounds if restarted_at is None or bound >= restarted_at)
    if len(bounds) <= LEAST_VALUES:
        return None
    months = replace(before, grain=Grain.month, bounds=bounds)
    counted_cells = await answer.count(connection, months, before.now, most=len(bounds))
    values = {
        period: value
        for period in range(1, len(bounds))
        if (value := value_of(before.kpi, counted_cells.get((period, ()), Figures()))) is not None
        and cases_of(before.kpi, counted_cells.get((period, ()), Figures()))
    }
    looked_at = periods.start_of(periods.months_later(first, -MONTHS_LOOKED_AT), zone)
    signals = [
        f"{bounds[period - 1].astimezone(zone):%Y-%m} {rules[0].value}"
        for period, rules in zip(values, chart(list(values.values())).signals, strict=True)
        if rules and bounds[period - 1] >= looked_at
    ]
    return EffectWarning(code=WarningCode.after_signal, months=signals) if signals else None


async def _different_seasons(connection: Connection, questions: EffectQuestions) -> EffectWarning | None:
    """Warn if the windows have other months of the year, with the KPI of both a year earlier, if known."""
    begin_before, end_before, begin_after, end_after = questions.windows
    if end_before - begin_before > WHOLE_YEAR and end_after - begin_after > WHOLE_YEAR:
        return None
    if _months(questions.before) == _months(questions.after):
        return None
    earlier = []
    for question in (questions.before, questions.after):
        bounds = tuple(periods.year_earlier(Grain.all, bound, question.zone) for bound in question.bounds)
        counted_cells = await answer.count(connection, replace(question, bounds=bounds), question.now, most=1)
        figures = counted_cells.get((1, ()), Figures())
        earlier.append(value_of(questions.kpi, figures) if cases_of(questions.kpi, figures) else None)
    if None in earlier:
        return None
    return EffectWarning(code=WarningCode.different_seasons, before=earlier[0], after=earlier[1])


def _months(question: KpiQuestion) -> set[int]:
    """Return the months of the year that the window has days in."""
    begin, end = question.bounds[0], question.bounds[-1] - timedelta.resolution
    day, last = (instant.astimezone(question.zone).date().replace(day=1) for instant in (begin, end))
    month_numbers = set[int]()
    while day <= last and len(month_numbers) < 12:  # months of a year
        month_numbers.add(day.month)
        day = periods.months_later(day, 1)
    return month_numbers


async def _other_changes(
    connection: Connection, questions: EffectQuestions, change: str | None
) -> EffectWarning | None:
    """Warn of changes of the same services or teams between the beginning and the end of both windows."""
    services = [
        service for service in questions.before.filters.get(Dimension.service, ()) if service != NO_VALUE
    ]
    teams = [service for service in questions.before.filters.get(Dimension.team, ()) if service != NO_VALUE]
    filters = await answer.resolve_filters(connection, questions.before)
    ids = [service for service in filters.get(Dimension.team, ()) if service is not None]
    parameters = {
        "begin": questions.windows[0],
        "end": questions.windows[3],
        "change": change,
        "processes": list(questions.kpi.processes),
        "services": services or None,
        "teams": ids if teams else None,
        "scope": _as_json(questions.before.filters),
        "most": MOST_CHANGES,
    }
    rows = await fetch(connection, SqlStatement(OTHER_CHANGES, parameters))
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


def _open_cases_moved(before: WindowCases, after: WindowCases) -> EffectWarning | None:
    """Warn if more or fewer cases are open at the end than at the end of the baseline, beyond chance."""
    kpi = after.question.kpi
    first, last = before.figures.open_cases, after.figures.open_cases
    if kpi.basis is Basis.standing or not after.values or first is None or last is None:
        return None
    moved = abs(last - first)
    if moved <= sqrt(first + last) or moved < MOVED_OPEN * min(before.cases, after.cases):
        return None
    return EffectWarning(code=WarningCode.open_cases_moved, cases=last, cases_before=first)


def _definition_changed(questions: EffectQuestions) -> EffectWarning | None:
    """Warn of a new definition that counts since a time between the beginning and the end of both windows."""
    breaks = [change.breaks_at for change in questions.kpi.changes]
    begin, *_, end = questions.windows
    break_instants = [instant for instant in breaks if instant is not None and begin < instant < end]
    if not break_instants:
        return None
    return EffectWarning(code=WarningCode.definition_changed, at=max(break_instants))


def _can_change(after: KpiQuestion) -> EffectWarning | None:
    final_at: datetime = final_after_of(after, after.bounds[-1])
    return EffectWarning(code=WarningCode.can_change, final_at=final_at) if final_at > after.now else None
