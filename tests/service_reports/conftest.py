"""What tests of service reports are given."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.client import Api
from tests.conftest import DatabaseUrls
from tests.service_levels.agreements.samples import the_parties
from tests.service_reports.desk import ReportDesk


@pytest.fixture
async def follower(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection as the worker has it."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def desk(api: Api, follower: Connection) -> ReportDesk:
    """A desk that works under agreements, and its figures."""
    parties = await the_parties(api)
    tool = await api.client("Telephone", Role.agent, Role.integration, teams=("mail-team",))
    other = await api.client("Second manager", Role.service_level_manager)
    built = ReportDesk(api, follower, parties, tool, other)
    await built.offer(await api.client("Keeper of services", Role.admin))
    return built
