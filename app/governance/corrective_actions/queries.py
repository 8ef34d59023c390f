"""Read side of corrective actions: the list, the moves of due dates, and the routes."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel
from app.foundation.people.queries import PERSONS
from app.governance.corrective_actions.lifecycle import LIFECYCLE
from app.governance.corrective_actions.records import CorrectiveActionMove


class CorrectiveActionMoveOut(OutputModel, of=CorrectiveActionMove):
    """A due date that was moved, with the reason."""


LISTING = Listing(
    LIFECYCLE,
    (
        *("state", "occasion", "source", "process", "owner", "author", "due_at"),
        *("first_due_at", "overdue_at", "planned_at", "changed_at"),
    ),
    sorts=("planned_at", "due_at", "changed_at"),
    expands=(PERSONS,),
)
