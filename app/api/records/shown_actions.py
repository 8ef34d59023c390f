"""Names of the actions that are open on records of a list, and what they depend on."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from app.api.requests.json_output import SharedFragment
from app.kernel.actions.lifecycle import Action


@lru_cache(maxsize=1024)
def names_of(actions: tuple[Action[Any, Any], ...]) -> SharedFragment:
    """Return the names of these actions, as lists show them."""
    return SharedFragment([action.name for action in actions])
