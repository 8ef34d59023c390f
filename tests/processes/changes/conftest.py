"""What tests of changes are given."""

from __future__ import annotations

import pytest

from tests.client import Api
from tests.processes.changes.samples import Board, a_board


@pytest.fixture
async def board(api: Api) -> Board:
    """Those who have to do with changes."""
    return await a_board(api)
