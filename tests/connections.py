"""Connections that one test uses after another.

PostgreSQL starts a process for each connection, which then reads what it must know of our tables and compiles
our functions: that takes longer than most tests. So what is closed in good order is put back as it was
opened, and whoever connects to the same database in the same way gets it. The statements that are prepared on
it stay: to plan them again for each test takes longer than to execute them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import pq
from psycopg._preparing import PrepareManager
from psycopg.conninfo import conninfo_to_dict

#: Leaves nothing of what was done on it but what PostgreSQL has learnt.
AS_OPENED = b"""close all; unlisten *; discard temp; reset session authorization; reset all;
select pg_advisory_unlock_all()"""
#: All tests of a file together prepare more statements than a connection usually keeps.
MOST_PREPARED = 2000
#: A database, and all else that was said when it was connected to.
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Connections:
    """Those that are kept, of the databases that are `used` again; by how they were opened.

    `used` are their names, each with the host and port of the server: who takes another road to it means to.
    """

    used: dict[str, tuple[object, object]] = field(default_factory=dict)
    _kept: dict[Key, list[tuple[pq.abc.PGconn, PrepareManager]]] = field(default_factory=dict)

    def key(self, conninfo: str, more: dict[str, Any]) -> Key | None:
        """What such a connection is kept under; None: it is not."""
        parameters = {**conninfo_to_dict(conninfo), **more}
        name = str(parameters.get("dbname"))
        if self.used.get(name) != (parameters.get("host"), parameters.get("port")):
            return None
        return name, tuple(sorted((k, str(v)) for k, v in parameters.items()))

    def take(self, key: Key) -> tuple[pq.abc.PGconn, PrepareManager] | None:
        """One that is kept and still there, and what is prepared on it."""
        idle = self._kept.get(key, [])
        while idle:
            connection, prepared = idle.pop()
            with contextlib.suppress(psycopg.Error):
                connection.consume_input()
                if connection.status == pq.ConnStatus.OK:
                    return connection, prepared
            connection.finish()
        return None

    def keep(self, key: Key, connection: pq.abc.PGconn, prepared: PrepareManager) -> bool:
        """Whether it was put back as it was opened, and is kept."""
        if key[0] not in self.used or connection.exec_(AS_OPENED).status != pq.ExecStatus.TUPLES_OK:
            return False
        while connection.notifies() is not None:
            pass
        self._kept.setdefault(key, []).append((connection, prepared))
        return True

    def pids(self, name: str) -> list[int]:
        """The processes behind those that are kept of that database."""
        return [
            connection.backend_pid
            for key, idle in self._kept.items()
            if key[0] == name
            for connection, _ in idle
        ]

    def forget(self, name: str) -> None:
        """Closes all of that database; no more of them are kept."""
        self.used.pop(name, None)
        for key in [key for key in self._kept if key[0] == name]:
            for connection, _ in self._kept.pop(key):
                connection.finish()


#: Those of this process.
CONNECTIONS = Connections()


@contextlib.contextmanager
def reused_connections() -> Iterator[None]:
    """Until the block ends connections to databases that are used again are."""
    usual = psycopg.AsyncConnection
    connect, close = usual.connect, usual.close
    closed = pq.PGconn.connect_start(b"host=/nowhere")
    closed.finish()

    async def kept_connect(
        cls: type[psycopg.AsyncConnection[Any]],
        conninfo: str = "",
        *,
        autocommit: bool = False,
        prepare_threshold: int | None = 5,
        row_factory: Any = None,
        **more: Any,
    ) -> psycopg.AsyncConnection[Any]:
        key = CONNECTIONS.key(conninfo, more)
        reused = None if key is None else CONNECTIONS.take(key)
        if reused is None:
            base = {
                "autocommit": autocommit,
                "prepare_threshold": prepare_threshold,
                "row_factory": row_factory,
            }
            connection: psycopg.AsyncConnection[Any] = await connect.__func__(cls, conninfo, **base, **more)  # type: ignore[attr-defined]  # a class method
        else:
            pgconn, prepared = reused
            connection = cls(pgconn)
            connection._prepared = prepared
            connection._autocommit = autocommit
            connection.prepare_threshold = prepare_threshold
            connection.row_factory = row_factory or connection.row_factory
        if key is not None:
            connection._prepared.prepared_max = MOST_PREPARED
        connection._kept_as = key  # type: ignore[attr-defined]  # ours
        return connection

    async def kept_close(self: psycopg.AsyncConnection[Any]) -> None:
        key: Key | None = getattr(self, "_kept_as", None)
        in_order = (
            key is not None
            and not self.closed
            and self.pgconn.transaction_status == pq.TransactionStatus.IDLE
            and self._pipeline is None
        )
        if in_order and key is not None and CONNECTIONS.keep(key, self.pgconn, self._prepared):
            self._closed = True
            self.pgconn = closed
        else:
            await close(self)

    usual.connect = classmethod(kept_connect)  # type: ignore[method-assign, assignment, arg-type]  # instead of it
    usual.close = kept_close  # type: ignore[method-assign]  # instead of it
    try:
        yield
    finally:
        usual.connect, usual.close = connect, close  # type: ignore[method-assign]  # instead of it
        for name in list(CONNECTIONS.used):
            CONNECTIONS.forget(name)
