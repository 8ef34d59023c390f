"""A world for each file of tests: they bring records of their own into the states that they need. The first
that a run needs is made, and all are copies of it.
"""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import psycopg
import pytest

from app.platform.settings import Settings
from tests.client import serving
from tests.conftest import Server, file_lock, fresh, shared_folder
from tests.contract import logged
from tests.every_action import articles, documents
from tests.every_action.world import World, make_world
from tests.every_action.world_at_rest import WorldAtRest
from tests.every_action.world_data import IDS

RATE = 1_000_000


@dataclass(frozen=True)
class MadeWorld:
    """A world in a database that nobody uses but to copy it; with the ids of what is in it."""

    world: WorldAtRest
    database: str
    secrets_dir: Path
    ids: dict[str, str]
    known: dict[str, str]


#: By the address of the server, that of this run.
_MADE: dict[str, MadeWorld] = {}


def _settings() -> Settings:
    # One key asks for all of the tests of a file, as fast as it can.
    return Settings(_env_file=None, rate_limit=RATE, person_writes=RATE)  # type: ignore[call-arg]  # Pydantic's own argument


async def made_world(server: Server, run: str) -> MadeWorld:
    """The world of this run, made by the first test that needs it; others get its ids again."""
    if server.administrator not in _MADE:
        folder = shared_folder(run)
        folder.mkdir(exist_ok=True)
        name = f"world-{crc32(server.administrator.encode())}"
        pickle_file = folder / f"{name}.pickle"
        with file_lock(folder / f"{name}.lock"):
            if not pickle_file.exists():
                pickle_file.write_bytes(pickle.dumps(await _made(server, folder / name)))
            _MADE[server.administrator] = pickle.loads(pickle_file.read_bytes())
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
            world = WorldAtRest.of(await make_world(api))
    server.databases.wait_until_left(database)
    return MadeWorld(world, database, secrets_dir, dict(IDS), dict(articles.KNOWN))


@pytest.fixture(scope="module")
async def world(server: Server, testrun_uid: str) -> AsyncIterator[World]:
    """An application on a database that the tests of one file share."""
    template = await made_world(server, testrun_uid)
    with fresh(server, template.database) as place, documents.kept_for_no_time():
        async with serving(place.url, template.secrets_dir, _settings()) as api:
            yield template.world.in_application(api)
        with psycopg.connect(place.owner_url) as connection:
            logged.check_log(connection)
