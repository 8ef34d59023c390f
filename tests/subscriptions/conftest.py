"""An installation that may send to this machine, and its sender."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from app.platform.settings import Settings
from tests.client import Api, Client
from tests.conftest import DatabaseUrls
from tests.subscriptions.receivers import Receiver, receiving
from tests.subscriptions.stages import Stage


@pytest.fixture
def settings() -> Settings:
    return Settings.model_construct(outward_networks="127.0.0.0/8", outward_http=True)


@pytest.fixture
async def connection(place: DatabaseUrls) -> AsyncIterator[Connection]:
    lent = await connect(place.url, FOLLOW_LIMITS)
    yield lent
    await lent.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def admin(api: Api) -> Client:
    return await api.client("root", Role.admin, Role.agent)


@pytest.fixture
async def stage(api: Api, connection: Connection, receiver: Receiver, admin: Client) -> AsyncIterator[Stage]:
    opened = Stage(api, connection, receiver, admin)
    yield opened
    await opened.close()
