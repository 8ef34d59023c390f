"""Names of the actions that are open on records of a list, and what they depend on."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from app.api.requests.json_output import SharedFragment
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.lifecycle import Action, Lifecycle

#: Relations that depend on a person's or key's id and roles, or on the person that the record is for.
_OF_ACCOUNTS = frozenset({Relation.holder, Relation.superior, Relation.oneself, Relation.addressee})


@cache
def acted_on_by_accounts(lifecycle: Lifecycle[Any]) -> bool:
    """Return whether the actions on such records depend on the account that the record is, or is for."""
    return any(row.policy.relations & _OF_ACCOUNTS for row in lifecycle.rows)


@lru_cache(maxsize=1024)
def names_of(actions: tuple[Action[Any, Any], ...]) -> SharedFragment:
    """Return the names of these actions, as lists show them."""
    return SharedFragment([action.name for action in actions])
