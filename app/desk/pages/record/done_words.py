"""What was done, as the page that follows an action says it: "Assigned to Lin Xiaoyu."."""

from __future__ import annotations

from typing import Any

from app.desk.pages.context import Desk
from app.desk.pages.records import RecordView
from app.i18n.kind_nouns import capitalised
from app.i18n.past_tense import past_tense

#: Actions whose sentence names whom the record was given to, and the fields that say so, the first known one.
ASSIGNED_TO = {"assign": ("assignee", "team"), "escalate": ("team",)}
#: Actions that have a sentence of their own.
OWN_SENTENCES = frozenset({"comment", "hold", "attach", "vote", "edit"})


def done_words(desk: Desk, view: RecordView, action: str) -> str | None:
    """Return the sentence on the action that led to the page; None if none did."""
    row = next((row for row in view.lifecycle.rows if row.name == action), None)
    if row is None:
        return None
    to = next((stub["name"] for stub in _named(view, action) if stub and stub.get("name")), None)
    if to is not None:
        return desk.sentence("done_assigned", to=to)
    if action in OWN_SENTENCES:
        return desk.sentence(f"done_{action}")
    did = past_tense(row.label(desk.language), desk.language)
    if row.opens and view.spoken_name:
        return desk.sentence("done_opened", name=view.spoken_name, did=did)
    return desk.sentence("done", did=capitalised(did))


def _named(view: RecordView, action: str) -> list[Any]:
    return [view.record.get(name) for name in ASSIGNED_TO.get(action, ())]
