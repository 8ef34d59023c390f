"""Tables that are rebuilt next to the live ones, and exchanged for them in one moment.

Meanwhile the live ones are read and written as before. The new ones have the same columns, constraints,
indexes, rights and views over them, in schemas of their own (`kpi_next` next to `kpi`), so that statements
that name the live ones fill them on a connection that renames these (db.Renaming). They are exchanged by one
transaction; a process that is killed before it leaves the live ones as they were, and the next one starts
from the beginning.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import psycopg

from app.platform.db import Connection, connect, fetch_rows, fetch_value
from app.platform.failures import OperationRefused
from app.platform.renaming import Renaming

SUFFIX = "_next"
# Readers finish first; if one takes longer, those who queue behind us go on before we try again. It is less
# than PostgreSQL's deadlock_timeout, so of two that wait for each other it is always we who give way.
LOCK_TIMEOUT = "500ms"
ATTEMPTS, PAUSE_SECONDS = 120, 1.0

#: Only one process at a time rebuilds tables. The holder of the lock may remove remains of another one.
LOCK_SHADOWS = "select pg_try_advisory_lock(hashtextextended('tables beside', 0))"
LIKE_OPTIONS = "including defaults including constraints including generated including storage"
SELECT_OPTIONS = "select array_to_string(reloptions, ', ') from pg_class where oid = %s::regclass"
SELECT_CONSTRAINTS = """
select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
where conrelid = %s::regclass and contype in ('p', 'u', 'x') order by conname"""
SELECT_INDEXES = """
select pg_get_indexdef(i.indexrelid) as definition from pg_index i
where i.indrelid = %s::regclass
  and not exists (select from pg_constraint where conindid = i.indexrelid and conrelid = i.indrelid)
order by i.indexrelid"""
#: Views that read one of the tables, by themselves or through another view; one that reads another stands
#: behind it.
SELECT_VIEWS = """
with recursive reads as (
  select distinct r.ev_class as view, d.refobjid as source from pg_rewrite r
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
), above (view, depth) as (
  select view, 1 from reads where source = any(%s::regclass[])
  union select reads.view, depth + 1 from above join reads on reads.source = above.view
)
select n.nspname || '.' || quote_ident(c.relname) as name, pg_get_viewdef(c.oid) as definition
from (select view, max(depth) as depth from above group by view) a
join pg_class c on c.oid = a.view join pg_namespace n on n.oid = c.relnamespace order by depth, name"""
SELECT_RIGHTS = """
select format('grant %%s on %%s to %%s', string_agg(acl.privilege_type, ', '), %s::text,
    case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end) as statement
from pg_class c, aclexplode(c.relacl) as acl
where c.oid = %s::regclass and acl.grantee <> c.relowner
group by acl.grantee order by acl.grantee"""


class NotExchanged(OperationRefused):
    """The tables were not exchanged, and are unchanged. The message names the obstacle."""


class ShadowTables:
    """The tables with these names (`kpi.incident_opened`), and their new copies. Those of `added` have
    copies, too, but are not exchanged: the caller adds their rows to the live ones.
    """

    def __init__(self, tables: Sequence[str], added: Sequence[str] = ()) -> None:
        self._tables, self._added = tuple(tables), tuple(added)
        self._schemas = sorted({table.partition(".")[0] for table in (*tables, *added)})
        #: The views over them; known once the tables have been made.
        self._views: tuple[str, ...] = ()

    async def create(self, connection: Connection) -> None:
        """Make the new tables, empty, as the owner of the live ones."""
        async with connection.transaction():
            await self.remove(connection)
            for schema in self._schemas:
                await connection.execute(f"create schema {schema}{SUFFIX}".encode())
            for table in (*self._tables, *self._added):
                await self._make_table(connection, table)
            views = await fetch_rows(connection, SELECT_VIEWS, (list(self._tables),))
            self._views = tuple(view["name"] for view in views)
            names = self.renaming()
            for view in views:
                text = f"create view {names.name_of(view['name'])} as {names.renamed(view['definition'])}"
                await connection.execute(text.encode())
                await _grant(connection, view["name"], names.name_of(view["name"]))

    async def _make_table(self, connection: Connection, table: str) -> None:
        shadow = self.renaming().name_of(table)
        options = await fetch_value(connection, SELECT_OPTIONS, table)
        stored = f" with ({options})" if options else ""
        await connection.execute(f"create table {shadow} (like {table} {LIKE_OPTIONS}){stored}".encode())
        for constraint in await fetch_rows(connection, SELECT_CONSTRAINTS, (table,)):
            added = f"add constraint {constraint['name']} {constraint['definition']}"
            await connection.execute(f"alter table {shadow} {added}".encode())
        for index in await fetch_rows(connection, SELECT_INDEXES, (table,)):
            await connection.execute(self.renaming().renamed(index["definition"]).encode())
        await _grant(connection, table, shadow)

    def renaming(self) -> Renaming:
        """Return how statements are changed so that they mean the new tables and views."""
        return Renaming((*self._tables, *self._added, *self._views), SUFFIX)

    async def connect(self, url: str, options: str) -> Connection:
        """Open a connection on which the names of the live tables mean the new ones. Raises DatabaseGone."""
        return await connect(url, options, self.renaming())

    async def vacuum(self, connection: Connection) -> None:
        """Give the planner the statistics of the new tables, and the visibility of their rows: indexes alone
        then answer where they can.
        """
        for table in self._tables:
            await connection.execute(f"vacuum (analyze) {self.renaming().name_of(table)}".encode())

    async def lock(self, connection: Connection) -> None:
        """Keep everybody from the living tables until the transaction ends. Raises LockNotAvailable."""
        await connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'".encode())
        await connection.execute(f"lock table {', '.join(self._tables)} in access exclusive mode".encode())

    async def exchange(self, connection: Connection) -> None:
        """Replace the live tables, which are dropped, by the new ones when the transaction ends."""
        names = self.renaming()
        for view in reversed(self._views):
            await connection.execute(f"drop view {view}".encode())
        await connection.execute(f"drop table {', '.join(self._tables)}".encode())
        for kind, moved in (("table", self._tables), ("view", self._views)):
            for name in moved:
                schema = name.partition(".")[0]
                await connection.execute(f"alter {kind} {names.name_of(name)} set schema {schema}".encode())
        await self.remove(connection)

    async def remove(self, connection: Connection) -> None:
        """Remove the new tables, if there are any."""
        for schema in self._schemas:
            await connection.execute(f"drop schema if exists {schema}{SUFFIX} cascade".encode())


@contextlib.asynccontextmanager
async def shadow_tables_made(connection: Connection, shadow: ShadowTables) -> AsyncIterator[None]:
    """Make the new tables for the block, on a connection of the owner; behind it they are gone, exchanged or
    not. Remains of a killed process are removed first.

    Raises NotExchanged if another one is at it.
    """
    if not await fetch_value(connection, LOCK_SHADOWS):
        raise NotExchanged("Another process is rebuilding the tables. Wait until it is done.")
    await shadow.create(connection)
    try:
        yield
    finally:
        if not connection.closed:
            await shadow.remove(connection)


async def _grant(connection: Connection, living: str, shadow: str) -> None:
    """Grant on the new table or view the same rights as on the live one."""
    for right in await fetch_rows(connection, SELECT_RIGHTS, (shadow, living)):
        await connection.execute(right["statement"].encode())


async def until_unused(exchange: Callable[[], Awaitable[None]]) -> None:
    """Call a function that locks tables and exchanges them, until it gets its locks. Raises NotExchanged
    after two minutes.
    """
    for _ in range(ATTEMPTS):
        try:
            await exchange()
        except psycopg.errors.LockNotAvailable:
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    raise NotExchanged(
        "The tables were in use for two minutes, so nothing was replaced. End long transactions (see "
        "pg_stat_activity), and run the command again."
    )
