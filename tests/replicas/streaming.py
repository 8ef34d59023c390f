"""A primary of one's own, and streaming replicas of it, which may lag, die and be promoted."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from app.platform import schema
from app.platform.embedded import (
    CLUSTER,
    EmbeddedPostgres,
    Tools,
    embedded_server,
    installed_tools,
    make_data_dir,
)
from app.platform.installation import OWNER_ROLE, SERVICE_ROLE, SUPERUSER
from tests.waiting import until

FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "autovacuum": "off",
}
#: The database that most tests use.
DATABASE = "desk"


class StreamingReplica:
    """A replica that runs."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server

    def url(self, database: str = DATABASE) -> str:
        """The address of a database there, as the service's role."""
        return self.server.url(database, SERVICE_ROLE)

    def execute(self, statement: str) -> Any:
        """The first column of the first row, as the superuser; None: there is none."""
        with psycopg.connect(self.server.url(DATABASE, SUPERUSER), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
        return None if row is None else row[0]

    async def shows(self, query: str) -> None:
        """Waits until the query is true there."""

        async def is_shown() -> bool:
            return bool(self.execute(query))

        await until(is_shown, 60)

    @contextlib.asynccontextmanager
    async def lagging(self) -> AsyncIterator[None]:
        """It goes no further until the block ends."""
        self.execute("select pg_wal_replay_pause()")
        await self.shows("select pg_get_wal_replay_pause_state() = 'paused'")
        try:
            yield
        finally:
            self.resume()

    def resume(self) -> None:
        """It goes on."""
        self.execute("select pg_wal_replay_resume()")

    def set_longest_delay(self, delay: str) -> None:
        """For so long it waits for reads that are in its way, before it cancels them."""
        self.execute(f"alter system set max_standby_streaming_delay = '{delay}'")
        self.execute("select pg_reload_conf()")

    def revive(self) -> None:
        """Its server runs again."""
        self.server.revive()

    def kill(self) -> None:
        """Its server ends without any word."""
        pid = int((self.server.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, signal.SIGKILL)


class ReplicatedServer:
    """A primary that runs in that folder."""

    def __init__(self, folder: Path, primary: EmbeddedPostgres) -> None:
        self._folder, self.primary = folder, primary

    def url(self, database: str = DATABASE, role: str = SERVICE_ROLE) -> str:
        """The address of a database at the primary."""
        return self.primary.url(database, role)

    def make_database(self, name: str, *, is_migrated: bool = True) -> None:
        """Makes a database, of the roles that an installation has."""
        with psycopg.connect(self.url("postgres", SUPERUSER), autocommit=True) as connection:
            for role in (OWNER_ROLE, SERVICE_ROLE):
                if not connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
                    connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
            making = sql.SQL("create database {} owner {}")
            connection.execute(making.format(sql.Identifier(name), sql.Identifier(OWNER_ROLE)))
        if is_migrated:
            schema.migrate(self.url(name, OWNER_ROLE), SERVICE_ROLE)

    def copy_database(self, source: str, name: str) -> None:
        """Makes a database with all that the one at the address `source` has."""
        self.make_database(name, is_migrated=False)
        copying = 'set -e; "$1/pg_dump" -d "$2" | "$1/psql" -q -v ON_ERROR_STOP=1 -o /dev/null -d "$3"'
        tools = Tools(installed_tools().bin, None)
        arguments = (str(tools.bin), source, self.url(name, SUPERUSER))
        tools.run("/bin/sh", "-c", copying, "sh", *arguments, seconds=300)

    @contextlib.contextmanager
    def transaction(self, statement: str) -> Iterator[Callable[[], None]]:
        """A statement in a transaction, which is rolled back when the block ends, or by what is given."""
        with psycopg.connect(self.url(DATABASE, SUPERUSER)) as connection:
            connection.execute(statement.encode())
            with psycopg.connect(self.url(DATABASE, SUPERUSER)) as other:
                # What commits sends to replicas what was written before it, too.
                other.execute("select pg_logical_emit_message(true, 'test', '')")
            yield connection.rollback
            connection.rollback()

    @contextlib.contextmanager
    def replica(self, name: str) -> Iterator[StreamingReplica]:
        """A new replica of the primary, until the block ends."""
        place, tools = self._folder / name, installed_tools()
        make_data_dir(place, tools)
        cluster = place / CLUSTER
        cluster.mkdir(mode=0o700)
        if tools.user:
            os.chown(cluster, tools.user.pw_uid, tools.user.pw_gid)
        command = [
            str(tools.bin / "pg_basebackup"),
            "-d",
            self.url("postgres", SUPERUSER),
            "-D",
            str(cluster),
        ]
        tools.run(*command, "-R", "--wal-method=stream", "--checkpoint=fast", "--no-sync", seconds=300)
        with embedded_server(place, FAST) as server:
            yield StreamingReplica(server)
