"""Reads of configuration items, for preparations."""

from __future__ import annotations

from uuid import UUID

from app.kernel.reads import ReadContext, Unguarded

DRAWN = """
select id, count(*) over () as population, (select position from log.head) as position from fold.ci
where state in ('live', 'maintenance')
and (%(classes)s::text[] = '{}' or ci_class = any(%(classes)s))
and (%(services)s::text[] = '{}' or services && %(services)s::text[])
order by sha256(convert_to(%(seed)s || '/' || id, 'UTF8')), id limit %(size)s
"""


async def drawn_cis(
    reads: ReadContext, classes: list[str], services: list[str], seed: str, size: int
) -> tuple[int, int, list[UUID]]:
    """Return the log's position, the number of configuration items in use of these classes and services
    (empty: of all), and the ids of those drawn: the first `size` in the order of the SHA-256 of
    `<seed>/<id>`.
    """
    said = {"classes": classes, "services": services, "seed": seed, "size": size}
    guard = Unguarded("The sample says up to which position of the log it was drawn.")
    rows = await reads.rows(DRAWN, said, guard=guard)
    position, population = (rows[0]["position"], rows[0]["population"]) if rows else (0, 0)
    return position, population, [row["id"] for row in rows]
