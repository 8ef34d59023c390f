"""The demo as a server: its organisation is made at the first start, then it is served with a worker."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import typer

from app.cli.figures.kpi import catch_up
from app.cli.keys import add_person, make_token
from app.cli.output import print_line, print_table
from app.cli.server import logs
from app.cli.server.demo_keys import (
    KEY_FILE,
    READER,
    address_of,
    keep_address,
    kept_address,
    kept_keys,
    read_keys,
    write_private,
)
from app.cli.server.first_start import FirstStart
from app.cli.server.serve import bind_listener, run, supervised_worker
from app.cli.webhook_samples import replay_samples
from app.conformance.facts.consumer import consumer as cases_followed
from app.demo import history
from app.demo.data.organisation import KEYS, OPERATIONS_LEAD
from app.demo.scripts.governance.year import make_governance
from app.demo.scripts.improvement_scripts import make_improvements
from app.demo.scripts.integration_scripts import make_integrations
from app.demo.scripts.report_scripts import make_reports
from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.platform import installation, loop
from app.platform.installation import Installation
from app.platform.settings import Settings
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND


def serve_demo(current: Settings) -> None:
    """Make the demo organisation if it is missing, then serve it, with a worker, until it is stopped."""
    # A visitor needs no log lines below warning; LEDGERDESK_LOG_LEVEL shows them.
    level = current.log_level if "log_level" in current.model_fields_set else "warning"
    logs.configure_logging(level)
    if current.public_url is None:
        # Links of notices lead to the demo itself.
        current = current.model_copy(update={"public_url": address_of(current)})
    with installation.open_installation(current, watched=True) as place:
        installation.check(place, current, patient=True)
        listener = bind_listener(current.host, current.port)
        keys = loop.run(_prepared(place, current))
        # Clients that connect early wait in the queue until the server is up, and are not refused.
        listener.listen()
        keep_address(current)
        _welcome(address_of(current), keys)
        with supervised_worker(level, current.public_url):
            run(place, current, listener)
    print_line("Stopped. The data is kept; continue with make run.")


def replay(current: Settings) -> None:
    """Post the samples of every tool to the demo that is running, and print the results."""
    loop.run(_replay_samples(current))


async def _replay_samples(current: Settings) -> None:
    """Post the samples of every tool to the demo that is running, and print what becomes of them."""
    key, address = kept_keys(current)["admin"], kept_address(current)
    try:
        async with httpx.AsyncClient(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as client:
            rows = [replayed async for replayed in replay_samples(client)]
    except (httpx.HTTPError, TimeoutError) as error:
        raise typer.BadParameter(f"the demo does not respond at {address}: {error}") from error
    print_table(("tool", "delivery", "response", "result"), [tuple(map(str, row)) for row in rows])


async def _prepared(place: Installation, current: Settings) -> dict[str, str]:
    """Make the demo organisation unless it exists; return its keys by their purpose."""
    path = place.secrets_dir / KEY_FILE
    if path.exists():
        return read_keys(path)
    async with ledgers.open_ledger(
        place.url, place.secrets_dir, LIFECYCLES_BY_KIND, current, patient=True
    ) as ledger:
        with FirstStart() as start:
            start.start_step(
                "Creating the demo organisation with two years of history (only once, about a minute)"
            )
            persons = await history.make_history(ledger, start.advance)
            # A new user looks at the KPIs first, before the worker has computed them; reports and the effects
            # of improvements are made of them.
            start.start_step("Computing the figures")
            await catch_up(place.url, cases_followed(LIFECYCLES))  # audits ask how cases went
            start.start_step("Creating improvements and measuring their effects")
            await make_improvements(ledger, persons, lambda: catch_up(place.url))
            start.start_step("Creating a year of governance: processes, risks, audits")
            await make_governance(ledger, persons, lambda: catch_up(place.url))
            start.start_step("Creating the service reports")
            await make_reports(ledger, persons, lambda: catch_up(place.url))
            start.start_step("Connecting two tools")
            await make_integrations(ledger, persons[OPERATIONS_LEAD], lambda: datetime.now(UTC))
            await catch_up(place.url)
        keys = await make_keys(ledger, persons)
    write_private(path, json.dumps(keys, indent=2))
    return keys


async def make_keys(ledger: Ledger, persons: Mapping[str, UUID]) -> dict[str, str]:
    """Make a key for each entry of KEYS, for its named person or a new one; return the keys by purpose."""
    keys = {}
    for owner, name, roles in KEYS:
        held = tuple(role.value for role in roles)
        title = f"Demo {owner.replace('_', ' ')}"
        person = str(persons[name]) if name else await add_person(ledger, title, roles=held)
        keys[owner] = await make_token(ledger, person, title, None, held)
    return keys


def _welcome(address: str, keys: dict[str, str]) -> None:
    print_line(f"Ledgerdesk is at {address}")
    print_line(f"  the desk           {address}/desk  (sign in with the key for agent)")
    print_line(f"  the portal         {address}/portal  (for requester)")
    print_line(f"  the dashboard      {address}/dashboard  (for {READER})")
    print_line(f"  API documentation  {address}/docs")
    print_line(f"  the contract       {address}/openapi.json")
    print_line("")
    print_line("Keys of the demo organisation, for the header Authorization: Bearer …")
    print_table(("for", "key"), list(keys.items()))
    print_line("")
    key = keys.get(READER, "…")  # a demo made by an older version has other keys
    print_line(f"Try: curl -H 'Authorization: Bearer {key}' '{address}/v1/incidents?limit=3'")
    print_line("     or with '/v1/kpis/incident_resolution_seconds?grain=month'; or run ledgerdesk kpi")
    program = shlex.quote(str(Path(sys.executable).with_name("ledgerdesk")))
    print_line(f'In another terminal: eval "$({program} demo --keys)" sets a variable for each key.')
    print_line("Ctrl-C stops everything.")
