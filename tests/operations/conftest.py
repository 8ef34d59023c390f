"""Commands of an operator, as in tests/cli."""

from __future__ import annotations

from tests.cli.conftest import run  # noqa: F401  # a fixture
