"""Databases on the server that LEDGERDESK_TEST_DATABASE_URL names.

Making one there is making hundreds of files on a disk, which takes most of a second. So a test's database is
emptied behind it, and the next test gets it, if all else in it is as it was made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[object, ...]]

#: All that a test can change besides rows: whatever is defined, set or known about the rows.
CATALOGS = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_trigger", "pg_rewrite"),
    *("pg_policy", "pg_proc", "pg_type", "pg_statistic", "pg_statistic_ext", "pg_db_role_setting"),
)
DEFINED = " union all ".join(
    f"select '{name}', count(*), max(xmin::text::bigint) from {name}" for name in CATALOGS
)
TABLES = """
select c.oid::regclass::text,
  array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        order by a.attnum)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname <> 'information_schema' and left(n.nspname, 3) <> 'pg_'"""


GUARDS = """
select format('alter table %s %%s trigger %I', tgrelid::regclass, tgname)
from pg_trigger where tgenabled = 'A'"""


@dataclass
class Made:
    """What a new database is like: what is defined in it, its tables, what switches the triggers that hold
    for everybody, and the rows that it comes with.
    """

    defined: object
    tables: Sequence[str]
    guards: Sequence[str]
    rows: Sequence[tuple[sql.Composed, bytes]]


@dataclass
class Databases:
    """Copies of the template, for one worker; each is somebody's, or is free to be taken."""

    administrator: str
    template: str
    prefix: str
    _free: list[str] = field(default_factory=list)
    _made: dict[str, Made] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    @contextlib.contextmanager
    def one(self) -> Iterator[str]:
        """The name of a database that is as the template is, and nobody else's until the block ends."""
        name, as_it_was = self._free.pop() if self._free else self._new(), False
        try:
            if name not in self._made:
                with psycopg.connect(self._address(name)) as connection:
                    self._made[name] = _look(connection)
            yield name
            as_it_was = _emptied(self._address(name), name, self._made[name])
        finally:
            if as_it_was:
                self._free.append(name)
            else:
                self._drop(name)

    def drop(self) -> None:
        """Drops all that are free."""
        for name in self._free:
            self._drop(name)

    def _new(self) -> str:
        name = f"{self.prefix}_{next(self._numbers)}"
        self._drop(name)  # Whoever was killed could not.
        with psycopg.connect(self.administrator, autocommit=True) as administrator:
            copy = sql.SQL("create database {} template {}")
            administrator.execute(copy.format(sql.Identifier(name), sql.Identifier(self.template)))
        return name

    def _drop(self, name: str) -> None:
        with psycopg.connect(self.administrator, autocommit=True) as administrator:
            administrator.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def _address(self, name: str) -> str:
        return psycopg.conninfo.make_conninfo(self.administrator, dbname=name)


def _look(connection: Connection) -> Made:
    tables, rows = [], []
    for table, columns in connection.execute(TABLES).fetchall():
        assert isinstance(table, str)
        assert isinstance(columns, list)
        tables.append(table)
        named = sql.SQL("{} ({})").format(sql.SQL(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
        with connection.cursor().copy(sql.SQL("copy {} to stdout").format(named)) as copy:
            if said := b"".join(copy):
                rows.append((named, said))
    guards = [str(guard) for (guard,) in connection.execute(GUARDS).fetchall()]
    return Made(connection.execute(DEFINED).fetchall(), tables, guards, rows)


def _emptied(address: str, name: str, made: Made) -> bool:
    """Puts back the rows that it was made with, and says whether it is as it was made."""
    with psycopg.connect(address) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s and pid <> %s",
            (name, connection.info.backend_pid),
        )
        if connection.execute(DEFINED).fetchall() != made.defined:
            return False
        try:
            connection.execute("set local session_replication_role = replica")  # without the usual triggers
        except psycopg.errors.InsufficientPrivilege:
            return False
        connection.execute(";".join(guard % "disable" for guard in made.guards))
        connection.execute(";".join(f"delete from {table}" for table in made.tables))
        connection.execute(";".join(guard % "enable always" for guard in made.guards))
        for table, rows in made.rows:
            with connection.cursor().copy(sql.SQL("copy {} from stdin").format(table)) as copy:
                copy.write(rows)
        made.defined = connection.execute(DEFINED).fetchall()
    return True
