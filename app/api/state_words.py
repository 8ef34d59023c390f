"""The state of a record in words, also while a second person has yet to agree to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.i18n import translate
from app.kernel.actions.lifecycle import Lifecycle

#: Fields of records that wait for the agreement of a second person: to the record, or to its revision.
AWAITS_AGREEMENT, REVISION = "awaits_agreement", "revision"
#: Fields by which the state of a record is put into words.
STATE_FIELDS = frozenset({"state", AWAITS_AGREEMENT, REVISION})


def state_label(lifecycle: Lifecycle[Any], record: Mapping[str, Any], language: str) -> str:
    """Return the label of the record's state, and whether the record waits for a second person. A state that
    holds only by agreement is not named before it.
    """
    code = record.get("state")
    if code is None:
        return ""
    state = next((each for each in lifecycle.states if each.value == code), None)
    label = str(code).replace("_", " ").capitalize() if state is None else state.label(language)
    if not awaits_agreement(record):
        return label
    if not record.get(AWAITS_AGREEMENT):
        return f"{label} · {translate(language, 'desk', 'revision_awaits_agreement')}"
    sentence = lifecycle.face.by_agreement.get(str(code))
    return (
        f"{label} · {translate(language, 'desk', 'awaits_agreement')}"
        if sentence is None
        else translate(language, "desk", sentence)
    )


def awaits_agreement(record: Mapping[str, Any]) -> bool:
    """Return whether the record, or its revision, waits for the agreement of a second person."""
    return bool(record.get(AWAITS_AGREEMENT) or (AWAITS_AGREEMENT in record and record.get(REVISION)))
