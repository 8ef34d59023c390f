"""Trainings (tables); their participants, results and licences are in app.foundation.licences."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, StaffOnly, optional, required
from app.common.state_fields import EnteredAt
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


class Training(Record):
    """A training of persons in the skills that a process needs.

    `team_ids` are the teams whose members it is for; `participant_ids` are those who take part, `failed_ids`
    those of them who were examined and have not passed so far. `planned_at` is when it is to take place.
    """

    KIND: ClassVar[str] = TRAINING

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: TrainingState | None = required()
    title: str | None = required(
        "The training in a line, without names of persons.", examples=["The new way of incidents"]
    )
    year: int | None = required("The year in whose plan it is.", examples=[2027])
    kind: TrainingKind | None = required("The audience that it is made for.", examples=["executor"])
    method: TrainingMethod | None = required("The way in which it is given.", examples=["classroom"])
    process: Annotated[str | None, OF_PROCESS] = required(
        "The process that it is about: `incident`, `request` …, or another one's name.", examples=["incident"]
    )
    skills: list[str] | None = required(
        "The skills that it teaches, as licences name them.", examples=[["triage"]]
    )
    material: Annotated[str | None, Personal()] = optional(
        "The material, and where it is; this, or `material_number`."
    )
    material_number: str | None = optional(
        "The number of the document with the material.", examples=["PR2026001"]
    )
    team_ids: list[str] | None = optional("The teams whose members it is for.")
    everybody: bool | None = required("True if those take part, too, who lack none of the skills.")
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = optional(
        "The improvement that it belongs to."
    )
    pass_mark: int | None = required("The mark that each topic of the examination must reach, of 100.")
    topics: list[str] | None = required("The topics of the examination.")
    planner_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who planned it.")
    trainer_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "The trainer; null: nobody of ours."
    )
    participant_ids: list[str] | None = required()
    failed_ids: Annotated[list[str] | None, StaffOnly()] = optional(
        "The participants who were examined and have not passed so far: their ids."
    )
    planned_at: datetime | None = required(
        "The time at which it is to take place.", examples=["2199-01-31T06:00:00Z"]
    )
    overdue_at: datetime | None = optional("The time at which it was flagged as not held in time.")
    held_at: Annotated[datetime | None, EnteredAt(TrainingState.held)] = None
    examined_at: datetime | None = optional("Time of the last examination.")
    licensed_at: Annotated[datetime | None, EnteredAt(TrainingState.licensed)] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(TrainingState.cancelled)] = None

    @property
    def concerned_process(self) -> str | None:
        """The process that it is about: its owner sees to its trainings."""
        return self.process
