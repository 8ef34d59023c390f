"""Examinations of the PostgreSQL server: its version, clock, roles and connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime

import psycopg

from app.cli.doctor.findings import CheckOutcome, ReachedDatabase, failure, success, warning
from app.platform import schema
from app.platform.settings import Settings
from app.platform.shared_connections import MOST_CONNECTIONS

OLDEST_POSTGRESQL = 150_000
#: Beyond this, timers go off at a wrong time, and sign-ins of a provider are refused.
SKEW_SECONDS, WRONG_SECONDS = 2.0, 60.0
#: Connections of a process at the most, besides those for reading (docs/operations.md, Connections).
OF_AN_API, OF_A_WORKER, OF_A_COMMAND = 6, 7 + MOST_CONNECTIONS, 3
SERVER = """
select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
  clock_timestamp() as now, current_user as role"""
ROLE = """
select r.rolsuper as superuser,
  r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls as wide,
  has_function_privilege(current_user, p.oid, 'execute') as appends,
  has_table_privilege(current_user, 'log.event', 'insert, update, delete, truncate, trigger') as writes
from pg_roles r, pg_proc p
where r.rolname = current_user and p.proname = 'append' and p.pronamespace = 'log'::regnamespace"""
CONNECTIONS = """
select limits.most::int as most, limits.used::int as used from pg_database d, pg_roles r, lateral (
  select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      as most,
    (select count(*) from pg_stat_activity where backend_type = 'client backend') as used
  union all select d.datconnlimit, (select count(*) from pg_stat_activity where datid = d.oid)
  union all select r.rolconnlimit, (select count(*) from pg_stat_activity where usesysid = r.oid)
) as limits
where d.datname = current_database() and r.rolname = current_user and limits.most >= 0
order by limits.most - limits.used limit 1"""
ARCHIVER = """
select current_setting('archive_mode') as mode, a.last_archived_time as archived_at,
  coalesce(a.last_failed_time > a.last_archived_time, a.last_failed_time is not null) as failing,
  (select count(*) from pg_replication_slots where slot_type = 'physical') as slots,
  (select count(*) from pg_replication_slots where slot_type = 'physical' and not active) as idle_slots,
  (select count(*) from pg_replication_slots where wal_status in ('unreserved', 'lost')) as lost_slots
from pg_stat_archiver a"""


async def examine_server(
    reached: ReachedDatabase, clock: Callable[[], datetime]
) -> AsyncIterator[CheckOutcome]:
    """Examine the server, as the role that the service logs in as."""
    before = clock()
    row = await reached.db.row(SERVER)
    after = clock()
    assert row is not None
    if row["number"] < OLDEST_POSTGRESQL:
        yield failure("server_version", version=row["version"])
    else:
        yield success("server_ok", version=row["version"])
    yield _clock(row["now"], before, after)
    async for outcome in _roles(reached, row["role"]):
        yield outcome
    yield await _connections(reached)
    yield await _archiving(reached)


def _clock(server: datetime, before: datetime, after: datetime) -> CheckOutcome:
    """Compare the clock of the server with ours, which was read before and after it."""
    late = max((before - server).total_seconds(), (server - after).total_seconds(), 0.0)
    words = {"seconds": f"{late:.1f}"}
    if late > WRONG_SECONDS:
        return failure("clock_wrong", **words)
    return warning("clock_wrong", **words) if late > SKEW_SECONDS else success("clock_ok", **words)


async def _roles(reached: ReachedDatabase, role: str) -> AsyncIterator[CheckOutcome]:
    """Examine the rights of the service's role, and of the owner if that address is known."""
    rights = await reached.db.row(ROLE)
    if rights is None:
        yield failure("roles_rights", role=role)
        return
    may_own = reached.setup.settings.allow_owner
    if rights["superuser"]:
        yield (warning if may_own else failure)("roles_superuser", role=role)
    elif schema.owns_the_log(reached.db.url) or rights["writes"]:
        yield (warning if may_own else failure)("roles_owner", role=role)
    elif not rights["appends"]:
        yield failure("roles_rights", role=role)
    elif rights["wide"]:
        yield warning("roles_wide", role=role)
    else:
        yield success("roles_ok", role=role)
    owner_url = reached.setup.settings.owner_url
    if owner_url is not None:
        yield _owner(owner_url)


def _owner(url: str) -> CheckOutcome:
    try:
        owns = schema.owns_the_log(url)
    except psycopg.Error as error:
        return failure("owner_away", why=str(error).strip())
    return success("owner_ok") if owns else failure("owner_other")


async def _connections(reached: ReachedDatabase) -> CheckOutcome:
    # Connections left in the server, the database or the role: whichever has the fewest.
    row = await reached.db.row(CONNECTIONS)
    assert row is not None
    setup = reached.setup
    limit = row["most"]
    needed = connections_needed(setup.settings, setup.apis, setup.workers)
    words = {
        "limit": limit,
        "used": row["used"],
        "needed": needed,
        "apis": setup.apis,
        "workers": setup.workers,
    }
    if row["used"] >= limit - OF_A_COMMAND:
        return failure("connections_used", **words)
    return warning("connections_few", **words) if needed > limit else success("connections_ok", **words)


def connections_needed(settings: Settings, apis: int, workers: int) -> int:
    """Return the largest number of connections of so many processes, with one command next to them."""
    reading = settings.read_connections
    return apis * (OF_AN_API + reading) + workers * (OF_A_WORKER + reading) + OF_A_COMMAND


async def _archiving(reached: ReachedDatabase) -> CheckOutcome:
    """Examine whether the log of PostgreSQL goes somewhere, without which only base backups come back."""
    row = await reached.db.row(ARCHIVER)
    assert row is not None
    if row["lost_slots"]:
        return failure("archive_lost", slots=row["lost_slots"])
    if row["idle_slots"]:
        return warning("archive_idle", slots=row["idle_slots"])
    if row["mode"] != "off" and row["failing"]:
        return failure("archive_failing")
    if row["mode"] == "off" and not row["slots"]:
        return warning("archive_none")
    return success("archive_ok")
