"""Trainings (tables); their participants, results and licences are in app.foundation.licences."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, StaffOnly
from app.common.state_fields import EnteredAt
from app.foundation.licences.records import TRAINING, TrainingKind


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

    number: str = ""
    state: TrainingState | None = None
    title: str | None = None
    year: int | None = None
    kind: TrainingKind | None = None
    method: TrainingMethod | None = None
    process: str | None = None
    skills: list[str] | None = None
    material: Annotated[str | None, Personal()] = None
    material_number: str | None = None
    team_ids: list[str] | None = None
    everybody: bool | None = None
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = None
    pass_mark: int | None = None
    topics: list[str] | None = None
    planner_id: Annotated[UUID | None, ForeignRef("person")] = None
    trainer_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    participant_ids: list[str] | None = None
    failed_ids: Annotated[list[str] | None, StaffOnly()] = None
    planned_at: datetime | None = None
    held_at: Annotated[datetime | None, EnteredAt(TrainingState.held)] = None
    examined_at: datetime | None = None
    licensed_at: Annotated[datetime | None, EnteredAt(TrainingState.licensed)] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(TrainingState.cancelled)] = None

    @property
    def concerned_process(self) -> str | None:
        """The process that it is about: its owner sees to its trainings."""
        return self.process
