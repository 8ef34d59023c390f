"""A check of all records: folds the whole log into temporary rows and compares them with the live ones
(invariant 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.common.records import Record
from app.kernel.actions.lifecycle import Lifecycle
from app.platform.db import Connection, fetch_rows, fetch_value

MOST_DIFFERENCES = 100
#: Told the name of each table before it is folded or compared.
Progress = Callable[[str], None]

# The fields that each event set on each row; those before a row's removal do not count.
CHANGES = b"""
create temp table change on commit drop as
  select split_part(s.key, '/', 1) as kind, split_part(s.key, '/', 2)::uuid as id, s.value as fields,
         e.position, e.version, e.occurred_at, e.recorded_at
  from log.told e, jsonb_each(e.data->'set') as s
  where e.position > %(after)s and e.position <= %(until)s
"""
# Most tables have few rows or are empty: without the index each of them would cost a scan of all changes.
INDEX = b"create index on change (kind)"
ANALYSE = b"analyze change"
#: The rows as their changes leave them; {before} is the row before the first of these.
FOLDED = """
removed as (
  select id, max(position) as position from change where kind = %(kind)s and fields = 'null' group by id
), folded as (
  select jsonb_populate_record({before}, log.merge(c.fields order by c.position)
           || jsonb_build_object('id', c.id, 'version', max(c.version), 'changed_at', max(c.occurred_at),
                                 'appended_at', max(c.recorded_at))) as record
  from change c left join removed r using (id)
  where c.kind = %(kind)s and (r.position is null or c.position > r.position)
  group by c.id
)"""
# As JSON are only those that differ: to make it of all took a quarter of the comparison.
SELECT_DIFFERING = """
select id, to_jsonb(folded) as folded, to_jsonb(live) as live, count(*) over () as total from compared
where folded is distinct from live order by id limit %(most)s"""
COMPARE = f"""
with {FOLDED}, compared as (
  select coalesce((f.record).id, t.id) as id, f.record as folded, t as live
  from folded f full join fold.{{kind}} t on t.id = (f.record).id
)
{SELECT_DIFFERING}"""


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
    progress: Progress = lambda table: None,
) -> FoldComparison:
    """Fold all events and compare every table with the live one, on one snapshot of both.

    `progress` is called with each table's name before it is compared.
    """
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read")
        head = await gather_changes(connection, progress)
        compared = FoldComparison(head, {}, [])
        for record in record_classes(lifecycles):
            progress(record.KIND)
            text = COMPARE.format(before=f"null::fold.{record.KIND}", kind=record.KIND)
            await add_differences(connection, compared, record, text)
    return compared


async def gather_changes(connection: Connection, progress: Progress, after: int = 0) -> int:
    """Gather the changes of rows behind a position in a table `change` until the transaction ends. Return the
    position up to which they are.
    """
    progress("log")
    head = int(await fetch_value(connection, "select position from log.head"))
    await connection.execute(CHANGES, {"after": after, "until": head})
    await connection.execute(INDEX)
    await connection.execute(ANALYSE)
    return head


async def add_differences(
    connection: Connection, compared: FoldComparison, record: type[Record], text: str
) -> None:
    """Add the rows of one table that differ, as the statement finds them."""
    rows = await fetch_rows(connection, text, {"kind": record.KIND, "most": MOST_DIFFERENCES})
    if rows:
        compared.differing[record.KIND] = rows[0]["total"]
        compared.examples.extend(
            RowDifference(record.KIND, str(row["id"]), row["folded"], row["live"]) for row in rows
        )
