"""What the tests of tidiness leave behind: nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tidy.source import forget


@pytest.fixture(scope="package", autouse=True)
def forgotten() -> Iterator[None]:
    """The trees of our files go when these tests are through."""
    yield
    forget()
