"""Finds the action of an event if several actions of a lifecycle have events of its type (pure)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.i18n.past_tense import past_tense
from app.kernel.actions.lifecycle import Action, Lifecycle


def action_of_event(
    lifecycle: Lifecycle[Any], event: str, members: Collection[str] = ()
) -> Action[Any, Any] | None:
    """Return the action of an event of the type: among the actions whose payload has the members `members`,
    the one with the name of the type, such as `approve` and not `approve_emergency`, or otherwise the first.
    None if no action has such events.
    """
    rows = [row for row in lifecycle.rows if event in row.events]
    taking = [row for row in rows if set(members) <= _members(row, event)] or rows
    word = event.partition(".")[2].replace("_", " ")
    called_so = [row for row in taking if past_tense(row.name.replace("_", " "), "en") == word]
    return next(iter(called_so or taking), None)


def _members(row: Action[Any, Any], event: str) -> set[str]:
    fields = row.payload_of(event).model_fields
    return {*fields, *(field.alias for field in fields.values() if field.alias)}
