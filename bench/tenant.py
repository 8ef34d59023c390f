"""What a tenant beyond our machines would need: bytes and processors by the measured slopes, and a simulation
of the log's head, at which every command waits.

    make bench ARGS="--only slopes --json slopes.json"
    python -m bench.tenant slopes.json --cases 100e6 --agents 2000

Nothing here is measured: docs/scaling.md says which numbers are, and where this ends.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.slopes import SCHEMAS

YEAR_HOURS = 250 * 8  # working hours: outside of them little happens
SECONDS_OF_HOUR = 3600
MOST_IN_BATCH = 64
GB = 1e9


def head_wait(per_second: float, batch_ms: float, command_ms: float, seconds: float, seed: int = 1) -> float:
    """Returns the 99th percentile of the time, in milliseconds, from a command's arrival at the log's head to
    the end of its batch: commands arrive at random, and whoever waits goes with the next batch. infinity:
    more come than the head can take.
    """
    chance, clock, waited = random.Random(seed), 0.0, list[float]()  # noqa: S311  # not for secrets
    arrival = chance.expovariate(per_second)
    waiting: list[float] = []
    while clock < seconds:
        if not waiting:
            clock = max(clock, arrival)
        while arrival <= clock:
            waiting.append(arrival)
            arrival += chance.expovariate(per_second)
        batch, waiting = waiting[:MOST_IN_BATCH], waiting[MOST_IN_BATCH:]
        clock += (batch_ms + command_ms * len(batch)) / 1000
        waited += [clock - came for came in batch]
        if len(waiting) > per_second:  # a second of commands waits, and more every second
            return float("inf")
    return sorted(waited)[int(len(waited) * 0.99)] * 1000


def capacity(batch_ms: float, command_ms: float) -> float:
    """Returns the commands per second that the head takes at the most."""
    return 1000 * MOST_IN_BATCH / (batch_ms + command_ms * MOST_IN_BATCH)


def main(
    slopes: Annotated[Path, typer.Argument(help="The figures that `make bench` wrote.")],
    cases: Annotated[float, typer.Option(help="Cases that there are to be.")] = 100e6,
    agents: Annotated[int, typer.Option(help="People who work on them.")] = 2000,
    years: Annotated[float, typer.Option(help="In how many years they come.")] = 5.0,
    peak: Annotated[float, typer.Option(help="The busiest hour, in hours of the average.")] = 5.0,
    batch_ms: Annotated[float, typer.Option(help="What a batch costs at the head, with its flush.")] = 2.0,
    command_ms: Annotated[float, typer.Option(help="What each command in it adds.")] = 0.1,
) -> None:
    """Print what such a tenant costs, and where it breaks first."""
    figures = json.loads(slopes.read_text(encoding="utf-8"))
    each = {row["what"].removesuffix(" for each case"): row["judged"] for row in figures}
    events, average = each["events"], cases / (years * YEAR_HOURS * SECONDS_OF_HOUR)
    busiest = average * peak
    table = Table("what", "amount")
    for name in SCHEMAS.values():
        table.add_row(f"bytes of {name}", f"{each.get(f'bytes of {name}', 0) * cases / GB:,.0f} GB")
    wal = each["bytes of the write-ahead log"]
    table.add_row("write-ahead log in all", f"{wal * cases / GB:,.0f} GB")
    table.add_row("write-ahead log in the busiest hour", f"{wal * busiest / 1e6:,.1f} MB/s")
    table.add_row("cases · events a second, average", f"{average:,.1f} · {average * events:,.0f}")
    table.add_row("cases · events a second, busiest hour", f"{busiest:,.1f} · {busiest * events:,.0f}")
    table.add_row(
        "events of an agent in the busiest hour", f"{busiest * events * SECONDS_OF_HOUR / agents:,.0f}"
    )
    for name in ("api", "worker", "PostgreSQL"):
        milliseconds = each[f"processor time of {'the ' if name != 'PostgreSQL' else ''}{name}"]
        table.add_row(f"processors of {name}, busiest hour", f"{milliseconds * busiest / 1000:,.2f}")
    table.add_row("commands a second that the head takes", f"{capacity(batch_ms, command_ms):,.0f}")
    for times in (1, 2, 4, 8):
        wait = head_wait(busiest * events * times, batch_ms, command_ms, 60)
        table.add_row(f"p99 at the head, {times}× the busiest hour", f"{wait:,.1f} ms")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
