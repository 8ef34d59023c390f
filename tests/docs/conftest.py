"""The demo of `make run`, in short, behind a real address, for pages whose commands are run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from app.common.people import Role
from app.db import connect
from app.demo.history import make_history
from app.demo.improvement_scripts import make_improvements
from app.kpis.facts import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.settings import Settings
from tests.client import serving
from tests.conftest import Server, fresh
from tests.served import behind_a_socket

#: Enough for the baseline of the first improvement.
DAYS = 250
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
async def demo(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """The demo organisation with its last months, and the figures of these."""
    with fresh(server) as place:
        async with serving(place.url, tmp_path_factory.mktemp("secrets"), USUAL) as api:
            persons = await make_history(api.ledger, lambda done, of: None, days=DAYS)
            everything = tuple(role for role in Role if role is not Role.auditor)
            admin = await api.client("Demo admin", *everything)
            assert admin.token is not None
            follower = await connect(place.url, FOLLOW_LIMITS)

            async def follow() -> None:
                await catch_up(follower, FACTS)

            await follow()
            await make_improvements(api.ledger, persons, follow)
            await follow()
            await follower.close()
            async with behind_a_socket(api.app) as (host, port):
                yield Demo(f"http://{host}:{port}", admin.token)
