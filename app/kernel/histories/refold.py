"""All records rebuilt from the log next to the live ones, compared, and exchanged in one moment.

Commands go on meanwhile. Their events are folded onto the new rows, the last of them while appending is
blocked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from app.common.records import Record
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.histories.rebuild import (
    FOLDED,
    SELECT_DIFFERING,
    FoldComparison,
    Progress,
    add_differences,
    gather_changes,
    record_classes,
)
from app.log.shadow_tables import ShadowTables, shadow_tables_made, until_unused
from app.platform.db import Connection, connect, fetch_rows

# As for a comparison; sorting and hashing all changes is what takes memory.
LIMITS = "-c jit=off -c timezone=UTC -c work_mem=256MB"
#: Rows that were removed, whether or not they were made again since.
REMOVE = """
delete from {table} t using change c where c.kind = %(kind)s and c.fields = 'null' and t.id = c.id"""
ROW_BEFORE = "(select t from {table} t where t.id = c.id)"
FOLD = f"""
with {FOLDED}
insert into {{table}} select (record).* from folded
on conflict (id) do update set ({{columns}}) = row({{excluded}})"""
COMPARE = f"""
with compared as (
  select coalesce(f.id, t.id) as id, f as folded, t as live
  from {{shadow}} f full join {{living}} t on t.id = f.id
)
{SELECT_DIFFERING}"""
COLUMNS = """
select quote_ident(attname) as name from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attname <> 'id' order by attnum"""
HOLD_LOG = "select position from log.head for update"


async def refold(
    url: str, lifecycles: Iterable[Lifecycle[Any]], progress: Progress = lambda table: None
) -> FoldComparison:
    """Rebuild all rows as the owner of the database, compare new and existing rows on one snapshot, and
    exchange them. If this raises NotExchanged or DatabaseGone, nothing has changed.
    """
    records = record_classes(lifecycles)
    shadow = ShadowTables([_living(record) for record in records])
    connection = await connect(url, LIMITS)
    try:
        async with shadow_tables_made(connection, shadow):
            compared = FoldComparison(0, {}, [])
            async with connection.transaction():
                await connection.execute("set transaction isolation level repeatable read")
                head = await _fold(connection, records, shadow, 0, progress)
                for record in records:
                    names = {"living": _living(record), "shadow": _shadow(record, shadow)}
                    await add_differences(connection, compared, record, COMPARE.format(**names))
            await shadow.vacuum(connection)
            await _exchange(connection, records, shadow, head)
            return replace(compared, events=head)
    finally:
        await connection.close()


async def _exchange(
    connection: Connection, records: Sequence[type[Record]], shadow: ShadowTables, folded: int
) -> None:
    async def once() -> None:
        nonlocal folded
        async with connection.transaction():
            folded = await _fold(connection, records, shadow, folded, progress=lambda table: None)
        async with connection.transaction():
            await shadow.lock(connection)
            await connection.execute(HOLD_LOG)
            await _fold(connection, records, shadow, folded, progress=lambda table: None)
            await shadow.exchange(connection)

    await until_unused(once)


async def _fold(
    connection: Connection,
    records: Sequence[type[Record]],
    shadow: ShadowTables,
    after: int,
    progress: Progress,
) -> int:
    """Fold the events behind a position onto the new rows. Return the position that they have reached when
    the transaction is committed.
    """
    head = await gather_changes(connection, progress, after)
    kinds = {row["kind"] for row in await fetch_rows(connection, "select distinct kind from change", ())}
    for record in records:
        if record.KIND not in kinds:
            continue
        progress(record.KIND)
        table, kind = _shadow(record, shadow), {"kind": record.KIND}
        names = [row["name"] for row in await fetch_rows(connection, COLUMNS, (table,))]
        excluded = ", ".join(f"excluded.{name}" for name in names)
        before = ROW_BEFORE.format(table=table)
        await connection.execute(REMOVE.format(table=table).encode(), kind)
        text = FOLD.format(before=before, table=table, columns=", ".join(names), excluded=excluded)
        await connection.execute(text.encode(), kind)
    return head


def _living(record: type[Record]) -> str:
    return f"fold.{record.KIND}"


def _shadow(record: type[Record], shadow: ShadowTables) -> str:
    return shadow.renaming().name_of(_living(record))
