"""Reads of configuration items, for preparations."""

from __future__ import annotations

from uuid import UUID

from app.kernel.access.reads import ReadContext, Unguarded
from app.platform.db import Row

DRAWN = """
select id, count(*) over () as population, (select position from log.head) as position from fold.ci
where state in ('live', 'maintenance')
and (%(classes)s::text[] = '{}' or ci_class = any(%(classes)s))
and (%(services)s::text[] = '{}' or services && %(services)s::text[])
order by sha256(convert_to(%(seed)s || '/' || id, 'UTF8')), id limit %(size)s
"""
# The unauthorised alterations of an item, and whether a change was named for them; events of before
# `regularised_number` named one for all.
UNAUTHORISED = """
with alteration as (
  select id, version, occurred_at, type, actor, on_behalf_of,
    (data->'set'->stream->>'unauthorised_count')::integer as number,
    data->'set'->stream->>'regularised_number' as regularised
  from log.told where stream = %(stream)s
), regularised as (
  select version, regularised::integer as number from alteration where type = 'ci.regularised'
)
select s.id, s.occurred_at, s.number, s.actor, s.on_behalf_of,
  exists (select from regularised r where r.version > s.version
    and coalesce(r.number, s.number) = s.number
  ) as is_regularised
from alteration s where s.number > 0 order by s.version
"""


async def drawn_cis(
    reads: ReadContext, classes: list[str], services: list[str], seed: str, size: int
) -> tuple[int, int, list[UUID]]:
    """Return the log's position, the number of configuration items in use of these classes and services
    (empty: of all), and the ids of those drawn: the first `size` in the order of the SHA-256 of
    `<seed>/<id>`.
    """
    parameters = {"classes": classes, "services": services, "seed": seed, "size": size}
    guard = Unguarded("The sample says up to which position of the log it was drawn.")
    rows = await reads.rows(DRAWN, parameters, guard=guard)
    position, population = (rows[0]["position"], rows[0]["population"]) if rows else (0, 0)
    return position, population, [row["id"] for row in rows]


async def unauthorised_alterations(reads: ReadContext, stream: str) -> list[Row]:
    """Return the unauthorised alterations of the item with that stream, the first first: `id` of the event,
    `occurred_at`, `number`, `actor`, `on_behalf_of`, `is_regularised`.
    """
    guard = Unguarded("They are events of the item itself, whose version is checked.")
    return await reads.rows(UNAUTHORISED, {"stream": stream}, guard=guard)
