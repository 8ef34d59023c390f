"""A check of all records: folds the whole log into temporary rows and compares them with the live ones
(invariant 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row

from app.common.records import Record
from app.kernel.actions.lifecycle import Lifecycle
from app.platform.db import Connection

MOST_DIFFERENCES = 100

# The fields that each event set on each row; those before a row's removal do not count.
CHANGES = b"""
create temp table change on commit drop as
  select split_part(s.key, '/', 1) as kind, split_part(s.key, '/', 2)::uuid as id, s.value as fields,
         e.position, e.version, e.occurred_at, e.recorded_at
  from log.told e, jsonb_each(e.data->'set') as s
"""
COMPARE = """
with removed as (
  select id, max(position) as position from change where kind = %(kind)s and fields = 'null' group by id
), folded as (
  select jsonb_populate_record(null::fold.{kind}, log.merge(c.fields order by c.position)
           || jsonb_build_object('id', c.id, 'version', max(c.version), 'changed_at', max(c.occurred_at),
                                 'appended_at', max(c.recorded_at))) as record
  from change c left join removed r using (id)
  where c.kind = %(kind)s and (r.position is null or c.position > r.position)
  group by c.id
), compared as (
  select coalesce((f.record).id, t.id) as id, f.record as folded, t as live
  from folded f full join fold.{kind} t on t.id = (f.record).id
)
-- As JSON are only those that differ: to make it of all took a quarter of the comparison.
select id, to_jsonb(folded) as folded, to_jsonb(live) as live, count(*) over () as total from compared
where folded is distinct from live order by id limit %(most)s
"""


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that differs from the fold of its events. `folded` or `live` is None if there is no such row."""

    table: str
    id: str
    folded: dict[str, Any] | None
    live: dict[str, Any] | None

    def fields(self) -> list[str]:
        """Return the names of the fields that differ."""
        folded, live = self.folded or {}, self.live or {}
        return sorted(name for name in folded.keys() | live.keys() if folded.get(name) != live.get(name))


@dataclass(frozen=True, slots=True)
class FoldComparison:
    """The result of a comparison: the number of events, of differing rows by table, and the first of these
    rows.
    """

    events: int
    differing: dict[str, int]
    examples: list[RowDifference]


def record_classes(lifecycles: Iterable[Lifecycle[Any]]) -> list[type[Record]]:
    """Return every record class that the log folds into, each once."""
    classes = [record for lifecycle in lifecycles for record in (lifecycle.record, *lifecycle.children)]
    return list(dict.fromkeys(classes))


async def compare(
    connection: Connection,
    lifecycles: Iterable[Lifecycle[Any]],
    progress: Callable[[str], None] = lambda table: None,
) -> FoldComparison:
    """Fold all events and compare every table with the live one, on one snapshot of both.

    `progress` is called with each table's name before it is compared.
    """
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("set transaction isolation level repeatable read")
        await cursor.execute("select position from log.head")
        head = await cursor.fetchone()
        assert head is not None
        progress("log")
        await cursor.execute(CHANGES)
        # Most tables have few rows or none: without the index each of them would cost a scan of all changes.
        await cursor.execute("create index on change (kind)")
        await cursor.execute("analyze change")
        differing: dict[str, int] = {}
        examples: list[RowDifference] = []
        for record in record_classes(lifecycles):
            progress(record.KIND)
            await cursor.execute(
                COMPARE.format(kind=record.KIND).encode(), {"kind": record.KIND, "most": MOST_DIFFERENCES}
            )
            rows = await cursor.fetchall()
            if rows:
                differing[record.KIND] = rows[0]["total"]
                examples += [
                    RowDifference(record.KIND, str(row["id"]), row["folded"], row["live"]) for row in rows
                ]
    return FoldComparison(head["position"], differing, examples)
