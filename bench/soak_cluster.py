"""`make soak`: an installation of several processes, with a cluster of three NATS servers, each of which is
killed under load, one at a time.

    python -m bench.soak_cluster --kills 60 --seed 7

Two APIs, two workers and two relays run as they would on several machines. Only processes that it has started
are ended. The exit code is not 0 if a command was lost or done twice, if a KPI differs from its raw
definition, or if the stream does not have each event of the log once and in order.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from bench.kill import Load, prove, prove_facts
from bench.nats_server import NatsServer, nats_server_program
from bench.site import Site, free_port, made_token, site
from bench.soak_relay import IDS, published_ids, until_published

APIS, WORKERS, RELAYS = ("api 1", "api 2"), ("worker 1", "worker 2"), ("relay 1", "relay 2")
BROKERS = 3
CLIENTS = 8
FEWEST_ANSWERS = 10
#: Seconds between two kills, on average, and those for which a broker stays away.
BETWEEN, AWAY = 1.0, 2.0


@contextmanager
def nats_cluster(program: str, folder: Path) -> Iterator[list[NatsServer]]:
    """Runs servers that keep copies of each other's streams until the block ends."""
    ports = [free_port() for _ in range(BROKERS)]
    routes = ", ".join(f"nats-route://127.0.0.1:{port}" for port in ports)
    with ExitStack() as stack:
        servers = []
        for n, port in enumerate(ports, 1):
            (folder / str(n)).mkdir()
            cluster = f"cluster {{ name: soak, listen: 127.0.0.1:{port}, routes: [{routes}] }}"
            server = NatsServer(program, folder / str(n), f"server_name: broker-{n}\n{cluster}")
            server.start()
            stack.callback(server.kill)
            servers.append(server)
        yield servers


async def killed(
    installation: Site, servers: list[NatsServer], load: Load, kills: int, chance: random.Random
) -> Counter[str]:
    """Kills one process after the other so often, and starts it again. Returns how often each was killed."""
    done: Counter[str] = Counter()
    names = (*APIS, *WORKERS, *RELAYS, *(f"broker {n}" for n in range(1, BROKERS + 1)))
    deck: list[str] = []
    for _ in range(kills):
        if not deck:
            deck = list(names)
            chance.shuffle(deck)
        name = deck.pop()
        await load.until_answered(FEWEST_ANSWERS)
        await asyncio.sleep(chance.expovariate(1 / BETWEEN))
        if name in RELAYS:
            installation.kill(name)
            installation.relay(name)
        elif name in WORKERS:
            installation.kill(name)
            installation.work(name)
        elif name in APIS:
            installation.kill(name)
            await installation.serve(name)
        else:
            server = servers[int(name.split()[1]) - 1]
            server.kill()
            await asyncio.sleep(chance.expovariate(1 / AWAY))
            server.start()
        done[name] += 1
    return done


async def soak(installation: Site, servers: list[NatsServer], kills: int, seed: int) -> bool:
    """Kills, and prints what came of it. Returns whether all is well."""
    chance = random.Random(seed)  # noqa: S311  # for accidents
    token = made_token(installation)
    await asyncio.gather(*map(installation.serve, APIS))
    for name in WORKERS:
        installation.work(name)
    for name in RELAYS:
        installation.relay(name)
    load = Load([f"http://127.0.0.1:{installation.ports[name]}" for name in APIS], token, chance)
    load.start(CLIENTS)
    done = await killed(installation, servers, load, kills, chance)
    await load.until_answered(FEWEST_ANSWERS)
    await load.end()
    proof, facts = await prove(installation.url, load.answered), await prove_facts(installation.url)
    await until_published(installation, servers[0])
    with psycopg.connect(installation.url) as line:
        expected = [event_id for (event_id,) in line.execute(IDS)]
    found = await published_ids(servers[0])
    typer.echo(f"killed: {', '.join(f'{name} {count}' for name, count in sorted(done.items()))}")
    typer.echo(
        f"{proof.done:,} commands done, {load.happened['no answer']:,} sent again, {proof.events:,} events"
    )
    typer.echo(f"{facts.compared:,} numbers of KPIs compared, {facts.difference_count} differ")
    typer.echo(f"{len(found):,} messages of {len(expected):,} events")
    for fault, count in proof.faults().items():
        if count:
            typer.echo(f"{fault}: {count}")
    return (
        proof.is_clean
        and facts.difference_count == 0
        and load.happened["failed"] == 0
        and found == expected[: len(found)]
        and len(found) >= proof.events
    )


def main(
    kills: Annotated[int, typer.Option(min=1, help="How often one of the processes is killed.")] = 45,
    seed: Annotated[int | None, typer.Option(help="Of the accidents; none: another each time.")] = None,
) -> None:
    """Kill APIs, workers, relays and brokers one by one under load, and prove that nothing is lost."""
    program = nats_server_program()
    if program is None:
        typer.echo("There is no nats-server here: no cluster is tried.")
        return
    chosen = int(time.time()) if seed is None else seed
    with (
        tempfile.TemporaryDirectory() as folder,
        nats_cluster(program, Path(folder)) as servers,
        site() as installation,
    ):
        addresses = ",".join(server.address for server in servers)
        installation.settings |= {"RELAY_URL": f"nats://{addresses}", "RELAY_REPLICAS": str(BROKERS)}
        well = asyncio.run(soak(installation, servers, kills, chosen))
    typer.echo(f"Seed {chosen}: {'all is well' if well else 'NOT ALL IS WELL'}.")
    raise typer.Exit(0 if well else 1)


if __name__ == "__main__":
    typer.run(main)
