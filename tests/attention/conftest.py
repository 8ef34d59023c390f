"""What tests of attention are given."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.common.people import Role
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.attention.planted import Site
from tests.client import Api
from tests.people import add_team


@pytest.fixture
async def follower(ledger: Ledger) -> AsyncIterator[Connection]:
    """A connection as the worker has it."""
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def site(api: Api, ledger: Ledger, follower: Connection) -> Site:
    """An organisation of three teams, without a case yet."""
    teams = {key: (await add_team(ledger, key)).id for key in ("apps", "net", "desk")}
    return Site(api, ledger, follower, await api.client("Quinn", Role.quality_manager), teams)
