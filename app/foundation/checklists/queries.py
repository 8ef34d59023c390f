"""Schemas of checklists."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import OutputModel, RecordOut
from app.foundation.checklists.checklists import LIFECYCLE
from app.foundation.checklists.records import ChecklistState


class ChecklistItemOut(OutputModel):
    """A task of a checklist."""

    title_en: str
    title_zh: str


class ChecklistOut(RecordOut):
    """A checklist of tasks for tickets of a process."""

    state: ChecklistState
    key: str
    process: str = Field(description="The kind of the tickets that it is for.")
    title_en: str
    title_zh: str
    items: list[ChecklistItemOut] = Field(description="In order.")
    added_at: datetime
    retired_at: datetime | None


CHECKLISTS = Listing(
    lifecycle=LIFECYCLE,
    shape=ChecklistOut,
    filters=("state", "process", "key", "added_at", "changed_at"),
    sorts=("added_at", "key"),
)
