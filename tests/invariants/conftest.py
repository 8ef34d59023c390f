"""A world of people to act in, and connections to look with and to tamper with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.kernel.ledger import Ledger
from app.platform.db import Connection, connect
from tests.conftest import DatabaseUrls
from tests.random_histories import RandomWorld


@pytest.fixture
async def world(ledger: Ledger) -> RandomWorld:
    """People who can act, and no incident yet."""
    return await RandomWorld.create(ledger)


@pytest.fixture
async def eyes(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection of the service's role."""
    connection = await connect(place.url)
    yield connection
    await connection.close()


@pytest.fixture
async def hands(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection of the owner, who can do things behind the log's back."""
    connection = await connect(place.owner_url)
    yield connection
    await connection.close()
