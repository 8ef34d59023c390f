"""Dependencies of configuration items: the items that they need, and those that need them. Relations are
followed against the direction in which failure spreads, and along it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.foundation.cis.impact import ImpactDirection, kinds_in_direction
from app.kernel.access.reads import Reading

#: Most items that are followed, and most relations from one item to another.
MOST_NEEDED, DEEPEST = 500, 10

# Items that the touched ones need, or that need them, with the number of relations to each, nearest first.
# Retired items do neither. An item may be reached at several distances, but no more often than there are
# distances: the limit is reached only where more items are needed than are followed.
WALK = """
with recursive walk (id, distance) as (
  select t.id, 0 from unnest(%(touched)s::uuid[]) as t (id)
  union
  select n.id, w.distance + 1 from walk w cross join lateral (
    select c.id from (
      select r.to_ci_id as id from fold.ci_relation r
      where r.from_ci_id = w.id and r.kind = any(%(at_its_end)s)
      union all
      select r.from_ci_id from fold.ci_relation r
      where r.to_ci_id = w.id and r.kind = any(%(at_its_start)s)
      offset 0
    ) as o cross join lateral (
      select i.id from fold.ci i where i.id = o.id and i.state <> 'retired' offset 0
    ) as c
  ) as n
  where w.distance <= %(deepest)s
)
select id, distance from walk limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class NeededCis:
    """The ids of the items that others need, directly or by way of each other, without those others; sorted.
    `truncated`: the walk ended at one of its bounds.
    """

    ids: tuple[UUID, ...]
    truncated: bool


async def needed_cis(read: Reading, touched: Iterable[UUID]) -> NeededCis:
    """Return the items that the touched ones need: breadth first."""
    return await _walk(read, touched, ImpactDirection.to_its_start, ImpactDirection.to_its_end)


async def needing_cis(read: Reading, touched: Iterable[UUID]) -> NeededCis:
    """Return the items that need the touched ones, which their failure affects: breadth first."""
    return await _walk(read, touched, ImpactDirection.to_its_end, ImpactDirection.to_its_start)


async def _walk(
    read: Reading, touched: Iterable[UUID], at_its_end: ImpactDirection, at_its_start: ImpactDirection
) -> NeededCis:
    start = set(touched)
    limit = len(start) + (MOST_NEEDED + len(start)) * (DEEPEST + 1) + 1
    rows = await read(
        WALK,
        {
            "touched": sorted(start),
            "deepest": DEEPEST,
            "at_its_end": kinds_in_direction(at_its_end),
            "at_its_start": kinds_in_direction(at_its_start),
            "limit": limit,
        },
    )
    nearest: dict[UUID, int] = {}
    for row in rows:
        nearest.setdefault(row["id"], row["distance"])
    ids = [ci_id for ci_id, distance in nearest.items() if ci_id not in start and distance <= DEEPEST]
    is_too_deep = any(distance > DEEPEST for distance in nearest.values())
    truncated = len(rows) == limit or len(ids) > MOST_NEEDED or is_too_deep
    return NeededCis(tuple(sorted(ids[:MOST_NEEDED])), truncated)
