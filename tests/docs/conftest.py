"""The demo of `make run`, in short, behind a real address, for pages whose commands are run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.common.people import Role
from app.db import connect
from app.demo.history import make_history
from app.demo.report_scripts import make_reports
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.signals.nightly import note_signals
from app.settings import Settings
from tests.client import serving
from tests.conftest import DEMO, Server, fresh
from tests.demo.making import DEMO_DAYS, following
from tests.served import behind_a_socket

USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument


@dataclass(frozen=True)
class Demo:
    """The address of the demo, and the key for its admin."""

    address: str
    key: str

    @property
    def environment(self) -> dict[str, str]:
        """What commands find in their environment."""
        return {**os.environ, "API": self.address, "KEY": self.key}


async def _make_what_follows(ledger: Ledger) -> None:
    """Make what a demo has besides, as its first start and its first night do: reports, and signals."""
    persons = await make_history(ledger, lambda done, of: None, days=DEMO_DAYS)
    async with following(ledger.db.url) as follow:
        await make_reports(ledger, persons, follow)
        await follow()
    connection = await connect(ledger.db.url)
    assert await note_signals(connection, ledger, [KPIS["service_availability"]], datetime.now(UTC))
    await connection.close()


@pytest.fixture(scope="package")
async def demo(server: Server, demo_secrets: Path) -> AsyncIterator[Demo]:
    """The demo organisation with its last months, and the figures of these."""
    with fresh(server, DEMO) as place:
        async with serving(place.url, demo_secrets, USUAL) as api:
            await _make_what_follows(api.ledger)
            everything = tuple(role for role in Role if role is not Role.auditor)
            admin = await api.client("Demo admin", *everything)
            assert admin.token is not None
            async with behind_a_socket(api.app) as (host, port):
                yield Demo(f"http://{host}:{port}", admin.token)
