"""The demo of `make run`, in short, behind a real address, for pages whose commands are run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.common.people import Role
from app.settings import Settings
from tests.client import serving
from tests.conftest import DEMO, Server, fresh
from tests.served import behind_a_socket

USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument


@dataclass(frozen=True)
class Demo:
    """The address of the demo, and the key for its admin."""

    address: str
    key: str

    @property
    def environment(self) -> dict[str, str]:
        """What commands find in their environment."""
        return {**os.environ, "API": self.address, "KEY": self.key}


@pytest.fixture(scope="package")
async def demo(server: Server, demo_secrets: Path) -> AsyncIterator[Demo]:
    """The demo organisation with its last months, and the figures of these."""
    with fresh(server, DEMO) as place:
        async with serving(place.url, demo_secrets, USUAL) as api:
            everything = tuple(role for role in Role if role is not Role.auditor)
            admin = await api.client("Demo admin", *everything)
            assert admin.token is not None
            async with behind_a_socket(api.app) as (host, port):
                yield Demo(f"http://{host}:{port}", admin.token)
