"""Impact of a configuration item's failure: the relations, followed in the direction in which failure
spreads.

`A runs_on B`      B's failure touches A        so do `depends_on`, `uses` and `connects_to`
`A part_of B`      A's failure touches B        a whole without one of its parts is not whole
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.records import CodeEnum
from app.foundation.cis.records import RelationKind
from app.platform.db import Database


class ImpactDirection(CodeEnum):
    """The end of a relation that is affected by the failure of the other end."""

    to_its_start = "to_its_start", "From its end to its start", "从关系的终点到起点"
    to_its_end = "to_its_end", "From its start to its end", "从关系的起点到终点"


#: Direction in which failure spreads along each kind. The item that `connects_to` another needs it, but not
#: the reverse: a switch does not fail with a printer. Where both need each other, there are two relations.
#: The SQL function `schedule.needed_by` has the same directions: change both, that one by a migration.
IMPACT_DIRECTIONS: dict[RelationKind, ImpactDirection] = {
    RelationKind.runs_on: ImpactDirection.to_its_start,
    RelationKind.depends_on: ImpactDirection.to_its_start,
    RelationKind.connects_to: ImpactDirection.to_its_start,
    RelationKind.part_of: ImpactDirection.to_its_end,
    RelationKind.uses: ImpactDirection.to_its_start,
}
USUAL_DEPTH, LARGEST_DEPTH = 6, 10
#: Most affected items in a result; one that leaves some out is marked as truncated.
MOST_AFFECTED_CIS = 2_000
#: Most relations followed from one level to the next. Most relations of a hub lead to items of earlier
#: levels.
MOST_RELATIONS_FOLLOWED = 10_000

# One level: the items affected by the failure of the `frontier` that earlier levels lack, each by its first
# relation in the order of the kinds. Retired items neither fail nor are affected.
# `offset 0` keeps the planner to the index: it reads rows until there are enough; without it, the planner,
# which cannot know that number, would rather read all items.
NEXT_LEVEL = """
with affected as materialized (
  select unnest(%(affected)s::uuid[]) as id
), step as materialized (
  select w.id, w.kind, f.via from unnest(%(frontier)s::uuid[]) as f (via) cross join lateral (
    select r.from_ci_id as id, r.kind from fold.ci_relation r
    where r.to_ci_id = f.via and r.kind = any(%(to_start)s)
    union all
    select r.to_ci_id, r.kind from fold.ci_relation r
    where r.from_ci_id = f.via and r.kind = any(%(to_end)s)
    offset 0
  ) as w
  limit %(steps)s
), touched as (
  select distinct on (w.id) w.id, w.kind, w.via from step w
  where not exists (select from affected k where k.id = w.id)
  order by w.id, w.kind, w.via
)
select c.id, c.key, c.name, c.ci_class, c.state, c.services, t.kind, t.via,
  (select count(*) from step) as steps
from touched t cross join lateral (
  select * from fold.ci c where c.id = t.id and c.state <> 'retired' offset 0
) as c
order by t.id
limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class ImpactResult:
    """The affected items, the nearest first.

    Each has its `distance` (1: directly), the `kind` of the relation and `via`, the id of the item whose
    failure affects it. `truncated`: the walk ended at one of its bounds, so that items are or may be missing.
    """

    affected: Sequence[dict[str, Any]]
    truncated: bool


def kinds_in_direction(direction: ImpactDirection) -> list[str]:
    """Return the kinds of relations along which failure spreads in that direction."""
    return [kind.value for kind, spread in IMPACT_DIRECTIONS.items() if spread is direction]


async def impact(
    db: Database,
    failing: UUID,
    depth: int,
    most: int = MOST_AFFECTED_CIS,
    most_relations: int = MOST_RELATIONS_FOLLOWED,
) -> ImpactResult:
    """Return the items affected by the failure within `depth` relations, at most `most`: breadth first, by
    one statement for each level, which follows at most `most_relations`. Cycles end at items of earlier
    levels.
    """
    affected: dict[UUID, dict[str, Any]] = {}
    frontier = [failing]
    for distance in range(1, depth + 1):
        room = most - len(affected)
        parameters = {
            "frontier": frontier,
            "affected": [failing, *affected],
            "to_start": kinds_in_direction(ImpactDirection.to_its_start),
            "to_end": kinds_in_direction(ImpactDirection.to_its_end),
            "steps": most_relations + 1,
            "limit": room + 1,
        }
        # Planned for this frontier: a generic plan for one item and for a thousand takes twice as long for
        # these.
        rows = await db.rows(NEXT_LEVEL, parameters, prepare=False)
        for row in rows[:room]:
            affected[row["id"]] = {**row, "distance": distance}
        if len(rows) > room or (rows and rows[0]["steps"] > most_relations):
            return ImpactResult(list(affected.values()), truncated=True)
        if not rows:
            break
        frontier = [row["id"] for row in rows]
    return ImpactResult(list(affected.values()), truncated=False)
