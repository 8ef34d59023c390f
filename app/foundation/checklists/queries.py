"""Schemas of checklists."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.foundation.checklists.checklists import LIFECYCLE
from app.foundation.checklists.records import Checklist


class ChecklistItemOut(OutputModel):
    """A task of a checklist."""

    title_en: str = Field(description="Task in one line of English.")
    title_zh: str = Field(description="Task in one line of Chinese.")


class ChecklistOut(RecordOut, of=Checklist):
    """A checklist of tasks for tickets of a process."""

    items: list[ChecklistItemOut] = Field(description="Tasks, in order.")


CHECKLISTS = Listing(
    lifecycle=LIFECYCLE,
    shape=ChecklistOut,
    filters=("state", "process", "key", "added_at", "changed_at"),
    sorts=("added_at", "key"),
)
