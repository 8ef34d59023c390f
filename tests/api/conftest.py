"""What the tests of one file share, because each of them looks only at records of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from app.common.people import Role
from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.api.desk import Desk
from tests.api.statements import Statements, counted
from tests.client import Api, serving
from tests.conftest import DatabaseUrls, Server, fresh

USUAL = Settings(_env_file=None)  # type: ignore[call-arg]  # Pydantic's own argument


@pytest.fixture(scope="module")
def lasting(server: Server) -> Iterator[DatabaseUrls]:
    """A database that is made once for the file."""
    with fresh(server) as database:
        yield database


@pytest.fixture(scope="module")
async def crowded(lasting: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ledger]:
    """An open ledger on it."""
    secrets = tmp_path_factory.mktemp("secrets")
    async with ledgers.open_ledger(lasting.url, secrets, LIFECYCLES_BY_KIND, USUAL) as opened:
        yield opened


@pytest.fixture(scope="module")
async def shared(lasting: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """The application on it."""
    async with serving(lasting.url, tmp_path_factory.mktemp("secrets"), USUAL) as opened:
        yield opened


@pytest.fixture
async def follower(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection as the worker has it."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def desk(api: Api, follower: Connection) -> Desk:
    for team in ("network", "mail"):
        await api.team(team)
    manager = await api.client("Marta", Role.incident_manager)
    agent = await api.client("Lin", Role.agent, Role.integration, teams=("network", "mail"))
    return Desk(api, follower, manager, agent)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """Those that are sent during the test."""
    return counted(monkeypatch)
