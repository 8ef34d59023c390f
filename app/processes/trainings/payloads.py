"""Payloads of actions on trainings."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.components import label_members
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRef, ForeignRef
from app.foundation.documents.evidence import ExternalNumbers, RegisteredDocuments
from app.foundation.licences.records import (
    ExaminationTopic,
    Licence,
    TrainingKind,
)
from app.foundation.process_names import ProcessName
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    OutsideNumber,
    Payload,
    PayloadPart,
    Reference,
    ShortText,
    Statement,
    Title,
    WithinThreeYears,
    Year,
    at_most_entries,
)
from app.processes.trainings.records import Training, TrainingMethod

MOST_PARTICIPANTS = 500
PASS_MARK, BEST_MARK = 60, 100

Persons = Annotated[
    tuple[Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)], ...],
    at_most_entries(MOST_PARTICIPANTS),
]
#: Participants with a recorded result.
Recorded = Annotated[
    tuple[Annotated[Reference, ForeignRef("person", GivenDuty.recorded)], ...],
    at_most_entries(MOST_PARTICIPANTS),
]

Mark = Annotated[int, Field(ge=0, le=BEST_MARK, strict=True)]


class PlanTraining(Payload, of=Training):
    """The plan of a training. Its participants are the members of the audience who lack a skill."""

    title: Title
    year: Year
    kind: TrainingKind
    method: TrainingMethod
    process: ProcessName
    skills: Annotated[tuple[Statement, ...], BoundedList] = Field(min_length=1, max_length=LONGEST_LIST)
    material: FreeText | None = None
    material_number: Annotated[ShortText, RegisteredDocuments(ahead=True)] | None = None
    external_number: Annotated[OutsideNumber, ExternalNumbers()] | None = None
    persons: Persons = Field(
        default=(), max_length=MOST_PARTICIPANTS, description="Persons in the audience: ids, or `me`."
    )
    teams: Annotated[
        tuple[Annotated[Reference, ForeignRef("team", GivenDuty.audience)], ...], BoundedList
    ] = Field(default=(), max_length=LONGEST_LIST)
    everybody: bool = False
    trainer: (
        Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)] | None
    ) = None
    planned_at: Instant
    improvement: Annotated[Reference, ForeignRef("improvement")] | None = None
    pass_mark: int = Field(default=PASS_MARK, ge=0, le=BEST_MARK, strict=True)
    pass_mark_reason: FreeText | None = None
    topics: Annotated[tuple[ExaminationTopic, ...], BoundedList] = Field(
        default=tuple(ExaminationTopic), min_length=1, max_length=len(ExaminationTopic)
    )


class HoldTraining(Payload):
    """A training that has taken place."""

    attended: Recorded = Field(
        min_length=1,
        max_length=MOST_PARTICIPANTS,
        description="Identifiers of the participants who attended.",
    )
    contents: FreeText = Field(
        description="Contents that were taught.",
        examples=["What is new, and everybody's duty. 新内容与各自职责。"],
    )
    material: FreeText | None = Field(
        default=None,
        description="Material that was used; if left out, the material in the plan. It is written into the "
        "document.",
    )


class ExaminedParticipant(PayloadPart):
    """A participant's marks."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Participant: a person's id."
    )
    marks: dict[ExaminationTopic, Mark] = Field(
        max_length=len(ExaminationTopic), description="Marks from 0 to 100 for each topic of the training."
    )


class ExamineTraining(Payload):
    """The results of a closed-book examination."""

    results: Annotated[tuple[ExaminedParticipant, ...], at_most_entries(MOST_PARTICIPANTS)] = Field(
        min_length=1,
        max_length=MOST_PARTICIPANTS,
        description="Results of the participants. New marks of a participant replace the earlier ones.",
    )
    examiner: Annotated[Reference, ForeignRef("person", GivenDuty.judgement, quiet=True)] | None = Field(
        default=None,
        description="Examiner, who may not be a participant: a person's id; if left out, the caller.",
    )
    closed_book: bool = Field(
        default=False,
        strict=True,
        description="True if the examination was closed-book. Only the examiner can state this; a "
        "rollout needs it.",
        json_schema_extra=label_members(
            help_text=(
                "Whether it was a closed-book examination, as you state as its examiner.",
                "由您作为考官声明是否为闭卷考核。",
            )
        ),
    )


class LicenseTraining(Payload):
    """The licences that follow from the training."""

    persons: Recorded = Field(
        default=(),
        max_length=MOST_PARTICIPANTS,
        description="Identifiers of participants who have passed and get a licence; if left out, all "
        "who have passed.",
    )
    until_at: WithinThreeYears | None = Field(
        default=None, description="End of the licences; if left out, after two years."
    )


class FlagLicenceTraining(Payload):
    """A licence that has ended, and its holder if they are still active."""

    licence: Annotated[UUID, ChildRef(Licence)] = Field(
        description="Identifier of one of the training's licences."
    )
    person: (
        Annotated[Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.licence_ended)]
        | None
    ) = Field(default=None, description="Holder of the licence; left out if they are no longer active.")


class RevokeLicenceTraining(Payload):
    """A licence to revoke."""

    licence: Annotated[UUID, ChildRef(Licence)] = Field(
        description="Identifier of one of the training's licences."
    )
    reason: FreeText = Field(description="Reason for the revocation.")
