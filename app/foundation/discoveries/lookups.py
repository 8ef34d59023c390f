"""Reads of discoveries, for preparations: differences with the recorded values as they are now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.foundation.discoveries.records import DiscoveryDifference
from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Unguarded
from app.platform.db import Row

# `agrees`: there is no difference any more; `moved`: the recorded value is another one than was listed.
STANDING = """
select d.*, c.key as ci_key, c.state as ci_state, c.attributes as ci_attributes, 'ci/' || c.id as ci_stream,
  h.version as ci_version, s.value_now,
  case d.kind
    when 'new' then exists (select from fold.ci n where n.key = d.found_item->>'key')
    when 'differs' then c.state = 'retired' or s.value_now is not distinct from d.there
    when 'missing' then c.state = 'retired'
    else c.state <> 'retired' end as agrees,
  d.kind = 'differs' and s.value_now is distinct from d.here as moved
from fold.discovery_difference d
left join fold.ci c on c.id = d.ci_id
left join log.stream_head h on h.stream = 'ci/' || d.ci_id
cross join lateral (
  select case d.attribute when 'name' then c.name when 'ci_class' then c.ci_class
    when 'services' then (select string_agg(k, ',' order by k) from unnest(c.services) k)
    else c.attributes->>substr(d.attribute, 12) end as value_now
) s
where d.record = %(record)s and d.settlement is null
"""
NAMED = f"{STANDING} and d.id = any(%(ids)s)"
FIRST_DIFFERENCES = f"""
{STANDING} and (%(kind)s::text is null or d.kind = %(kind)s)
and (%(ci_class)s::text is null or d.ci_class = %(ci_class)s)
and (%(attribute)s::text is null or d.attribute = %(attribute)s)
order by d.id limit %(most)s
"""
CHANGED = f"select * from ({STANDING}) d where agrees or moved order by id limit %(most)s"
# Items that stay wrong when these differences are settled in favour of the record.
WRONG_WITHOUT = """
select count(distinct ci_id) from fold.discovery_difference
where record = %(record)s and kind in ('differs', 'missing') and settlement is distinct from 'kept'
and not id = any(%(ids)s)
"""


async def standing_of(reads: ReadContext, record: str, ids: list[UUID]) -> dict[UUID, Row]:
    """Return the unsettled ones of these differences, by id, with the recorded values as they are now."""
    return {row["id"]: row for row in await _rows(reads, NAMED, {"record": record, "ids": ids})}


async def first_standing(reads: ReadContext, record: str, selection: dict[str, Any], most: int) -> list[Row]:
    """Return the first unsettled differences that fit `wanted`: `kind`, `ci_class`, `attribute`."""
    return await _rows(reads, FIRST_DIFFERENCES, {"record": record, "most": most, **selection})


async def changed_meanwhile(reads: ReadContext, record: str, most: int) -> list[Row]:
    """Return the first unsettled differences whose recorded values have changed since they were listed."""
    return await _rows(reads, CHANGED, {"record": record, "most": most})


async def wrong_without(reads: ReadContext, record: str, ids: list[UUID]) -> int:
    """Return the number of items that are wrong if the record is right in these differences."""
    count: int = await reads.value(WRONG_WITHOUT, {"record": record, "ids": ids}, guard=BY_RECORD_VERSION)
    return count


async def _rows(reads: ReadContext, query: str, parameters: dict[str, Any]) -> list[Row]:
    guard = Unguarded("The discovery's version is checked, and those of the items that are settled.")
    return await reads.rows(query, parameters, guard=guard)


def difference_of(row: Row) -> dict[str, Any]:
    """Return the columns of the row that are the difference's own."""
    return {name: row[name] for name in DiscoveryDifference.model_fields}
