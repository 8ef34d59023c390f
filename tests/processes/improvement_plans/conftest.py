"""What tests of improvement plans are given."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.automation.worker import Worker
from tests.client import Api
from tests.conftest import DatabaseUrls
from tests.processes.improvement_plans.samples import Programme, the_programme


@pytest.fixture
async def follower(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection as the worker has it."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def programme(api: Api, follower: Connection) -> Programme:
    return await the_programme(api, follower)


@pytest.fixture
def worker(api: Api) -> Worker:
    return Worker(api.ledger)
