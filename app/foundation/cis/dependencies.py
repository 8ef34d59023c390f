"""What configuration items need, and what needs them: the relations, followed against the direction in which
failure spreads, and along it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.foundation.cis.impact import ImpactDirection, kinds_in_direction
from app.kernel.reads import Reading

#: Most items that are followed, and most relations from one item to another.
MOST_NEEDED, DEEPEST = 500, 10

# One level: what the `frontier` needs, or what needs it, and is not known already. Retired items do neither.
NEXT_LEVEL = """
select distinct c.id from unnest(%(frontier)s::uuid[]) as f (id) cross join lateral (
  select r.to_ci_id as id from fold.ci_relation r where r.from_ci_id = f.id and r.kind = any(%(at_its_end)s)
  union all
  select r.from_ci_id from fold.ci_relation r where r.to_ci_id = f.id and r.kind = any(%(at_its_start)s)
  offset 0
) as w join fold.ci c on c.id = w.id and c.state <> 'retired'
where not c.id = any(%(known)s::uuid[])
order by c.id limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class NeededCis:
    """The ids of the items that others need, directly or by way of each other, without those others; sorted.
    `truncated`: the walk ended at one of its bounds.
    """

    ids: tuple[UUID, ...]
    truncated: bool


async def needed_cis(read: Reading, touched: Iterable[UUID]) -> NeededCis:
    """Return the items that the touched ones need: breadth first, a statement for each level."""
    return await _walk(read, touched, ImpactDirection.to_its_start, ImpactDirection.to_its_end)


async def needing_cis(read: Reading, touched: Iterable[UUID]) -> NeededCis:
    """Return the items that need the touched ones, in the same way: those that their failure affects."""
    return await _walk(read, touched, ImpactDirection.to_its_end, ImpactDirection.to_its_start)


async def _walk(
    read: Reading, touched: Iterable[UUID], at_its_end: ImpactDirection, at_its_start: ImpactDirection
) -> NeededCis:
    start = sorted(set(touched))
    known = dict.fromkeys(start)
    frontier = start
    for depth in range(DEEPEST + 1):
        room = MOST_NEEDED - (len(known) - len(start))
        found = await read(
            NEXT_LEVEL,
            {
                "frontier": frontier,
                "known": list(known),
                "at_its_end": kinds_in_direction(at_its_end),
                "at_its_start": kinds_in_direction(at_its_start),
                "limit": room + 1,
            },
        )
        if not found:
            return NeededCis(tuple(sorted(known.keys() - set(start))), truncated=False)
        if len(found) > room or depth == DEEPEST:
            break
        frontier = [row["id"] for row in found]
        known |= dict.fromkeys(frontier)
    return NeededCis(tuple(sorted(known.keys() - set(start))), truncated=True)
