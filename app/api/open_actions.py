"""Actions as clients see them: those that are open to the caller on a record, and how each is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from app.i18n import Word, translate
from app.i18n.clocks import reader_zone
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Patch
from app.kernel.commands.offers import Offer

#: Stands for the record in the address of an action.
ID = "{id}"
#: The table of the sentences on why actions are forbidden.
REASONS = "detail"


class ActionLink(NamedTuple):
    """Where an action is sent: the address, with `{id}` for the record; the method; and the name of its
    body's schema in the contract.
    """

    href: str
    method: str
    body_schema: str


#: Schemas of bodies that are sent in the place of an action's payload.
_SENT_SCHEMAS: dict[type[BaseModel], str] = {}


def send_as(payload: type[BaseModel], body: type[BaseModel]) -> None:
    """Note that clients send that body for actions with the payload, which the server completes."""
    _SENT_SCHEMAS[payload] = body.__name__


@cache
def action_link(lifecycle: Lifecycle[Any], action: Action[Any, Any]) -> ActionLink:
    """Return where the action is sent."""
    collection = f"/v1/{lifecycle.plural}"
    schema = _SENT_SCHEMAS.get(action.body, action.body.__name__)
    if issubclass(action.body, Patch):
        return ActionLink(f"{collection}/{ID}", "PATCH", schema)
    return ActionLink(collection if action.opens else f"{collection}/{ID}/{action.name}", "POST", schema)


def open_actions(
    lifecycle: Lifecycle[Any], offered: Iterable[Offer], record_id: UUID, state: str, language: str
) -> list[dict[str, Any]]:
    """Return actions of a record as clients see them, each with the sentence that explains why it is
    forbidden now. `state`: what the record's state is called.
    """
    own_id = str(record_id)  # once: it takes as long as the rest of an action
    actions = []
    for offer in offered:
        description = _described(
            lifecycle, offer, "" if offer.because is None else state, language, reader_zone(REASONS)
        ).copy()
        description["href"] = description["href"].replace(ID, own_id, 1)
        actions.append(description)
    return actions


@lru_cache(maxsize=8192)
def _described(
    lifecycle: Lifecycle[Any], offer: Offer, state: str, language: str, zone: tzinfo | None
) -> dict[str, Any]:
    """Return the action of any record of that kind. It is cached and shared, so do not change it. The zone is
    an argument since reasons contain local times.
    """
    label = offer.action.label(language)
    reason = None
    if offer.because is not None:
        words: dict[str, Word] = {"action": label, "state": state, **dict(offer.words)}
        if offer.duty is not None:
            words["part"] = offer.duty.label(language)
        reason = translate(language, REASONS, offer.because, words)
    link = action_link(lifecycle, offer.action)
    return {
        "action": offer.action.name,
        "label": label,
        "open": offer.because is None,
        "reason": reason,
        "href": link.href,
        "method": link.method,
        "schema": link.body_schema,
    }
