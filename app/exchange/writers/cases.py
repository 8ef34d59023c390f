"""The cases of a process with their events, as conformance counts them, for files of event logs.

Persons appear by their ids and teams by their keys; whatever was written by hand is left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import Codec, CodeEnum, Record, all_codecs, rows_with_parts
from app.conformance.facts.consumer import HISTORIES
from app.conformance.parameters import StepKind
from app.conformance.questions import ConformanceQuestion, selected
from app.platform.db import Connection, fetch_rows, fetch_tuples

#: So many cases are in memory at once, with all their events.
PORTION = 500
SELECT_CASES = """
select c.case_id, c.source as case_source, c.started_at as case_started_at, c.ended_at as case_ended_at,
  c.number_of_place, {columns}
from (
  select c.*, {place} as number_of_place from kpi.process_case c
  where {condition} and (%(place)s::timestamptz is null or ({place}, c.case_id) > (%(place)s, %(last_id)s))
  order by {place}, c.case_id limit %(portion)s
) c
join {record} r on r.id = c.case_id
order by c.number_of_place, c.case_id"""
#: The events of cases in their order, each with what was known then.
SELECT_EVENTS = f"""
with touched as (
  select unnest(%(streams)s::text[]) as stream
),
{HISTORIES}
ordered as (
  select case_id, place, position, type, greatest(occurred_at, started_at) as at, known,
    known->>'state' is not null
      and known->>'state' is distinct from lag(known->>'state') over (partition by case_id order by place)
      as changes
  from placed
)
select o.case_id, o.position, o.type, o.at, o.changes, o.known, e.id, e.actor,
  coalesce(said.late || said.now, said.now, said.late) as fields
from ordered o join log.told e on e.position = o.position
cross join lateral (select e.data->'set'->e.stream as now, e.data->'late'->e.stream as late offset 0) said
order by o.case_id, o.place"""
SELECT_TEAMS = "select id, key from fold.team"


@dataclass(frozen=True, slots=True)
class ExportedEvent:
    """An event of a case: its time, its actor, whether it `changes` the state, and the values from then on
    (`fields_then`): `state`, `team_id`, `assignee_id`, `service`, `customer_id`, where they are set. `fields`
    are those of the event, as the log has them, without texts.
    """

    id: UUID
    position: int
    type: str
    occurred_at: datetime
    actor: str
    changes: bool
    fields_then: dict[str, Any]
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExportedCase:
    """A case with its present fields, without those that hold texts, and its events in their order."""

    id: UUID
    kind: str
    source: str
    started_at: datetime
    ended_at: datetime | None
    fields: dict[str, Any]
    events: list[ExportedEvent]


@dataclass(frozen=True, slots=True)
class ExportedCases:
    """The cases that a question selects, up to a position of the log which the facts have reached."""

    question: ConformanceQuestion
    position: int

    @property
    def kind(self) -> str:
        """Return the kind of the cases."""
        return self.question.kind

    async def count(self, connection: Connection) -> int:
        """Return how many cases there are."""
        condition, parameters = selected(self.question)
        query = f"select count(*) from kpi.process_case c where {condition}"
        ((count,),) = await fetch_tuples(connection, query, parameters)
        return int(count)

    async def portions(self, connection: Connection) -> AsyncIterator[list[ExportedCase]]:
        """Yield the cases by when they ended (open ones: began), some hundred at a time."""
        condition, parameters = selected(self.question)
        record: type[Record] = self.question.lifecycle.record
        fields = exported_fields(record)
        query = SELECT_CASES.format(
            columns=", ".join(f'r."{name}"' for name in fields),
            place="c.started_at" if self.question.open else "c.ended_at",
            condition=condition,
            record=rows_with_parts(record),
        )
        parameters |= {"place": None, "last_id": None, "portion": PORTION}
        while rows := await fetch_rows(connection, query, parameters):
            yield await self._with_events(connection, rows, fields)
            parameters |= {"place": rows[-1]["number_of_place"], "last_id": rows[-1]["case_id"]}

    async def _with_events(
        self, connection: Connection, rows: list[dict[str, Any]], fields: Collection[str]
    ) -> list[ExportedCase]:
        streams = [f"{self.kind}/{row['case_id']}" for row in rows]
        # A generic plan for any number of streams would read the whole log, so each query is planned for its
        # own streams.
        rows_of_events = await fetch_tuples(
            connection, SELECT_EVENTS, {"streams": streams, "last": self.position}, prepare=False
        )
        events: dict[UUID, list[ExportedEvent]] = {row["case_id"]: [] for row in rows}
        for (
            case_id,
            position,
            event_type,
            occurred_at,
            changes,
            fields_then,
            event_id,
            actor,
            fields_set,
        ) in rows_of_events:
            if changes or self.question.steps is StepKind.all:
                of_case = {name: fields_set[name] for name in fields if name in (fields_set or {})}
                event = ExportedEvent(
                    event_id, position, event_type, occurred_at, actor, changes, fields_then or {}, of_case
                )
                events[case_id].append(event)
        return [
            ExportedCase(
                id=row["case_id"],
                kind=self.kind,
                source=row["case_source"],
                started_at=row["case_started_at"],
                ended_at=row["case_ended_at"],
                fields={name: row[name] for name in fields if row[name] is not None},
                events=events[row["case_id"]],
            )
            for row in rows
        ]


def exported_fields(record: type[Record]) -> dict[str, Codec]:
    """Return the fields of a case that files of event logs have: its number, codes, keys, ids, numbers and
    times, and no texts; nothing that only staff see.
    """
    return {name: codec for name, codec in all_codecs(record).items() if _is_exported(name, codec)}


def _is_exported(name: str, codec: Codec) -> bool:
    if codec.personal or codec.hidden or codec.staff_only or codec.document or codec.holds_list:
        return False
    if codec.type in (int, bool, datetime):
        return True
    is_code = isinstance(codec.type, type) and issubclass(codec.type, CodeEnum)
    return is_code or name == "number" or codec.refers is not None or codec.key_of is not None


async def team_keys(connection: Connection) -> dict[str, str]:
    """Return the keys of all teams by their ids (as text)."""
    return {str(row["id"]): row["key"] for row in await fetch_rows(connection, SELECT_TEAMS, ())}


async def event_count(connection: Connection, cases: ExportedCases) -> int:
    """Return how many steps the facts of conformance count in these cases."""
    condition, parameters = selected(cases.question)
    column = "all_steps" if cases.question.steps is StepKind.all else "steps"
    query = f"select coalesce(sum(cardinality(c.{column})), 0) from kpi.process_case c where {condition}"
    ((count,),) = await fetch_tuples(connection, query, parameters)
    return int(count)
