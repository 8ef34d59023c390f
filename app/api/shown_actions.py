"""Open actions as clients see them. The results are cached and shared, so they are not to be changed."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from app.api.json_output import SharedFragment
from app.i18n import translate
from app.kernel.actor_policy import Relation
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.offers import Offer

#: Relations that depend on a person's or key's id and roles, or on the person that the record is for.
_OF_ACCOUNTS = frozenset({Relation.holder, Relation.superior, Relation.oneself, Relation.addressee})


@cache
def acted_on_by_accounts(lifecycle: Lifecycle[Any]) -> bool:
    """Return whether the actions on such records depend on the account that the record is, or is for."""
    return any(row.who.relations & _OF_ACCOUNTS for row in lifecycle.rows)


@lru_cache(maxsize=1024)
def names_of(actions: tuple[Action[Any, Any], ...]) -> SharedFragment:
    """Return the names of these actions, as lists show them."""
    return SharedFragment([action.name for action in actions])


@lru_cache(maxsize=4096)
def not_open(offer: Offer, state: str, language: str) -> dict[str, Any]:
    """Return an action that a check forbids, with the sentence that says why. Cached and shared, so not to be
    changed.
    """
    assert offer.because is not None
    shown = offered(offer.action, language)
    words = {"action": shown["label"], "state": state}
    if offer.duty is not None:
        words["part"] = offer.duty.label(language)
    return shown | {"open": False, "reason": translate(language, "detail", offer.because, words)}


@lru_cache(maxsize=4096)
def offered(action: Action[Any, Any], language: str) -> dict[str, Any]:
    """Return an action that is open. Cached and shared, so not to be changed."""
    return {"action": action.name, "label": action.label(language), "open": True, "reason": None}
