"""A writer, and a connection to look with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.log.writer import Writer
from app.platform.db import Connection, connect
from tests.conftest import DatabaseUrls


@pytest.fixture
async def log(place: DatabaseUrls) -> AsyncIterator[Writer]:
    """An open writer on a database of its own."""
    opened = Writer(place.url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def eyes(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection to look with, and to do as the service's role what the writer does not."""
    connection = await connect(place.url)
    yield connection
    await connection.close()
