"""What tests of the dashboard are given."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.conftest import DatabaseUrls


@pytest.fixture
async def follower(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection as the worker has it."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()
