"""A worker that stands still inside a call to the log until it is killed there.

Whoever only waits for some rows and kills then comes too late on a busy machine, and has proved nothing.
"""

from __future__ import annotations

import asyncio

import psycopg

from bench.kill import PATIENCE_SECONDS
from bench.site import POLL_SECONDS, Site

INSTALL_TRIGGER = """
create sequence log.counted;
create function log.hold() returns trigger language plpgsql security definer as $$
begin
  if nextval('log.counted') > {events} then perform pg_advisory_xact_lock_shared({key}); end if;
  return new;
end $$;
create trigger hold before insert on log.event for each row execute function log.hold();
"""
REMOVE_TRIGGER = "drop trigger hold on log.event; drop function log.hold(); drop sequence log.counted"
STANDING = """
select l.pid from pg_locks l join pg_database d on d.oid = l.database
where d.datname = current_database() and l.locktype = 'advisory' and l.objid = %s and not l.granted"""
KEY = 4_711_000


async def killed_in_a_call(installation: Site, events: int) -> None:
    """Starts a worker and kills it inside the call that would write one event more than `events`."""
    with installation.administrator() as connection:
        connection.execute("select pg_advisory_lock(%s)", (KEY,))
        connection.execute(INSTALL_TRIGGER.format(events=events, key=KEY).encode())
        installation.work()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (standing := _standing(connection)):  # noqa: ASYNC110  # nobody tells of it
                await asyncio.sleep(POLL_SECONDS)
        installation.kill("worker")
        # PostgreSQL looks whether somebody is still there only when it has an answer for them.
        for backend in standing:
            connection.execute("select pg_terminate_backend(%s, 60000)", (backend,))
        connection.execute(REMOVE_TRIGGER)


def _standing(connection: psycopg.Connection[tuple[int]]) -> list[int]:
    return [backend for (backend,) in connection.execute(STANDING, (KEY,))]
