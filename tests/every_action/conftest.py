"""A world for each file of tests: they bring records of their own into the states that they need."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.settings import Settings
from tests.client import serving
from tests.conftest import Server, fresh
from tests.every_action.world import World, made


@pytest.fixture(scope="module")
async def world(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An application on a database that the tests of one file share."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]  # Pydantic's own argument
    with fresh(server) as place:
        async with serving(place.url, tmp_path_factory.mktemp("secrets"), settings) as api:
            yield await made(api)
