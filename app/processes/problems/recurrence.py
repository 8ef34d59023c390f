"""Which incidents recur: those of one service, CI or category, as they stand now.

What was cancelled is none, a duplicate is its original, an alert that fires again is its incident already;
and what is linked to a problem that was not cancelled is behind it already, open or removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db import Connection, Database, fetch_rows
from app.kernel.ledger import Ledger
from app.kernel.reads import Reading
from app.log.canonical import instant
from app.processes.problems.records import CandidateDimension

#: So many are counted.
MOST_COUNTED = 1_000
# The offset has it asked of each incident that is looked at: as a join it begins with all links to problems.
COUNTED_CONDITION = """i.state <> 'cancelled' and i.duplicate_of_id is null and not exists (
  select 1 from fold.link l join fold.problem p on p.id = split_part(l.other, '/', 2)::uuid
  where l.record = 'incident/' || i.id and l.other like 'problem/%%' and p.state <> 'cancelled'
  offset 0)"""
# By the index of the dimension: the newest first, and no further than wanted.
COUNTED_INCIDENTS = f"""
select i.id, i.number, i.title, i.state, i.priority, i.opened_at from fold.incident i
where i.{{dimension}} = %(value)s and i.opened_at > %(since)s and {COUNTED_CONDITION} {{behind}}
order by i.opened_at desc, i.id desc limit %(limit)s"""
AFTER_CURSOR = "and (i.opened_at, i.id) < (%(opened_at)s, %(id)s)"
CANDIDATE = """
select id, version, state, since_at, decided_at from fold.problem_candidate
where dimension = %s and value = %s"""
# What follows from how often it recurs, where it is not offered as it should be. By the same index.
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
    """The incidents that count and were opened after `since`, the newest first; those behind that one."""
    query = COUNTED_INCIDENTS.format(dimension=dimension.value, behind="" if behind is None else AFTER_CURSOR)
    said: dict[str, Any] = {"value": value, "since": since, "limit": limit}
    if behind is not None:
        said |= {"opened_at": behind[0], "id": behind[1]}
    return await read(query, said)


@dataclass(frozen=True, slots=True)
class CandidateSnapshot:
    """The candidate of a service, CI or category, as far as it says what is to be counted."""

    id: UUID
    version: int
    state: str
    since_at: datetime
    decided_at: datetime | None


async def find_candidate(db: Database, dimension: CandidateDimension, value: str) -> CandidateSnapshot | None:
    """The candidate of that service, CI or category; None: there has been none."""
    row = await db.row(CANDIDATE, (dimension.value, value))
    return None if row is None else CandidateSnapshot(**row)


async def values_to_reconsider(
    connection: Connection, dimension: CandidateDimension, opens: Mapping[str, datetime], *, limit: int
) -> set[str]:
    """Those of the values that are to be offered and are not, or are and are not to be: of each, what was
    opened since then is counted, unless more is known. All at once.
    """
    said = {"dimension": dimension.value, "values": list(opens), "windows": list(opens.values())}
    if not opens:
        return set()
    rows = await fetch_rows(
        connection, VALUES_TO_RECONSIDER.format(dimension=dimension.value), said | {"limit": limit}
    )
    return {row["value"] for row in rows}


async def recurrences_of(ledger: Ledger, candidates: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Of each candidate how often it recurs, and when first and last; up to so many are counted."""
    found: dict[UUID, Any] = {}
    for row in await ledger.db.rows(CANDIDATES_BY_ID, (list(candidates),)):
        counted = await counted_incidents(
            ledger.db.rows,
            CandidateDimension(row["dimension"]),
            row["value"],
            row["since_at"],
            limit=MOST_COUNTED,
        )
        if counted:
            found[row["id"]] = {
                "cases": len(counted),
                "first_at": instant(counted[-1]["opened_at"]),
                "last_at": instant(counted[0]["opened_at"]),
            }
    return found
