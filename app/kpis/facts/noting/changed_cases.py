"""The cases whose facts have changed since they were exported: noted by the writers of facts.

`kpi.changed_case` has a row per case and batch, with the position that the batch ends at. It is written in
the transaction that writes the facts, so it is complete for every snapshot of the facts. Changes are noted
only while `kpi.noting` has a row, and up to its `until`: an unused noting does not grow forever. Rebuilt
facts begin without a noting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.platform.db import Connection, fetch_tuples

TABLES = ("kpi.noting", "kpi.changed_case")
#: A noting ends so many positions after the last export.
MOST_POSITIONS = 5_000_000
#: Adds the cases, and the incidents of the problems among them: whether these repeat lies in their links.
NOTE = """
insert into kpi.changed_case (case_id, position)
select noted.case_id, %(last)s from kpi.noting cross join (
  select unnest(%(noted)s::uuid[])
  union all select incident_id from kpi.problem_incident where case_id = any (%(noted_problems)s::uuid[])
) noted(case_id)
where %(last)s <= kpi.noting.until"""
#: Begins to note changes, unless that has begun, and extends its range again. The consumer must wait
#: meanwhile.
BEGIN = """
insert into kpi.noting as old (id, since, until)
select gen_random_uuid(), position, position + %(most)s from (
  select coalesce(max(position), 0) as position from log.checkpoint where consumer = %(consumer)s
) done
on conflict (only_one) do update
  set (id, since) = (
      select case when excluded.since > old.until then excluded.id else old.id end,
        case when excluded.since > old.until then excluded.since else old.since end),
    until = excluded.until
returning id"""
#: Forgets what an export holds that was made at the position.
FORGET = """
with kept as (
  update kpi.noting set since = %(position)s where id = %(id)s and since < %(position)s returning id
)
delete from kpi.changed_case where position <= %(position)s and exists (select from kept)"""
#: Whether the noting reaches from the export to the facts, and the cases changed since the export, as
#: JSON. The facts of a replica may not have reached the export yet.
_CHANGED = """
select (select {cases} from kpi.changed_case where position > %(exported)s)
from kpi.noting
where id = %(noting)s and since <= %(exported)s and coalesce((
  select max(position) from log.checkpoint where consumer = %(consumer)s), 0)
  between %(exported)s and until"""
CHANGED = _CHANGED.format(cases="json_agg(distinct case_id)::text")
#: Likewise, and how many they are.
CHANGED_NUMBER = _CHANGED.format(cases="count(distinct case_id)")


async def note(
    connection: Connection,
    last: int,
    cases: Mapping[str, Sequence[str]],
    kinds: Collection[str],
    prepare: bool | None,
) -> None:
    """Note the cases, by kind, whose facts are written or removed in this transaction, of a batch that ends
    at `last`. Those of other kinds than `kinds` have no facts.
    """
    noted = [case for kind, some in cases.items() if kind in kinds for case in some]
    parameters: dict[str, Any] = {"last": last, "noted": noted, "noted_problems": cases.get("problem", [])}
    await fetch_tuples(connection, NOTE, parameters, prepare=prepare)
