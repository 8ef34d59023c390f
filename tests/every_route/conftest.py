"""The world in which every route is walked."""

from tests.every_action.conftest import world

__all__ = ["world"]
