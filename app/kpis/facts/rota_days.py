"""The days of persons on the rota, by which cases per agent and day are divided.

Days are those on which a stretch of working hours begins, by the shifts and stand-ins in the log up to a
position. A person with a shift in force, or a stand-in, is covered by the rota then: their days of activity
do not count in addition. For teams and people without one the days of activity count (see
docs/decisions/0044).
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
from app.foundation.rota.records import Duty, Shift, StandIn, StandInState
from app.foundation.rota.stretches import duty_stretches
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Cut, PointKey
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.questions import periods
from app.kpis.questions.question import KpiQuestion
from app.platform.db import Connection

Filters = Mapping[Dimension, Sequence[str | UUID | None]]
#: Reports of each shift and each stand-in. `told` decrypts nothing here, because they contain no personal
#: text.
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
    """Figures of a question from the rota: person-days by period and cut, and its cover of people."""

    days: Mapping[PointKey, int]
    covers: Sequence[RotaCover]

    def parameters(self, question: KpiQuestion) -> dict[str, Any]:
        """Return the covers as the parameters of `covered` and `covered_work`."""
        return {
            "rota_zone": question.zone.key,
            "rota_teams": [cover.team_id for cover in self.covers],
            "rota_persons": [cover.person_id for cover in self.covers],
            "rota_begins": [cover.begin for cover in self.covers],
            "rota_ends": [cover.end for cover in self.covers],
        }


def covered(question: KpiQuestion, *, team: str, person: str, day: str) -> str:
    """Return the SQL condition that the rota covers the person on the day, which are SQL expressions; `day`
    is of type date. Where teams are distinguished, it is the rota of that team.
    """
    of_team = Dimension.team in question.by or Dimension.team in question.filters
    return f"""exists (
  select from unnest(%(rota_teams)s::uuid[], %(rota_persons)s::uuid[], %(rota_begins)s::date[],
    %(rota_ends)s::date[]) as rota(team_id, person_id, begin_on, end_on)
  where rota.person_id = {person} and {day} >= begin_on and {day} < coalesce(end_on, 'infinity')
    {f"and rota.team_id = {team}" if of_team else ""}
)"""


def covered_work(question: KpiQuestion) -> str:
    """Return the condition of `covered` for the work of the raw definitions, which is called `counted`."""
    day = "(counted.at at time zone %(rota_zone)s)::date"
    return covered(question, team="counted.team_id", person="counted.assignee_id", day=day)


async def rota_days(
    connection: Connection, question: KpiQuestion, filters: Filters, position: int | None = None
) -> RotaDays:
    """Return the rota's figures for the question, as in the log up to the position (None: its end)."""
    rows = await fetch(connection, SqlStatement(SELECT_TOLD, {"position": position}))
    records = dict[str, Shift | StandIn]()
    for stream, version, occurred_at, fields in rows:
        kind, _, name = stream.partition("/")
        record = records.get(stream) or (Shift if kind == Shift.KIND else StandIn)(id=UUID(name))
        records[stream] = evolve(record, version, occurred_at, fields or {})
    working = [working_record for working_record in records.values() if working_record.duty is Duty.working]
    shifts = [working_record for working_record in working if isinstance(working_record, Shift)]
    agreed = (
        working_record
        for working_record in working
        if isinstance(working_record, StandIn) and working_record.state is StandInState.agreed
    )
    stand_ins = sorted(
        agreed,
        key=lambda working_record: (
            working_record.agreed_at or working_record.changed_at or question.now,
            working_record.id,
        ),
    )
    return count_rota_days(question, filters, shifts, stand_ins)


def count_rota_days(
    question: KpiQuestion, filters: Filters, shifts: Sequence[Shift], stand_ins: Sequence[StandIn]
) -> RotaDays:
    """Return the figures of these shifts and stand-ins for the question, up to its `now`."""
    begin, end = _asked_time(question, shifts, stand_ins)
    covers = dict.fromkeys(_cover_of(shift) for shift in shifts)
    person_days = set[tuple[int, Cut, UUID, date]]()
    for stretch in duty_stretches(shifts, stand_ins, begin, end):
        values = {Dimension.team: stretch.team_id, Dimension.assignee: stretch.person_id}
        first, last = (
            instant.astimezone(question.zone).date()
            for instant in (stretch.begins_at, stretch.ends_at - timedelta.resolution)
        )
        covers[RotaCover(stretch.team_id, stretch.person_id, first, last + ONE_DAY)] = None
        if begin <= stretch.begins_at < end and _is_asked(values, filters):
            cut = tuple(values[dimension] for dimension in question.by)
            person_days.add((bisect_right(question.bounds, stretch.begins_at), cut, stretch.person_id, first))
    return RotaDays(Counter((period, cut) for period, cut, _, _ in person_days), _joined(covers))


def _joined(covers: Iterable[RotaCover]) -> list[RotaCover]:
    """Return the covers with those that overlap or touch joined: every working day would be one of its
    own.
    """
    joined_covers: list[RotaCover] = []
    for cover in sorted(
        covers,
        key=lambda rota_cover: (
            rota_cover.team_id,
            rota_cover.person_id,
            rota_cover.begin,
            rota_cover.end or date.max,
        ),
    ):
        last = joined_covers[-1] if joined_covers else None
        if last is None or (last.team_id, last.person_id) != (cover.team_id, cover.person_id):
            joined_covers.append(cover)
        elif last.end is None or cover.begin <= last.end:
            end = None if last.end is None or cover.end is None else max(last.end, cover.end)
            joined_covers[-1] = replace(last, end=end)
        else:
            joined_covers.append(cover)
    return joined_covers


def _asked_time(
    question: KpiQuestion, shifts: Sequence[Shift], stand_ins: Sequence[StandIn]
) -> tuple[datetime, datetime]:
    """Return the part of the question's time that a rota can cover: it may go far back."""
    begin, end = question.bounds[0], min(question.bounds[-1], question.now)
    firsts = [
        periods.start_of(date.fromisoformat(shift.from_date), question.zone) - ONE_DAY
        for shift in shifts
        if shift.from_date is not None
    ]
    firsts += [
        instant
        for shift in stand_ins
        for instant in (shift.starts_at, shift.return_starts_at)
        if instant is not None
    ]
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
