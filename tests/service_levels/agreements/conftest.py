"""What tests of agreements are given."""

from __future__ import annotations

import pytest

from tests.client import Api
from tests.service_levels.agreements.samples import Parties, the_parties


@pytest.fixture
async def parties(api: Api) -> Parties:
    """Those who have to do with agreements."""
    return await the_parties(api)
