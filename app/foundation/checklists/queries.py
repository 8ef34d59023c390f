"""What can be asked about checklists."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import OutputModel, RecordOut
from app.foundation.checklists.checklists import LIFECYCLE
from app.foundation.checklists.records import ChecklistState


class ChecklistItemOut(OutputModel):
    """Something to be done."""

    title_en: str
    title_zh: str


class ChecklistOut(RecordOut):
    """What is to be done again and again."""

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
