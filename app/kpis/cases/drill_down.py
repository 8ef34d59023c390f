"""The drill-down of a KPI: exactly the cases that were counted, each with its measure and its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

from app.api.records.shapes import OutputModel
from app.kpis.answers.answer import facts_position, resolve_filters, snapshot_connection, with_budgets
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Basis
from app.kpis.declaration.measures import ASSIGNEE, FACT_EVIDENCE, NO_EVIDENCE, PROGRESS, TEAM, Evidence
from app.kpis.facts import backlog, query
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.outages import counting
from app.kpis.questions.question import KpiQuestion
from app.log.canonical import instant
from app.platform.db import Connection, Database

LARGEST_PAGE = 200
#: An instant, rendered as in the events of a record.
Instant = Annotated[
    datetime,
    PlainSerializer(instant, str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
SET_FIELDS = "coalesce(data->'set'->stream, '{}') || coalesce(data->'late'->stream, '{}')"
#: For KPIs of openings filtered by team or assignee: the events that set the first one.
FIRST_ASSIGNMENT = {Dimension.team: TEAM, Dimension.assignee: ASSIGNEE}
#: Events of a case that its clock depends on: these, and changes of the fields that select its agreement and
#: target.
CLOCK = Evidence(
    (
        *("acknowledged", "assessed", "started", "held", "resumed", "contained", "resolved", "fulfilled"),
        *("accepted", "closed", "reopened", "cancelled", "marked_duplicate", "rejected", "refused"),
        *("prioritised", "breach_cause_stated"),
    ),
    sets=("priority", "service", "category", "customer_id", "item"),
)
UPDATE = Evidence(("commented", "update_posted"))
#: Events that begin, change and end an outage.
OUTAGE = PROGRESS + Evidence(sets=("effect", "began_at", "service_restored_at", "service"))
#: The column that names a record to people, by its kind; by default its number.
NAMES = {"ci": "key", "service": "key", "deployment": "coalesce(pipeline || ' ' || run, id::text)"}


class KpiEvidence(OutputModel):
    """An event of the log from which a case's figure follows. The content of the event is among the events of
    the record.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: UUID
    position: int = Field(description="Position of the event in the whole log.")
    type: str = Field(description="Type of the event.")
    occurred_at: Instant = Field(description="Time at which the event happened.")


class KpiCase(OutputModel):
    """A case that the KPI counted."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: UUID
    kind: str = Field(description="Kind of the case, such as `request`.")
    number: str = Field(description="Number by which people know the case.")
    decided_at: Instant = Field(
        description="Time that decides to which period the case belongs; for an open case, the time at "
        "which it was opened."
    )
    measure: int = Field(
        description="Value that is counted of the case: seconds, 1 or 0 for a share, a number, or 1 for "
        "a count."
    )
    state: str | None = Field(
        description="State, for the time in each state; null if the case counts as a whole."
    )
    revision: str | None = Field(
        description="Revision, or the id of the change, for a lead time to production; null for other KPIs."
    )
    excluded: str | None = Field(description="Reason why only volumes count the case; null if all KPIs do.")
    irregular: bool = Field(
        description="True if an event in the history of the case did not fit the lifecycle."
    )
    inferred: bool = Field(
        description="True if the number was derived: the other system does not report who responded, "
        "or the beginning of the outage is unknown, so that the opening counts."
    )
    skewed: bool = Field(
        description="True if the number was corrected: a negative time counts as 0, or the beginning "
        "of the outage is unknown."
    )
    on_hold: bool | None = Field(
        description="True if the open case was on hold at that time; null for other KPIs."
    )
    clock: UUID | None = Field(
        description="Identifier of the clock, as in the events of the case; null for other KPIs."
    )
    metric: str | None = Field(
        description="Metric of the clock, such as `resolution`, or the key of the target KPI of an "
        "effect; null for other KPIs."
    )
    agreement: UUID | None = Field(description="Identifier of the clock's agreement; null for other KPIs.")
    events: list[KpiEvidence] = Field(
        description="Events from which the number follows: the opening, reopenings or changes of team, "
        "and the deciding event."
    )


#: Where the columns of a counted clock begin in a row: its id, its metric, its agreement.
CLOCK_COLUMN = 12
#: The order of cases, the earliest first.
ORDER = "order by at, case_id, position, state, revision, clock_id, metric"
#: By case id, its kind of record and its human-readable number.
CaseNumbers = Mapping[UUID, tuple[str, str]]
#: The position after which the next page starts: instant of decision, case id, log position, and the count of
#: equal entries so far. The count is needed since several tasks of a case that fall due at once differ in
#: nothing else.
PageCursor = tuple[datetime, UUID, int, int]


@dataclass(frozen=True, slots=True)
class CasePage:
    """A page of the cases that a KPI counts, ordered by `at`, id and deciding position; a case may occur more
    than once, with different numbers.

    `last` is the cursor of the page's end, or None at the last page. `position` and `lag_seconds` show how
    far the facts have followed the log.
    """

    cases: list[KpiCase]
    last: PageCursor | None
    position: int
    lag_seconds: float


async def cases(
    db: Database,
    question: KpiQuestion,
    now: datetime,
    *,
    after: PageCursor | None = None,
    limit: int = 50,
) -> CasePage:
    """Return a page of the cases that the question counts in all its periods together, starting after the
    cursor `after`.

    The question's `by` is ignored. For a backlog: the cases open at the end of the last period, or now if
    that is earlier. Raises CannotAnswer, DatabaseGone.
    """
    assert 1 <= limit <= LARGEST_PAGE
    async with snapshot_connection(db) as connection:
        position, lag_seconds = await facts_position(connection)
        statement = await counted_rows(connection, question, now)
        rows = await fetch(connection, _page_of(statement, after, limit + 1))
        more, rows = len(rows) > limit, rows[:limit]
        counted = await described_cases(connection, question, rows, position)
    return CasePage(counted, _page_cursor(rows, after) if more else None, position, lag_seconds)


async def described_cases(
    connection: Connection, question: KpiQuestion, rows: list[tuple[Any, ...]], position: int
) -> list[KpiCase]:
    """Return the counted cases of these rows of `counted_rows`, each with its number and its events up to
    the position.
    """
    numbers = await case_numbers(connection, question, [row[0] for row in rows])
    events = await _events(connection, question, numbers, rows, position)
    by_position = {event.position: event for case_events in events.values() for _, event in case_events}
    return [_case(row, numbers, events, by_position) for row in rows]


def _page_cursor(rows: list[tuple[Any, ...]], after: PageCursor | None) -> PageCursor:
    """Return the cursor of the end of a page with these rows."""
    places = [(row[1], row[0], row[8]) for row in rows]
    same_places = places.count(places[-1])
    before = after[3] if after is not None and places[-1] == after[:3] else 0
    return (*places[-1], same_places + before)


async def counted_rows(connection: Connection, question: KpiQuestion, now: datetime) -> SqlStatement:
    """Return a statement for the cases that the question counts, to be followed by ORDER. Raises
    CannotAnswer.
    """
    filters = await resolve_filters(connection, question)
    if question.kpi.is_of_outages:
        position, _ = await facts_position(connection)
        rows = await counting.counted_cases(connection, question, filters, position)
    elif question.kpi.basis is Basis.standing:
        rows = backlog.open_cases(question, filters, min(question.bounds[-1], now))
    else:
        rows = query.counted_cases(await with_budgets(connection, question), filters)
    return SqlStatement(f"select * from ({rows.text}) counted", rows.parameters)


def _page_of(cases: SqlStatement, after: PageCursor | None, limit: int) -> SqlStatement:
    behind = (
        "(at, case_id, position) >= (%(after_at)s, %(after_id)s, %(after_position)s)" if after else "true"
    )
    names = ("after_at", "after_id", "after_position", "given")
    named = dict(zip(names, after or (None, None, None, 0), strict=True))
    return SqlStatement(
        f"{cases.text} where {behind} {ORDER} limit %(limit)s offset %(given)s",
        cases.parameters | named | {"limit": limit},
    )


async def case_numbers(connection: Connection, question: KpiQuestion, ids: Sequence[UUID]) -> CaseNumbers:
    """Return the kind and the number of each of these cases of the question's KPI."""
    text = " union all ".join(
        f"select id, '{kind}', {NAMES.get(kind, 'number')} from fold.{kind} where id = any(%(ids)s::uuid[])"
        for kind in question.kpi.processes
    )
    rows = await fetch(connection, SqlStatement(text, {"ids": list(ids)}))
    return {case_id: (kind, number) for case_id, kind, number in rows}


async def _events(
    connection: Connection,
    question: KpiQuestion,
    numbers: CaseNumbers,
    rows: list[tuple[Any, ...]],
    last: int,
) -> dict[UUID, list[tuple[bool, KpiEvidence]]]:
    """Return, by case id, the events from which each case's KPI figures follow, in the order of the log.

    The flag: whether the event concerns all figures of the case, or only the one it produced.
    """
    evidence = _evidence(question, rows)
    also = f"type = any(%(types)s) or ({SET_FIELDS}) ?| %(fields)s::text[]"
    if question.kpi.is_of_clocks:
        also += " or starts_with(stream, 'clock/')"
    text = f"""
select split_part(stream, '/', 2)::uuid, id, position, type, occurred_at, ({also}) from log.told
where position = any(%(positions)s::bigint[])
union
select split_part(stream, '/', 2)::uuid, id, position, type, occurred_at, true from log.told
where stream = any(%(streams)s::text[]) and position <= %(last)s and ({also})
order by position"""
    parameters = {
        "positions": [position for row in rows for position in row[7]],
        "streams": [f"{numbers[row[0]][0]}/{row[0]}" for row in rows]
        + [f"clock/{row[CLOCK_COLUMN]}" for row in rows if row[CLOCK_COLUMN] is not None],
        "last": last,
        "types": [f"{kind}.{event}" for kind in question.kpi.processes for event in evidence.events],
        "fields": list(evidence.sets),
    }
    events: dict[UUID, list[tuple[bool, KpiEvidence]]] = defaultdict(list)
    for case_id, event_id, position, name, occurred_at, tells in await fetch(
        connection, SqlStatement(text, parameters)
    ):
        event = KpiEvidence(id=event_id, position=position, type=name, occurred_at=occurred_at)
        events[case_id].append((tells, event))
    return events


def _evidence(question: KpiQuestion, rows: list[tuple[Any, ...]]) -> Evidence:
    """Return what the numbers of the counted cases follow from."""
    kpi = question.kpi
    if kpi.is_of_outages:
        return OUTAGE
    if kpi.is_of_clocks:
        updates = any(row[CLOCK_COLUMN + 1] == "update" for row in rows)
        return CLOCK + UPDATE if updates else CLOCK
    if kpi.fact in FACT_EVIDENCE:
        return FACT_EVIDENCE[kpi.fact]
    evidence = kpi.measure.number.evidence
    if kpi.basis is Basis.opened:
        for dimension in question.filters:
            evidence += FIRST_ASSIGNMENT.get(dimension, NO_EVIDENCE)
    return evidence


def _case(
    row: tuple[Any, ...],
    numbers: CaseNumbers,
    events: dict[UUID, list[tuple[bool, KpiEvidence]]],
    by_position: Mapping[int, KpiEvidence],
) -> KpiCase:
    (
        case_id,
        decided_at,
        measure,
        excluded,
        irregular,
        inferred,
        skewed,
        deciding,
        _,
        state,
        revision,
        on_hold,
    ) = row[:CLOCK_COLUMN]
    clock, metric, agreement = row[CLOCK_COLUMN:]
    kind, number = numbers[case_id]
    case_events = [*events[case_id], *(() if clock is None else events[clock])]
    evidence = {event.position: event for tells, event in case_events if tells}
    # The events of a visit are of several articles, and of a ticket.
    evidence |= {position: by_position[position] for position in deciding if position in by_position}
    return KpiCase(
        id=case_id,
        kind=kind,
        number=number,
        decided_at=decided_at,
        measure=measure,
        state=state,
        revision=revision,
        excluded=excluded,
        irregular=irregular,
        inferred=inferred,
        skewed=skewed,
        on_hold=on_hold,
        clock=clock,
        metric=metric,
        agreement=agreement,
        events=[evidence[position] for position in sorted(evidence)],
    )
