"""A world for each file of tests: they bring records of their own into the states that they need. The first
that a process needs is made, and all are copies of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from app.platform.settings import Settings
from tests.client import serving
from tests.conftest import Server, fresh
from tests.contract import logged
from tests.every_action import articles, documents
from tests.every_action.world import World, make_world
from tests.every_action.world_data import IDS

RATE = 1_000_000


@dataclass(frozen=True)
class MadeWorld:
    """A world in a database that nobody uses but to copy it; with the ids of what is in it."""

    world: World
    database: str
    secrets_dir: Path
    ids: dict[str, str]
    known: dict[str, str]


#: By the address of the server, that of this process.
_MADE: dict[str, MadeWorld] = {}


def _settings() -> Settings:
    # One key asks for all of the tests of a file, as fast as it can.
    return Settings(_env_file=None, rate_limit=RATE, person_writes=RATE)  # type: ignore[call-arg]  # Pydantic's own argument


async def made_world(server: Server, folders: pytest.TempPathFactory) -> MadeWorld:
    """The world of this process, made by the first test that needs it; others get its ids again."""
    if server.administrator not in _MADE:
        _MADE[server.administrator] = await _made(server, folders.mktemp("secrets"))
    template = _MADE[server.administrator]
    for ids, at_first in ((IDS, template.ids), (articles.KNOWN, template.known)):
        ids.clear()
        ids.update(at_first)
    return template


async def _made(server: Server, secrets_dir: Path) -> MadeWorld:
    """A new world."""
    database = server.databases.new(server.databases.template)
    with documents.kept_for_no_time():
        async with serving(server.address(database, "service"), secrets_dir, _settings()) as api:
            world = await make_world(api)
    server.databases.wait_until_left(database)
    return MadeWorld(world, database, secrets_dir, dict(IDS), dict(articles.KNOWN))


@pytest.fixture(scope="module")
async def world(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An application on a database that the tests of one file share."""
    template = await made_world(server, tmp_path_factory)
    with fresh(server, template.database) as place, documents.kept_for_no_time():
        async with serving(place.url, template.secrets_dir, _settings()) as api:
            yield template.world.in_application(api)
        with psycopg.connect(place.owner_url) as connection:
            logged.check_log(connection)
