"""Payloads of actions on trainings."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRef, ForeignRef
from app.foundation.licences.records import (
    ExaminationTopic,
    Licence,
    TrainingKind,
)
from app.foundation.process_names import ProcessName
from app.kernel.actions.payloads import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reference,
    ShortText,
    Title,
    at_most_entries,
)
from app.processes.trainings.records import Training, TrainingMethod

MOST_PARTICIPANTS = 500
PASS_MARK, BEST_MARK = 60, 100

Persons = Annotated[
    tuple[Annotated[Reference, ForeignRef("person")], ...], at_most_entries(MOST_PARTICIPANTS)
]

Mark = Annotated[int, Field(ge=0, le=BEST_MARK, strict=True)]


class PlanTraining(Payload, of=Training):
    """The plan of a training; its participants are those of the audience who lack a skill."""

    title: Title
    year: int = Field(ge=EARLIEST_YEAR, le=LATEST_YEAR, strict=True)
    kind: TrainingKind
    method: TrainingMethod
    process: ProcessName
    skills: Annotated[tuple[ShortText, ...], BoundedList] = Field(min_length=1, max_length=LONGEST_LIST)
    material: FreeText | None = None
    material_number: ShortText | None = None
    persons: Persons = Field(
        default=(), max_length=MOST_PARTICIPANTS, description="Those whom it is for: persons' ids, or `me`."
    )
    teams: Annotated[tuple[Annotated[Reference, ForeignRef("team")], ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    everybody: bool = False
    trainer: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = None
    planned_at: Instant
    improvement: Annotated[Reference, ForeignRef("improvement")] | None = None
    pass_mark: int = Field(default=PASS_MARK, ge=0, le=BEST_MARK, strict=True)
    topics: Annotated[tuple[ExaminationTopic, ...], BoundedList] = Field(
        default=tuple(ExaminationTopic), min_length=1, max_length=len(ExaminationTopic)
    )


class HoldTraining(Payload):
    """A training that has taken place."""

    attended: Persons = Field(
        min_length=1, max_length=MOST_PARTICIPANTS, description="The participants who were there: their ids."
    )
    contents: FreeText = Field(
        description="The contents taught.", examples=["What is new, and everybody's duty. 新内容与各自职责。"]
    )
    material: FreeText | None = Field(
        default=None, description="The material that was used, for the document; none: that of the plan."
    )


class ExaminedParticipant(PayloadPart):
    """A participant's marks."""

    person: Annotated[Reference, ForeignRef("person")] = Field(description="The participant: a person's id.")
    marks: dict[ExaminationTopic, Mark] = Field(
        max_length=len(ExaminationTopic), description="By topic, each of the training's, 0 to 100."
    )


class ExamineTraining(Payload):
    """A sitting of the examination, closed book."""

    results: Annotated[tuple[ExaminedParticipant, ...], at_most_entries(MOST_PARTICIPANTS)] = Field(
        min_length=1,
        max_length=MOST_PARTICIPANTS,
        description="The results of those who sat it. Whoever has sat it before gets these marks in place "
        "of the earlier.",
    )
    examiner: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="The examiner, if not the caller: a person's id; no participant."
    )


class LicenseTraining(Payload):
    """The licences that come of it."""

    persons: Persons = Field(
        default=(),
        max_length=MOST_PARTICIPANTS,
        description="The participants who get one, of those who have passed: their ids; none named: all "
        "of them.",
    )
    until_at: Instant | None = Field(
        default=None, description="End of their validity; after two years, if left out."
    )


class FlagLicenceTraining(Payload):
    """A licence whose time is over, and whose it is, if they are still active."""

    licence: Annotated[UUID, ChildRef(Licence)] = Field(
        description="The licence, one of this training's: its id."
    )
    person: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.licence_ended)] | None = Field(
        default=None, description="The person whose licence it is, if they are still active."
    )


class RevokeLicenceTraining(Payload):
    """A licence to revoke."""

    licence: Annotated[UUID, ChildRef(Licence)] = Field(
        description="The licence, one of this training's: its id."
    )
    reason: FreeText = Field(description="The reason, in the words of whoever acts.")
