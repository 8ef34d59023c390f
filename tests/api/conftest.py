"""What the tests of one file share, because each of them looks only at records of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.registry import BY_KIND
from app.settings import Settings
from tests.client import Api, serving
from tests.conftest import Place, Server, fresh

USUAL = Settings(_env_file=None)  # type: ignore[call-arg]  # Pydantic's own argument


@pytest.fixture(scope="module")
def lasting(server: Server) -> Iterator[Place]:
    """A database that is made once for the file."""
    with fresh(server) as made:
        yield made


@pytest.fixture(scope="module")
async def crowded(lasting: Place, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ledger]:
    """An open ledger on it."""
    secrets = tmp_path_factory.mktemp("secrets")
    async with ledgers.opened(lasting.url, secrets, BY_KIND, USUAL) as opened:
        yield opened


@pytest.fixture(scope="module")
async def shared(lasting: Place, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """The application on it."""
    async with serving(lasting.url, tmp_path_factory.mktemp("secrets"), USUAL) as opened:
        yield opened
