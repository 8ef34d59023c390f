"""The demo, as one copy for all tests that only read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.kernel.ledger import Ledger, open_ledger
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.conftest import DEMO, Server, fresh

USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument


@pytest.fixture(scope="package")
async def demo_to_read(server: Server, demo_secrets: Path) -> AsyncIterator[Ledger]:
    """An open ledger on a copy of the demo that no test changes."""
    with fresh(server, DEMO) as place:
        async with open_ledger(place.url, demo_secrets, LIFECYCLES_BY_KIND, USUAL) as opened:
            yield opened
