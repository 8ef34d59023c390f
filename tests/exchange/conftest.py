"""A second place to bring the same history to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.conftest import DatabaseUrls, Server, fresh


@pytest.fixture
async def elsewhere(server: Server, tmp_path: Path, settings: Settings) -> AsyncIterator[Ledger]:
    """A ledger on a database of its own."""
    with fresh(server) as place:
        async with ledgers.open_ledger(
            place.url, tmp_path / "elsewhere", LIFECYCLES_BY_KIND, settings
        ) as opened:
            yield opened


@pytest.fixture
def opened_at(
    tmp_path: Path, settings: Settings
) -> Callable[[DatabaseUrls], AbstractAsyncContextManager[Ledger]]:
    """Opens a ledger on a place, with secrets of its own."""
    return lambda place: ledgers.open_ledger(
        place.url, tmp_path / place.url.rpartition("/")[2][:40], LIFECYCLES_BY_KIND, settings
    )
