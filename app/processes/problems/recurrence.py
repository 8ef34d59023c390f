"""Queries of recurring incidents: those of one service, CI or category, in their present state.

Not counted are cancelled incidents, duplicates, repeated alerts (they join their incident), and incidents
that are linked to a problem that was not cancelled, whether it is open or resolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.access.reads import Reading
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.platform.db import Connection, Database, fetch_rows
from app.processes.problems.records import CandidateDimension

#: The most incidents that are counted for a candidate.
MOST_COUNTED = 1_000
# `offset 0` keeps the subquery from becoming a join, which would start from all links to problems; so it runs
# once per incident.
COUNTED_CONDITION = """i.state <> 'cancelled' and i.duplicate_of_id is null and not exists (
  select 1 from fold.link l join fold.problem p on p.id = split_part(l.other, '/', 2)::uuid
  where l.record = 'incident/' || i.id and l.other like 'problem/%%' and p.state <> 'cancelled'
  offset 0)"""
# Uses the index of the dimension: newest first, up to the limit.
COUNTED_INCIDENTS = f"""
select i.id, i.number, i.title, i.state, i.priority, i.opened_at from fold.incident i
where i.{{dimension}} = %(value)s and i.opened_at > %(since)s and {COUNTED_CONDITION} {{behind}}
order by i.opened_at desc, i.id desc limit %(limit)s"""
AFTER_CURSOR = "and (i.opened_at, i.id) < (%(opened_at)s, %(id)s)"
CANDIDATE = """
select id, version, state, since_at, decided_at from fold.problem_candidate
where dimension = %s and value = %s"""
# The values with enough incidents and no offered candidate, or with an offered candidate and too few; by the
# same index.
VALUES_TO_RECONSIDER = f"""
select asked.value from unnest(%(values)s::text[], %(windows)s::timestamptz[]) as asked(value, opens_at)
left join fold.problem_candidate c on c.dimension = %(dimension)s and c.value = asked.value
cross join lateral (
  select count(*) as cases from (
    select from fold.incident i where i.{{dimension}} = asked.value and {COUNTED_CONDITION}
      and i.opened_at > case when c.state = 'offered' then c.since_at
        else greatest(asked.opens_at, c.decided_at) end
    order by i.opened_at desc, i.id desc limit %(limit)s) counted
) found
where (c.state is not distinct from 'offered') <> (found.cases >= %(limit)s)"""
CANDIDATES_BY_ID = "select id, dimension, value, since_at from fold.problem_candidate where id = any(%s)"


async def counted_incidents(
    read: Reading,
    dimension: CandidateDimension,
    value: str,
    since: datetime,
    *,
    limit: int,
    behind: tuple[datetime, UUID] | None = None,
) -> list[dict[str, Any]]:
    """Return the incidents that count for the value of the dimension and were opened after `since`, newest
    first, at most `limit`; with the cursor `behind`, only those after it.

    `read` runs the query.
    """
    query = COUNTED_INCIDENTS.format(dimension=dimension.value, behind="" if behind is None else AFTER_CURSOR)
    parameters: dict[str, Any] = {"value": value, "since": since, "limit": limit}
    if behind is not None:
        parameters |= {"opened_at": behind[0], "id": behind[1]}
    return await read(query, parameters)


@dataclass(frozen=True, slots=True)
class CandidateSnapshot:
    """The candidate of a service, CI or category: its state and the times that bound the count."""

    id: UUID
    version: int
    state: str
    since_at: datetime
    decided_at: datetime | None


async def find_candidate(db: Database, dimension: CandidateDimension, value: str) -> CandidateSnapshot | None:
    """Return the candidate of that service, CI or category; None before the first."""
    row = await db.row(CANDIDATE, (dimension.value, value))
    return None if row is None else CandidateSnapshot(**row)


async def values_to_reconsider(
    connection: Connection, dimension: CandidateDimension, opens: Mapping[str, datetime], *, limit: int
) -> set[str]:
    """Return the values whose candidate must be offered or withdrawn, in one query.

    `opens` is by value the time after which incidents are counted; an offered candidate counts from its own
    `since_at`, a decided one not before its decision.
    """
    parameters = {"dimension": dimension.value, "values": list(opens), "windows": list(opens.values())}
    if not opens:
        return set()
    rows = await fetch_rows(
        connection, VALUES_TO_RECONSIDER.format(dimension=dimension.value), parameters | {"limit": limit}
    )
    return {row["value"] for row in rows}


async def recurrences_of(ledger: Ledger, candidates: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Return by candidate how many incidents count, up to MOST_COUNTED, and when the first and last were
    opened.
    """
    counts: dict[UUID, Any] = {}
    for row in await ledger.db.rows(CANDIDATES_BY_ID, (list(candidates),)):
        counted = await counted_incidents(
            ledger.db.rows,
            CandidateDimension(row["dimension"]),
            row["value"],
            row["since_at"],
            limit=MOST_COUNTED,
        )
        if counted:
            counts[row["id"]] = {
                "cases": len(counted),
                "first_at": instant(counted[-1]["opened_at"]),
                "last_at": instant(counted[0]["opened_at"]),
            }
    return counts
