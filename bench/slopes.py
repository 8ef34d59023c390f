"""What a case costs: bytes of the write-ahead log, of the log, of records and of facts, and processor time of
each process, over whole lives of incidents that are told over HTTP. docs/scaling.md goes on from these.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import lags, load
from bench.figures import Figure, Run, number
from bench.lags import PgConnection
from bench.site import Site, made_token, site
from bench.writing import BODY, CLIENTS

SLOPES = "slopes"
NAMES = (SLOPES,)
CASES, QUICK_CASES = 3_000, 300
#: What happens to each incident after it is reported: with that six events, as in published logs.
LIFE: tuple[tuple[str, dict[str, str]], ...] = (
    ("acknowledge", {}),
    ("assign", {"person": "me"}),
    ("start", {}),
    ("resolve", {"resolution_code": "fixed", "done": "The queue was emptied, and the sender told."}),
    ("close", {}),
)
WAL = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"
HEAD = "select position from log.head"
#: The bytes of tables with their indexes, by schema.
SIZES = """
select n.nspname, sum(pg_total_relation_size(c.oid))::bigint
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname in ('log', 'fold', 'kpi', 'sla', 'search', 'plumbing') group by 1"""
SCHEMAS = {
    "log": "the log",
    "fold": "records",
    "kpi": "facts",
    "sla": "clocks",
    "search": "the index of words",
    "plumbing": "keys of commands, timers and the like",
}


async def measure(run: Run) -> list[Figure]:
    """Measures what so many whole lives cost, after as many that are not counted."""
    run.announce("Telling whole lives of incidents, for what each costs")
    cases = QUICK_CASES if run.quick else CASES
    with site() as installation:
        token = made_token(installation)
        await installation.serve()
        installation.work()
        with installation.administrator() as line:
            await _tell(installation, token, line, "a", cases)
            before = _now(installation, line)
            await _tell(installation, token, line, "b", cases)
            after = _now(installation, line)
    spent = {name: after[name] - before[name] for name in after}
    figures = [_figure("events for each case", spent.pop("events") / cases, "")]
    for name, amount in spent.items():
        unit = " ms" if name.startswith("processor") else " bytes"
        figures.append(_figure(f"{name} for each case", amount / cases, unit))
    return figures


def _figure(what: str, amount: float, unit: str) -> Figure:
    return Figure(SLOPES, what, number(amount) + unit, amount)


async def _tell(installation: Site, token: str, line: PgConnection, name: str, cases: int) -> None:
    port = installation.ports["api"]

    def asked(path: str, said: object, key: str) -> bytes:
        return load.request("POST", path, token, json.dumps(said).encode(), key=f"{name}-{key}")

    opening = ({"title": f"Mail does not arrive ({name} {n})", **BODY} for n in range(cases))
    requests = (asked("/v1/incidents", said, f"report-{n}") for n, said in enumerate(opening))
    _, bodies = await load.run(port, CLIENTS, 600, lambda: next(requests, None), expect=b"201")
    ids = [json.loads(body)["id"] for body in bodies]
    for action, said in LIFE:
        requests = (asked(f"/v1/incidents/{one}/{action}", said, f"{action}-{one}") for one in ids)
        await load.run(port, CLIENTS, 600, lambda: next(requests, None), expect=b"200")  # noqa: B023  # run at once
    await lags.wait_until_caught_up(line)


def _now(installation: Site, line: PgConnection) -> dict[str, float]:
    """Returns the head, bytes and milliseconds of processor time that there are now, by what they are of."""
    sizes = {name: float(size) for name, size in _rows(line, SIZES)}
    found = {
        "events": float(_value(line, HEAD)),
        "bytes of the write-ahead log": float(_value(line, WAL)),
        **{f"bytes of {SCHEMAS[schema]}": size for schema, size in sizes.items()},
    }
    for name, process in installation.processes.items():
        found[f"processor time of the {name}"] = process.cpu_seconds * 1000
    found["processor time of PostgreSQL"] = sum(_cpu_milliseconds(_backends(line)))
    return found


def _rows(line: PgConnection, query: str) -> Any:
    return line.execute(query.encode()).fetchall()


def _value(line: PgConnection, query: str) -> float:
    ((found,),) = _rows(line, query)
    return float(found)


def _backends(line: PgConnection) -> Iterator[int]:
    """Yields the ids of PostgreSQL's processes that live now, as those of readers and writers do for long."""
    for (pid,) in _rows(line, "select pid from pg_stat_activity"):
        yield int(pid)


def _cpu_milliseconds(pids: Iterator[int]) -> Iterator[float]:
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        yield sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") * 1000
