"""Outcomes of actions, as the page after an action states them: "Assigned to Lin Xiaoyu."."""

from __future__ import annotations

from typing import Any

from app.desk.pages.context import Desk
from app.desk.pages.records import RecordView
from app.desk.timeline import past_label
from app.i18n.kind_nouns import capitalised

#: Actions whose sentence names the new assignee, and the fields with the name; the first field with a value
#: counts.
ASSIGNED_TO = {"assign": ("assignee", "team"), "escalate": ("team",)}
#: Actions that have a sentence of their own.
OWN_SENTENCES = frozenset({"comment", "attach", "vote", "edit"})


def outcome_sentence(desk: Desk, view: RecordView, action: str) -> str | None:
    """Return the sentence on the action that led to the page, or None."""
    row = next((row for row in view.lifecycle.rows if row.name == action), None)
    if row is None:
        return None
    to = next((stub["name"] for stub in _named(view, action) if stub and stub.get("name")), None)
    if to is not None:
        return desk.sentence("done_assigned", to=to)
    if action in OWN_SENTENCES:
        return desk.sentence(f"done_{action}")
    words = past_label(row, desk.language)
    if row.opens and view.spoken_name:
        return desk.sentence("done_opened", name=view.spoken_name, did=words)
    return desk.sentence("done", did=capitalised(words))


def _named(view: RecordView, action: str) -> list[Any]:
    return [view.record.get(name) for name in ASSIGNED_TO.get(action, ())]
