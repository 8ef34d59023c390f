"""The demo of `make run`, in short, behind a real address, for pages whose commands are run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.server.demo_keys import READER
from app.cli.server.demo_server import make_keys
from app.demo.history import make_history
from app.demo.scripts.report_scripts import make_reports
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.signals.nightly import note_signals
from app.platform.db import connect
from app.platform.settings import Settings
from tests.client import serving
from tests.conftest import DEMO, Server, fresh
from tests.demo.making import DEMO_DAYS, following
from tests.extent import WHOLE
from tests.served import behind_a_socket
from tests.webhooks.tools import processing_deliveries

USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument


@dataclass(frozen=True)
class Demo:
    """The address of the demo, and its printed keys by their purpose."""

    address: str
    keys: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What commands find in their environment: each key by the name that pages give it."""
        named = {name.upper(): key for name, key in self.keys.items()}
        return {**os.environ, "API": self.address, "KEY": self.keys[READER], **named}


async def _make_what_follows(ledger: Ledger) -> dict[str, str]:
    """Make what a demo has besides, as its first start and its first night do: reports, signals, and keys.
    Return the keys by their purpose.
    """
    persons = await make_history(ledger, lambda done, total: None, days=DEMO_DAYS)
    if WHOLE:  # The pages that everybody begins with show none of it.
        async with following(ledger.db.url) as follow:
            await make_reports(ledger, persons, follow)
            await follow()
        connection = await connect(ledger.db.url)
        assert await note_signals(connection, ledger, [KPIS["service_availability"]], datetime.now(UTC))
        await connection.close()
    return await make_keys(ledger, persons)


@pytest.fixture(scope="package")
async def demo(server: Server, demo_secrets: Path) -> AsyncIterator[Demo]:
    """The demo organisation with its last months, and the figures of these."""
    with fresh(server, DEMO) as place:
        async with serving(place.url, demo_secrets, USUAL) as api:
            keys = await _make_what_follows(api.ledger)
            async with behind_a_socket(api.app) as (host, port), processing_deliveries(api.ledger):
                yield Demo(f"http://{host}:{port}", keys)
