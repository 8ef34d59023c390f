"""Trainings (tables); their participants, results and licences are in app.foundation.licences."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, StaffOnly, optional, required
from app.common.state_fields import EnteredAt, PrintedReason
from app.foundation.licences.records import TRAINING, TrainingKind
from app.foundation.process_names import OF_PROCESS


class TrainingState(CodeEnum):
    """State of a training."""

    planned = "planned", "Planned", "已计划"
    held = "held", "Held", "已举办"
    examined = "examined", "Examined", "已考核"
    licensed = "licensed", "Licensed", "已发证"
    cancelled = "cancelled", "Cancelled", "已取消"


class TrainingMethod(CodeEnum):
    """Way in which a training is given."""

    classroom = "classroom", "Classroom", "课堂"
    online = "online", "Online", "在线"
    on_the_job = "on_the_job", "On the job", "在岗"
    self_study = "self_study", "Self-study", "自学"
    outside = "outside", "Outside training", "外部培训"


class Training(Record):
    """A training of persons in the skills that a process needs.

    `team_ids` are the teams whose members it is for; `participant_ids` are those who take part, `failed_ids`
    those of them who were examined and have not passed so far. `planned_at` is when it is to take place.
    """

    KIND: ClassVar[str] = TRAINING

    number: str = ""
    state: TrainingState | None = required()
    title: str | None = required(
        "Training in one line, without names of persons.", examples=["The new way of incidents"]
    )
    year: int | None = required("Year whose plan includes the training.", examples=[2027])
    kind: TrainingKind | None = required("Kind of the training.", examples=["executor"])
    method: TrainingMethod | None = required("Way in which the training is given.", examples=["classroom"])
    process: Annotated[str | None, OF_PROCESS] = required(
        "Process that the training is about, such as `incident`, or its name.",
        examples=["incident"],
    )
    skills: list[str] | None = required(
        "Skills that the training teaches, as licences name them.", examples=[["triage"]]
    )
    material: Annotated[str | None, Personal()] = optional("Material and its place; null if a number is set.")
    material_number: str | None = optional(
        "Number of the document with the material; null if not set.",
        examples=["PR2026001"],
        label=("Document with material", "材料文件编号"),
    )
    external_number: str | None = optional(
        "Number of the document with the material in another system; null if not set.", examples=["SOP-12"]
    )
    team_ids: list[str] | None = optional("Teams whose members are in the audience.")
    everybody: bool | None = required("True if persons who have all skills also take part.")
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = optional(
        "Improvement to which the training belongs; null if not set."
    )
    pass_mark: int | None = required("Mark out of 100 that each topic of the examination must reach.")
    pass_mark_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for a pass mark below 60, which papers print; null if it is 60 or more.",
        label=("Reason for a low pass mark", "及格分偏低的理由"),
    )
    topics: list[str] | None = required("Topics of the examination.")
    planner_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who planned the training.")
    trainer_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)
    ] = optional("Trainer; null for a trainer from outside.")
    participant_ids: list[str] | None = required("Identifiers of the participants.")
    failed_ids: Annotated[list[str] | None, StaffOnly()] = optional(
        "Identifiers of the participants who were examined and have not passed so far.",
        label=("Participants who failed", "未通过人员"),
    )
    planned_at: datetime | None = required(
        "Time for which the training is planned.", examples=["2035-01-31T06:00:00Z"]
    )
    overdue_at: datetime | None = optional(
        "Time at which the training was flagged as not held in time; null if it was not."
    )
    held_at: Annotated[datetime | None, EnteredAt(TrainingState.held)] = None
    examined_at: datetime | None = optional(
        "Time of the last examination; null before the first examination."
    )
    licensed_at: Annotated[datetime | None, EnteredAt(TrainingState.licensed)] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(TrainingState.cancelled)] = None

    @property
    def concerned_process(self) -> str | None:
        """The process that it is about: its owner sees to its trainings."""
        return self.process
