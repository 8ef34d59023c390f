"""The question about how cases of a kind ran: their time and filters, and the SQL that selects them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.conformance.facts.consumer import NAME, SHAPE, TABLE_NAMES
from app.conformance.kinds import with_cases
from app.conformance.parameters import ConformanceQuery, PathKind, StepKind
from app.kernel.access.visibility import overseers, sees_every_record
from app.kernel.actions.actor_policy import ActorPolicy
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import SELECT_FACTS_POSITION
from app.kpis.questions.access import posts_in
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import NO_VALUE, time_range, zone_named
from app.kpis.questions.team_names import team_ids
from app.log.batches import IMPORT_PREFIX
from app.platform.db import Connection, Database, fetch_tuples

OURS = "ours"
#: As the KPIs' answers have it: the lock keeps a rebuild from emptying the tables under an answer.
BEGIN_SNAPSHOT = f"""
set transaction isolation level repeatable read;
lock table {", ".join(TABLE_NAMES)} in access share mode;
set local work_mem = '128MB';
set local max_parallel_workers_per_gather = 0;
set local jit = off"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceQuestion:
    """A checked question: the kind of the cases, the time in which they ended, and filters, each with the
    values of which a case must have one (None: no value). `open`: the cases that have not ended instead,
    begun before `end`. `usual` is the time whose cases make the usual path.
    """

    lifecycle: Lifecycle[Any]
    zone: ZoneInfo
    begin: datetime
    end: datetime
    filters: dict[str, Sequence[Any]]
    path: PathKind | None
    usual: tuple[datetime, datetime]
    steps: StepKind = StepKind.changes
    open: bool = False

    @property
    def kind(self) -> str:
        """Return the kind of the cases."""
        return self.lifecycle.kind

    @property
    def is_of_histories(self) -> bool:
        """Return whether it is about imported histories alone."""
        sources = self.filters.get("source", ())
        return bool(sources) and all(source != OURS for source in sources)

    def in_usual_time(self) -> ConformanceQuestion:
        """Return the question about the cases that make the usual path."""
        begin, end = self.usual
        return replace(self, begin=begin, end=end, open=False)


async def permitted_figures(ledger: Ledger, context: CommandMetadata, kind: str) -> Lifecycle[Any]:
    """Return the lifecycle of that kind of cases, whose figures, and not the cases, the owner and the
    executor of the process see as well: by their post. Raises as `permitted_kind` does.
    """
    lifecycle = _with_cases(ledger, kind)
    agents_see = ledger.settings.agents_see
    if not sees_every_record(context.caller, lifecycle, agents_see=agents_see) and await posts_in(
        ledger, context.caller, [kind]
    ):
        return lifecycle
    return permitted_kind(ledger, context, kind)


def permitted_kind(ledger: Ledger, context: CommandMetadata, kind: str) -> Lifecycle[Any]:
    """Return the lifecycle of that kind of cases. Raises NotFound, or Forbidden if the caller does not see
    every record of the kind: figures over some could be mistaken for those over all, and figures over few
    could reveal hidden cases.
    """
    lifecycle = _with_cases(ledger, kind)
    agents_see = ledger.settings.agents_see
    if not sees_every_record(context.caller, lifecycle, agents_see=agents_see):
        may = overseers(lifecycle, agents_see=agents_see)
        raise ledger.forbidden(ActorPolicy(may), context.language)
    return lifecycle


def _with_cases(ledger: Ledger, kind: str) -> Lifecycle[Any]:
    of_cases = {lifecycle.kind: lifecycle for lifecycle in with_cases(ledger.lifecycles.values())}
    if kind not in of_cases:
        raise NotFound()
    return of_cases[kind]


async def parse(
    connection: Connection,
    lifecycle: Lifecycle[Any],
    query: ConformanceQuery,
    now: datetime,
    organisation_zone: str,
) -> ConformanceQuestion:
    """Return the checked question. Raises CannotAnswer."""
    zone = zone_named(query.tz or organisation_zone)
    begin, end = time_range(query.begin, query.end, Grain.month, zone, now)
    usual = time_range(
        query.usual_from or begin.isoformat(), query.usual_to or end.isoformat(), Grain.month, zone, now
    )
    filters: dict[str, Sequence[Any]] = {}
    for column, parameter in (("team_id", "team"), ("customer_id", "customer")):
        if values := getattr(query, parameter):
            ids = await team_ids(connection, parameter, [name for name in values if name != NO_VALUE])
            filters[column] = [*ids, *([None] if NO_VALUE in values else [])]
    if query.service:
        filters["service"] = [None if name == NO_VALUE else name for name in query.service]
    if query.source:
        filters["source"] = query.source
    return ConformanceQuestion(
        lifecycle=lifecycle,
        zone=zone,
        begin=begin,
        end=end,
        filters=filters,
        path=query.path,
        usual=usual,
        steps=getattr(query, "steps", StepKind.changes),
        open=query.open,
    )


def selected(question: ConformanceQuestion) -> tuple[str, dict[str, Any]]:
    """Return the SQL condition on the table `c` of cases for those that the question is about, and its
    parameters.
    """
    parameters: dict[str, Any] = {"kind": question.kind, "begin": question.begin, "end": question.end}
    if question.open:
        conditions = ["c.kind = %(kind)s and c.ended_at is null and c.started_at < %(end)s"]
    else:
        conditions = ["c.kind = %(kind)s and c.ended_at >= %(begin)s and c.ended_at < %(end)s"]
    for column, values in question.filters.items():
        named = [chosen for chosen in values if chosen is not None]
        parameters[column] = named
        any_of = [f"c.{column} = any(%({column})s)"] if named else []
        if None in values:
            any_of.append(f"c.{column} is null")
        if column == "source" and OURS in named:
            any_of.append(f"c.source not like '{IMPORT_PREFIX}%%'")
        conditions.append(f"({' or '.join(any_of)})")
    return " and ".join(conditions), parameters


@asynccontextmanager
async def snapshot(db: Database) -> AsyncIterator[Connection]:
    """Provide a connection that sees one snapshot of the log and of the facts. Raises DatabaseGone."""
    async with db.connection() as connection, connection.transaction():
        await connection.execute(BEGIN_SNAPSHOT.encode())
        yield connection


async def facts_position(connection: Connection) -> tuple[int, float]:
    """Return the log position that the facts have reached, and the age in seconds of the next event (0 at the
    end).
    """
    ((position, age),) = await fetch_tuples(
        connection, SELECT_FACTS_POSITION, {"consumer": NAME, "shape": SHAPE}
    )
    return position, round(max(float(age or 0), 0.0), 3)
