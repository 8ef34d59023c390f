"""A world for each file of tests: they bring records of their own into the states that they need."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.platform.settings import Settings
from tests.client import serving
from tests.conftest import Server, fresh
from tests.every_action import documents
from tests.every_action.world import World, make_world

RATE = 1_000_000


@pytest.fixture(scope="module")
async def world(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An application on a database that the tests of one file share."""
    # One key asks for all of the tests of a file, as fast as it can.
    settings = Settings(_env_file=None, rate_limit=RATE)  # type: ignore[call-arg]  # Pydantic's own argument
    with fresh(server) as place, documents.kept_for_no_time():
        async with serving(place.url, tmp_path_factory.mktemp("secrets"), settings) as api:
            yield await make_world(api)
