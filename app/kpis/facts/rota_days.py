"""The days of persons on the rota, by which cases per agent and day are divided.

Days are those on which a stretch of working hours begins, by the shifts and stand-ins that the log tells of
up to a position. Whoever has a shift in force, or stands in, is covered by the rota then: days of their
activity do not count besides. Of teams and persons without one the days of activity count (see
docs/decisions/0051).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.records import evolve
from app.db import Connection
from app.foundation.rota.records import Duty, Shift, StandIn, StandInState
from app.foundation.rota.stretches import duty_stretches
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Cut, PointKey
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import Statement
from app.kpis.questions import periods
from app.kpis.questions.question import Question

Filters = Mapping[Dimension, Sequence[str | UUID | None]]
#: What was told of each shift and each stand-in. `told` decrypts nothing here: they have no personal words.
SELECT_TOLD = """
select told.stream, told.version, told.occurred_at, told.data->'set'->told.stream
from (
  select 'shift/' || id as stream from fold.shift union all select 'stand_in/' || id from fold.stand_in
) record
join log.told using (stream)
where told.position <= coalesce(%(position)s, told.position)
order by told.position"""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RotaCover:
    """The days on which the rota of a team covers a person: from `begin` until before `end` (None: for
    ever).
    """

    team_id: UUID
    person_id: UUID
    begin: date
    end: date | None


@dataclass(frozen=True, slots=True)
class RotaDays:
    """What the rota says of a question: person-days by period and cut, and whom it covers when."""

    days: Mapping[PointKey, int]
    covers: Sequence[RotaCover]

    def parameters(self, question: Question) -> dict[str, Any]:
        """Return the covers as the parameters of `covered` and `covered_work`."""
        return {
            "rota_zone": question.zone.key,
            "rota_teams": [one.team_id for one in self.covers],
            "rota_persons": [one.person_id for one in self.covers],
            "rota_begins": [one.begin for one in self.covers],
            "rota_ends": [one.end for one in self.covers],
        }


def covered(question: Question, *, team: str, person: str, day: str) -> str:
    """Return the SQL condition that the rota covers the person on the day, which are SQL expressions; `day`
    is of type date. Where teams are told apart, it is the rota of that team.
    """
    of_team = Dimension.team in question.by or Dimension.team in question.filters
    return f"""exists (
  select from unnest(%(rota_teams)s::uuid[], %(rota_persons)s::uuid[], %(rota_begins)s::date[],
    %(rota_ends)s::date[]) as rota(team_id, person_id, begin_on, end_on)
  where rota.person_id = {person} and {day} >= begin_on and {day} < coalesce(end_on, 'infinity')
    {f"and rota.team_id = {team}" if of_team else ""}
)"""


def covered_work(question: Question) -> str:
    """Return the condition of `covered` for the work of the raw definitions, which is called `counted`."""
    day = "(counted.at at time zone %(rota_zone)s)::date"
    return covered(question, team="counted.team_id", person="counted.assignee_id", day=day)


async def rota_days(
    connection: Connection, question: Question, filters: Filters, position: int | None = None
) -> RotaDays:
    """Return what the rota says of the question, as the log told of it up to the position (None: its end)."""
    rows = await fetch(connection, Statement(SELECT_TOLD, {"position": position}))
    records = dict[str, Shift | StandIn]()
    for stream, version, occurred_at, fields in rows:
        kind, _, name = stream.partition("/")
        record = records.get(stream) or (Shift if kind == Shift.KIND else StandIn)(id=UUID(name))
        records[stream] = evolve(record, version, occurred_at, fields or {})
    working = [one for one in records.values() if one.duty is Duty.working]
    shifts = [one for one in working if isinstance(one, Shift)]
    agreed = (one for one in working if isinstance(one, StandIn) and one.state is StandInState.agreed)
    stand_ins = sorted(agreed, key=lambda one: (one.agreed_at or one.changed_at or question.now, one.id))
    return count_rota_days(question, filters, shifts, stand_ins)


def count_rota_days(
    question: Question, filters: Filters, shifts: Sequence[Shift], stand_ins: Sequence[StandIn]
) -> RotaDays:
    """Return what these shifts and stand-ins say of the question, up to its `now`."""
    begin, end = _asked_time(question, shifts, stand_ins)
    covers = dict.fromkeys(_cover_of(shift) for shift in shifts)
    found = set[tuple[int, Cut, UUID, date]]()
    for stretch in duty_stretches(shifts, stand_ins, begin, end):
        values = {Dimension.team: stretch.team_id, Dimension.assignee: stretch.person_id}
        first, last = (
            at.astimezone(question.zone).date()
            for at in (stretch.begins_at, stretch.ends_at - timedelta.resolution)
        )
        covers[RotaCover(stretch.team_id, stretch.person_id, first, last + ONE_DAY)] = None
        if begin <= stretch.begins_at < end and _is_asked(values, filters):
            cut = tuple(values[dimension] for dimension in question.by)
            found.add((bisect_right(question.bounds, stretch.begins_at), cut, stretch.person_id, first))
    return RotaDays(Counter((period, cut) for period, cut, _, _ in found), _joined(covers))


def _joined(covers: Iterable[RotaCover]) -> list[RotaCover]:
    """Return the covers with those that overlap or touch joined: every working day would be one of its
    own.
    """
    found: list[RotaCover] = []
    for one in sorted(covers, key=lambda of: (of.team_id, of.person_id, of.begin, of.end or date.max)):
        last = found[-1] if found else None
        if last is None or (last.team_id, last.person_id) != (one.team_id, one.person_id):
            found.append(one)
        elif last.end is None or one.begin <= last.end:
            end = None if last.end is None or one.end is None else max(last.end, one.end)
            found[-1] = replace(last, end=end)
        else:
            found.append(one)
    return found


def _asked_time(
    question: Question, shifts: Sequence[Shift], stand_ins: Sequence[StandIn]
) -> tuple[datetime, datetime]:
    """Return the part of the question's time that a rota can say something about: it may go far back."""
    begin, end = question.bounds[0], min(question.bounds[-1], question.now)
    firsts = [
        periods.start_of(date.fromisoformat(one.from_date), question.zone) - ONE_DAY
        for one in shifts
        if one.from_date is not None
    ]
    firsts += [at for one in stand_ins for at in (one.starts_at, one.return_starts_at) if at is not None]
    return max(begin, min(firsts, default=end)), end


def _is_asked(values: Mapping[Dimension, UUID], filters: Filters) -> bool:
    return all(
        str(values[dimension]) in {str(value) for value in among} for dimension, among in filters.items()
    )


def _cover_of(shift: Shift) -> RotaCover:
    assert shift.team_id is not None
    assert shift.person_id is not None
    assert shift.from_date is not None
    until = None if shift.until_date is None else date.fromisoformat(shift.until_date)
    return RotaCover(shift.team_id, shift.person_id, date.fromisoformat(shift.from_date), until)
