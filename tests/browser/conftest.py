"""One browser for all tests of a worker: each has a tab of its own, which shares nothing with others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.browser.chromium import Browsing, browser


@pytest.fixture(scope="package")
async def browsing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browsing]:
    """Opens tabs; the test is skipped where there is no browser."""
    async with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened
