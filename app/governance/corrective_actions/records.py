"""Corrective actions, and how often they were put off (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
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

    finding = "finding", "A finding", "审核发现"
    assessment = "assessment", "A quality assessment", "质量评估"
    complaint = "complaint", "A complaint", "投诉"
    review = "review", "A review", "回顾"
    maintenance = "maintenance", "A maintenance round", "维护轮次"
    other = "other", "Something else", "其他"


class CorrectiveAction(Record):
    """A measure against a finding, with an owner and a due date, which another person verifies.

    `first_due_at` is never changed: being on time is judged by it, however often `due_at` is moved.
    """

    KIND: ClassVar[str] = "corrective_action"

    number: str = ""
    state: CorrectiveActionState | None = required()
    title: str | None = required(
        "Measure in one line, without names of persons.", examples=["Test the restore each quarter"]
    )
    task: Annotated[str | None, Personal()] = required("Measure in full: all that is to be done.")
    occasion: CorrectionOccasion | None = required("Occasion on which the corrective action was planned.")
    source: Annotated[str | None, NamesRecord()] = required(
        "Record that led to the corrective action, in the form `<kind>/<id>`."
    )
    source_number: Annotated[str | None, NamesRecord(by="source")] = required(
        "Number, key or id of the record that led to the corrective action."
    )
    process: Annotated[str | None, OF_PROCESS] = optional(
        "Process that the corrective action is about, such as `incident`, or its name; null if not set."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who planned the corrective action."
    )
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)
    ] = required("Owner, who carries out the corrective action.", examples=["me"])
    first_due_at: datetime | None = required("Due date when the corrective action was planned.")
    due_at: datetime | None = required(
        "Time by which the corrective action must be done and verified.", examples=["2035-01-31T06:00:00Z"]
    )
    moves: int | None = required("Number of times that the due date was moved.")
    overdue_at: datetime | None = optional(
        "Time at which the corrective action became overdue; null if it is not overdue."
    )
    evidence: Annotated[str | None, Personal()] = optional(
        "Evidence that the corrective action is done; null until it is done."
    )
    returns: int | None = required("Number of times that the corrective action was returned to its owner.")
    done_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who completed the corrective action; null until then."
    )
    verified_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who verified the corrective action; null until then."
    )
    verification: Annotated[str | None, Personal()] = optional(
        "Evidence that the corrective action has an effect; null until it is verified."
    )
    planned_at: datetime | None = required("Time at which the corrective action was planned.")
    done_at: Annotated[
        datetime | None,
        EnteredAt(CorrectiveActionState.done),
        ClearedBy(entering={CorrectiveActionState.planned}),
    ] = optional(
        "Time at which the corrective action was completed; null until then, and again after a return."
    )
    verified_at: Annotated[datetime | None, EnteredAt(CorrectiveActionState.verified)] = optional(
        "Time at which the corrective action was verified; null until then."
    )
    dropped_at: Annotated[datetime | None, EnteredAt(CorrectiveActionState.dropped)] = optional(
        "Time at which the corrective action was dropped; null if it was not."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that the corrective action is about; its owner can act on it, too."""
        return self.process


class CorrectiveActionMove(ChildRecord):
    """A due date that was moved, with the reason."""

    KIND: ClassVar[str] = "corrective_action_move"

    before_at: datetime | None = required("Due date before the move.")
    due_at: datetime | None = required("Due date after the move.")
    reason: Annotated[str | None, Personal()] = required("Reason for the move.")
    moved_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who moved the due date.")
    moved_at: datetime | None = required("Time at which the due date was moved.")
