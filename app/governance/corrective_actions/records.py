"""Corrective actions, and how often they were put off (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, NamesRecord, Record, optional, required
from app.common.state_fields import ClearedBy, EnteredAt
from app.foundation.process_names import OF_PROCESS


class CorrectiveActionState(CodeEnum):
    """State of a corrective action."""

    planned = "planned", "Planned", "已计划"
    done = "done", "Done", "已完成"
    verified = "verified", "Verified", "已验证"
    dropped = "dropped", "Dropped", "已取消"


class CorrectionOccasion(CodeEnum):
    """The occasion on which a corrective action was planned."""

    finding = "finding", "A finding", "审计发现"
    assessment = "assessment", "A quality assessment", "质量评估"
    complaint = "complaint", "A complaint", "投诉"
    review = "review", "A review", "回顾"
    maintenance = "maintenance", "A maintenance round", "维护轮次"
    other = "other", "Something else", "其他"


class CorrectiveAction(Record):
    """A measure against what was found somewhere, with an owner and a due date, which somebody else verifies.

    `first_due_at` is never changed: being on time is judged by it, however often `due_at` is moved.
    """

    KIND: ClassVar[str] = "corrective_action"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: CorrectiveActionState | None = required("Its state.")
    title: str | None = required(
        "The measure in a line, without names of persons.", examples=["Test the restore each quarter"]
    )
    task: Annotated[str | None, Personal()] = required("The measure: all that is to be done.")
    occasion: CorrectionOccasion | None = required("The occasion on which it was planned.")
    source: Annotated[str | None, NamesRecord()] = required(
        "The record that it comes from, as `<kind>/<id>`."
    )
    source_number: Annotated[str | None, NamesRecord(by="source")] = required(
        "The number or key of that record, or else its id."
    )
    process: Annotated[str | None, OF_PROCESS] = optional(
        "The process that it is about, as `incident`, or its name; null: none."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who planned it.")
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = required(
        "The person who sees to it.", examples=["me"]
    )
    first_due_at: datetime | None = required("The time by which it was to be verified when it was planned.")
    due_at: datetime | None = required(
        "The time by which it is to be done and verified.", examples=["2199-01-31T06:00:00Z"]
    )
    moves: int | None = required("Number of times that its due date was moved.")
    overdue_at: datetime | None = optional("Time at which it became overdue; null: it is not.")
    evidence: Annotated[str | None, Personal()] = optional("The evidence that it was done.")
    returns: int | None = required("Number of times that it was sent back to its owner.")
    done_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who said that it was done."
    )
    verified_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who verified it.")
    verification: Annotated[str | None, Personal()] = optional("Evidence that it works.")
    planned_at: datetime | None = required("Time at which it was planned.")
    done_at: Annotated[
        datetime | None,
        EnteredAt(CorrectiveActionState.done),
        ClearedBy(entering={CorrectiveActionState.planned}),
    ] = optional("Time at which it was done; null while it is not, or was sent back.")
    verified_at: Annotated[datetime | None, EnteredAt(CorrectiveActionState.verified)] = optional(
        "Time of its verification."
    )
    dropped_at: Annotated[datetime | None, EnteredAt(CorrectiveActionState.dropped)] = optional(
        "Time at which it was dropped."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that it is about: its owner sees to it, too."""
        return self.process


class CorrectiveActionMove(ChildRecord):
    """A due date that was moved, with the reason."""

    KIND: ClassVar[str] = "corrective_action_move"

    before_at: datetime | None = required("The due date before.")
    due_at: datetime | None = required("The due date since then.")
    reason: Annotated[str | None, Personal()] = required("The reason.")
    moved_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who moved it.")
    moved_at: datetime | None = required("Time of the move.")
