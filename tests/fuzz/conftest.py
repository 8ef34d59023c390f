"""The world in which what the contract says is tried."""

from tests.every_action.conftest import world

__all__ = ["world"]
