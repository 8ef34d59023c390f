"""Databases that one test uses after another.

Making one is making hundreds of files. So a test's database is emptied behind it, and the next test gets it,
if all else in it is as it was made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from tests.connections import CONNECTIONS

Connection = psycopg.Connection[tuple[object, ...]]
#: The columns of a table, and the rows that it comes with, as COPY writes them.
Rows = tuple[sql.Composed, bytes]

PATIENCE_SECONDS = 30.0
#: What is deleted leaves room behind that plans reckon with: so often one is used, and so large may it be.
MOST_USES = 50
LARGEST_BYTES = 4 * 1024**2

#: All that a test can change besides rows: whatever is defined, set or known about the rows.
CATALOGS = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_trigger", "pg_rewrite"),
    *("pg_policy", "pg_proc", "pg_type", "pg_statistic", "pg_statistic_ext", "pg_namespace"),
)
SET = "where setdatabase in (0, (select oid from pg_database where datname = current_database()))"
#: How much there is of it, and how much of that came after `since` and not by the transactions `ours`.
DEFINED = " union all ".join(
    f"select '{name}', count(*), count(*) filter (where age(xmin) <= age(%(since)s::text::xid) "
    f"and xmin::text <> all(%(ours)s)) from {name} {where}"
    for name, where in (
        *((name, "") for name in CATALOGS),
        ("pg_database", "where datname = current_database()"),
        ("pg_db_role_setting", SET),
    )
)
#: What tables and indexes are, but for where their rows are: whoever truncates one has them kept elsewhere.
SELECT_RELATIONS = """
select md5(string_agg(concat_ws('|', oid, relname, relnamespace, reltype, relowner, relam, relkind,
  relhasindex, relpersistence, relnatts, relchecks, relhasrules, relhastriggers, relrowsecurity,
  relforcerowsecurity, relreplident, relispartition, relispopulated, relacl, reloptions, relpartbound),
  ' ' order by oid))
from pg_class"""
OURS = "c.relkind = 'r' and n.nspname <> 'information_schema' and left(n.nspname, 3) <> 'pg_'"
#: The tables that hold something, or have done so, and how many bytes.
SELECT_USED_TABLES = f"""
select * from (
  select c.oid::regclass::text as name, pg_relation_size(c.oid) as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where {OURS}
) as t where bytes > 0 order by name"""
COLUMNS = """
select array_agg(attname::text order by attnum) from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''"""
#: The triggers that hold for everybody, of a table and of those that it is a part of.
GUARDS = """
select distinct format('alter table %%s %%%%s trigger %%I', g.tgrelid::regclass, g.tgname)
from unnest(%s::regclass[]) as t (oid) left join pg_inherits i on i.inhrelid = t.oid
join pg_trigger g on g.tgrelid in (t.oid, i.inhparent) and g.tgenabled = 'A'"""
END_OTHER_CONNECTIONS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and pid <> all(%s)"""

#: A process may set up the server again, and databases of before may still be in use as templates.
_NUMBERS = count()
#: Each looks at what a test leaves behind in its database, and fails if something is wrong with it.
EXAMINED_BY: list[Callable[[Connection], None]] = []


@dataclass
class CopiedDatabase:
    """A database that was made here: what is defined in it, and the rows that it comes with."""

    name: str
    connection: Connection
    since: int
    defined: Mapping[str, object]
    relations: object
    rows: Mapping[str, Rows]
    uses: int = 0
    #: The transactions that have switched triggers off and on; what they left is as it was.
    ours: list[str] = field(default_factory=list)


@dataclass
class Databases:
    """Copies of the template, for one worker; each is somebody's, or is free to be taken."""

    administrator: str
    template: str
    prefix: str
    #: How a copy is made: in memory copying files is quicker than writing all of it to the server's log, too.
    strategy: str = ""
    _free: list[CopiedDatabase] = field(default_factory=list)

    @contextlib.contextmanager
    def lease(self) -> Iterator[str]:
        """The name of a database that is as the template is, and nobody else's until the block ends."""
        copied = self._free.pop() if self._free else self._looked_at(self.new(self.template))
        as_it_was = False
        connection_info = psycopg.conninfo.conninfo_to_dict(self.administrator)
        CONNECTIONS.used[copied.name] = connection_info.get("host"), connection_info.get("port")
        try:
            yield copied.name
            with contextlib.suppress(psycopg.Error):  # Whoever ended all connections has ended ours.
                for examine in EXAMINED_BY:
                    examine(copied.connection)
                as_it_was = _emptied(copied)
        finally:
            if as_it_was and copied.uses < MOST_USES:
                self._free.append(copied)
            else:
                self._give_up(copied)

    @contextlib.contextmanager
    def copy(self, base: str) -> Iterator[str]:
        """The name of a copy of that one, and nobody else's until the block ends."""
        name = self.new(base)
        try:
            yield name
        finally:
            self.drop(name)

    def end(self) -> None:
        """Drops all that are free."""
        for copied in self._free:
            self._give_up(copied)

    def _give_up(self, copied: CopiedDatabase) -> None:
        CONNECTIONS.forget(copied.name)
        copied.connection.close()
        self.drop(copied.name)

    def new(self, base: str) -> str:
        """The name of a new copy of that one."""
        name = f"{self.prefix}_{next(_NUMBERS)}"
        with _alone(base), psycopg.connect(self.administrator, autocommit=True) as administrator:
            # Whoever was killed could not.
            administrator.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )
            copy = sql.SQL("create database {} template {} " + self.strategy)
            administrator.execute(copy.format(sql.Identifier(name), sql.Identifier(base)))
        return name

    def drop(self, name: str) -> None:
        """Drops the database, once those who have just left it are gone."""
        # DROP DATABASE itself looks again only after 0.1 s.
        self.wait_until_left(name, 0.1)
        with psycopg.connect(self.administrator, autocommit=True) as administrator:
            administrator.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def wait_until_left(self, name: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Waits until nobody is connected to the database any more, or for so long."""
        others_connected = "select 1 from pg_stat_activity where datname = %s"
        end = time.monotonic() + seconds
        with psycopg.connect(self.administrator, autocommit=True) as administrator:
            while administrator.execute(others_connected, (name,)).fetchone() and time.monotonic() < end:
                time.sleep(0.001)

    def _looked_at(self, name: str) -> CopiedDatabase:
        address = psycopg.conninfo.make_conninfo(self.administrator, dbname=name)
        connection = psycopg.connect(address, autocommit=True)
        rows: dict[str, Rows] = {}
        for table, _ in connection.execute(SELECT_USED_TABLES).fetchall():
            assert isinstance(table, str)
            columns_row = connection.execute(COLUMNS, (table,)).fetchone()
            assert columns_row is not None
            columns = sql.SQL(", ").join(map(sql.Identifier, columns_row[0]))
            named = sql.SQL("{} ({})").format(sql.SQL(table), columns)
            with connection.cursor().copy(sql.SQL("copy {} to stdout").format(named)) as copy:
                rows[table] = (named, b"".join(copy))
        row = connection.execute("select txid_current() & x'ffffffff'::bigint").fetchone()
        assert row is not None
        copied = CopiedDatabase(name, connection, int(str(row[0])), {}, _relations(connection), rows)
        copied.defined = _defined(copied)
        return copied


@contextlib.contextmanager
def _alone(base: str) -> Iterator[None]:
    """Nobody else copies it: while somebody is connected to a template it cannot be copied."""
    with (Path(tempfile.gettempdir()) / f"{base}-{os.getuid()}.clone.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _defined(copied: CopiedDatabase) -> Mapping[str, object]:
    rows = copied.connection.execute(DEFINED, {"since": copied.since, "ours": copied.ours}).fetchall()
    return {str(catalog): numbers for catalog, *numbers in rows}


def _relations(connection: Connection) -> object:
    return connection.execute(SELECT_RELATIONS).fetchone()


def _is_as_defined(copied: CopiedDatabase) -> bool:
    """Whether all that is defined in it is as it was made; tables may have been truncated."""
    defined = _defined(copied)
    differing = [catalog for catalog, numbers in defined.items() if numbers != copied.defined[catalog]]
    if differing == ["pg_class"] and _relations(copied.connection) == copied.relations:
        row = copied.connection.execute("select txid_current() & x'ffffffff'::bigint").fetchone()
        copied.since, copied.ours = int(str(row and row[0])), []
        copied.defined = _defined(copied)
        return True
    return not differing


def _emptied(copied: CopiedDatabase) -> bool:
    """Puts back the rows that it was made with, and says whether it is as it was made."""
    connection = copied.connection
    copied.uses += 1
    patience = time.monotonic() + PATIENCE_SECONDS
    while (
        connection.execute(END_OTHER_CONNECTIONS, (CONNECTIONS.pids(copied.name),)).fetchone()
        and time.monotonic() < patience
    ):
        time.sleep(0.001)
    used = {str(table): int(str(size)) for table, size in connection.execute(SELECT_USED_TABLES).fetchall()}
    if sum(used.values()) > LARGEST_BYTES or not _is_as_defined(copied):
        return False
    guards = [str(guard) for (guard,) in connection.execute(GUARDS, (list(used),)).fetchall()]
    with connection.transaction():
        try:
            connection.execute("set local session_replication_role = replica")  # without the usual triggers
        except psycopg.errors.InsufficientPrivilege:
            return False
        if guards:
            row = connection.execute("select (txid_current() & x'ffffffff'::bigint)::text").fetchone()
            copied.ours.append(str(row and row[0]))
        emptying = [guard % "disable" for guard in guards]
        emptying += [f"delete from {table}" for table in used]
        emptying += [guard % "enable always" for guard in guards]
        connection.execute(";".join(emptying))
        for table, rows in copied.rows.values():
            with connection.cursor().copy(sql.SQL("copy {} from stdin").format(table)) as copy:
                copy.write(rows)
    return True
