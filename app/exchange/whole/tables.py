"""The tables in an export of the whole installation: all except derived ones, and those that are left out,
each with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.conformance.facts import consumer as conformance
from app.kpis.facts.consumer import FACTS
from app.platform.db import Connection, fetch_rows
from app.search import index

#: Schemas whose tables a restore builds again, with their sources.
DERIVED = {
    "fold": "the records, folded from the log",
    "kpi": "facts, from the log",
    "sla": "clocks, from the log",
    "search": "the index of full-text search, from the log and the files",
    "business_time": "spans of business time, from calendars",
    "schedule": "windows and bookings, from changes and freezes",
}
#: Tables that are left out though nothing gives them again.
LEFT_OUT_TABLES = {
    "log.head": "the manifest has it",
    "plumbing.migration": "the manifest has the schema",
    "plumbing.schema_change": "migrations write it",
    "plumbing.session": "people sign in again",
    "plumbing.stream_ticket": "a ticket lasts for a minute",
    "plumbing.readiness": "the pulse of a running service",
    "plumbing.kept_figures": "answers that are computed again when they are asked for",
}
EVENTS, CHECKPOINTS, MASTER = "log.event", "log.checkpoint", "vault.master"
#: Consumers whose tables are derived: they follow the log from its beginning after a restore.
BEGINNING_ANEW = (FACTS.name, conformance.NAME, index.NAME)
#: Rows that are left out of a table that is not.
CONDITIONS = {
    CHECKPOINTS: " where consumer not in ({}) and right(consumer, 5) <> '_next'".format(
        ", ".join(f"'{name}'" for name in BEGINNING_ANEW)
    )
}
#: The tables of the owner of the log, partitions under their parents' names.
SELECT_TABLES = """
select n.nspname || '.' || c.relname as name,
  array(
    select a.attname::text from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
  ) as columns,
  array(
    select distinct rn.nspname || '.' || r.relname
    from pg_constraint k join pg_class r on r.oid = k.confrelid
    join pg_namespace rn on rn.oid = r.relnamespace
    where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid
  ) as refers_to
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and right(n.nspname, 5) <> '_next'
  and c.relowner = (select relowner from pg_class where oid = 'log.event'::regclass)
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%%'
order by 1"""


@dataclass(frozen=True, slots=True)
class DatabaseTable:
    """A table with its columns in their order, and the tables that its rows must find."""

    name: str
    columns: list[str]
    refers_to: list[str]

    @property
    def selected(self) -> str:
        """Return the query of what is exported of it."""
        # The content of an event is JSON, and is read as JSON.
        columns = [
            "convert_from(data, 'UTF8') as data" if (self.name, column) == (EVENTS, "data") else f'"{column}"'
            for column in self.columns
        ]
        order = " order by position" if self.name == EVENTS else ""
        return f"select {', '.join(columns)} from {quoted(self.name)}{CONDITIONS.get(self.name, '')}{order}"


async def exported_tables(connection: Connection) -> list[DatabaseTable]:
    """Return the tables of this database that an export has, each after those that it refers to."""
    tables = [DatabaseTable(**row) for row in await fetch_rows(connection, SELECT_TABLES, ())]
    return in_order([table for table in tables if is_exported(table.name)])


def is_exported(name: str) -> bool:
    """Return whether an export has that table."""
    return name.partition(".")[0] not in DERIVED and name not in LEFT_OUT_TABLES


def in_order(tables: list[DatabaseTable]) -> list[DatabaseTable]:
    """Return the tables, each after those that it refers to."""
    ordered: list[DatabaseTable] = []
    waiting = list(tables)
    while waiting:
        names = {table.name for table in waiting}
        ready = [table for table in waiting if names.isdisjoint(table.refers_to)]
        assert ready, f"tables refer to one another: {', '.join(sorted(names))}"
        ordered += ready
        waiting = [table for table in waiting if table not in ready]
    return ordered


def quoted(name: str) -> str:
    """Return the name of a table as SQL has it."""
    schema, _, table = name.partition(".")
    return f'{schema}."{table}"'
