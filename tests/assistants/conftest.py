"""What tests of assistants are given: an installation behind a socket that serves them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.platform.settings import Settings
from tests.assistants.clients import Assistants
from tests.client import Api
from tests.served import behind_a_socket


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings by which assistants are served."""
    return settings.model_copy(update={"assistants": True})


@pytest.fixture
async def assistants(api: Api) -> AsyncIterator[Assistants]:
    """Whoever connects to the installation as an assistant's program does."""
    async with behind_a_socket(api.app) as (host, port):
        yield Assistants(f"http://{host}:{port}")
