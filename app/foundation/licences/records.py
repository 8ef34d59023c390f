"""Participants of trainings, results of their examinations, and licences, as child records of the training
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, optional, required

#: The kind of the records that these are child records of.
TRAINING = "training"


class TrainingKind(CodeEnum):
    """Kind of a training: its audience, or what it is about besides a process."""

    key_user = "key_user", "Key users", "关键用户"
    executor = "executor", "Executors", "执行人"
    everybody = "everybody", "Everybody", "全员"
    business = "business", "Business knowledge", "业务知识"
    service = "service", "Service awareness", "服务意识"
    communication = "communication", "Communication skills", "沟通技巧"


class ExaminationTopic(CodeEnum):
    """Topic of an examination."""

    what_is_new = "what_is_new", "New content", "有哪些新内容"
    what_differs = "what_differs", "Differences from before", "与原先有何不同"
    own_duty = "own_duty", "Own duties", "本人职责"
    how_to_do_it = "how_to_do_it", "Practical steps", "如何操作"


class TrainingParticipant(ChildRecord):
    """A person who is to be trained. `missing_skills`: the skills without a valid licence when the training
    was planned; empty: they take part because everybody does. `attended`: None until it was held.
    """

    KIND: ClassVar[str] = "training_participant"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.training_invited)
    ] = required("Person who takes part in the training.")
    missing_skills: list[str] | None = required(
        "Skills that no licence of the person covered when they were added; null if all skills were covered."
    )
    attended: bool | None = optional("True if the person attended; null until the training is held.")
    added_at: datetime | None = required("Time at which the person was added to the training.")


class ExaminationResult(ChildRecord):
    """The result of a participant's sitting: their marks by topic, 0 to 100, and whether each reached the
    pass mark. A later sitting adds another one; `sitting` counts from 1.
    """

    KIND: ClassVar[str] = "examination_result"

    person_id: Annotated[
        UUID | None,
        ForeignRef("person", GivenDuty.participation),
        Responsible(
            NoticeType.examination_passed, when="passed", otherwise=NoticeType.examination_not_passed
        ),
    ] = required("Person who was examined.")
    marks: Annotated[dict[str, Any] | None, Document()] = required("Marks by topic, each out of 100.")
    pass_mark: int | None = required("Mark that each topic had to reach, out of 100.")
    passed: bool | None = required("True if each mark reaches the pass mark.")
    sitting: int | None = required("Number of examinations of the person up to this one.")
    closed_book: bool | None = optional(
        "True if the examination was with closed books, as the examiner stated; null if it was not recorded."
    )
    examiner_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who gave the marks.")
    examined_at: datetime | None = required("Time at which the person was examined.")


class Licence(ChildRecord):
    """A person's permission to carry out a process with these skills. `revoked_from_id` is the person, set
    when it is revoked.
    """

    KIND: ClassVar[str] = "licence"

    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.licensed)
    ] = required("Person who may carry out the process.")
    process: str | None = required("Process that the person may carry out, such as `incident`, or its name.")
    skills: list[str] | None = required("Skills that the licence covers.")
    licensed_at: datetime | None = required("Time at which the licence was issued.")
    until_at: datetime | None = required("Time at which the licence ends.")
    ended_at: datetime | None = optional(
        "Time at which the end of the licence was noted; null if it has not ended."
    )
    revoked_at: datetime | None = optional("Time from which the licence is revoked; null if it is not.")
    revoked_from_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.licence_revoked)] = (
        optional("Person who lost the licence; null if it is not revoked.")
    )
    revoked_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who revoked the licence; null if it is not revoked."
    )
    revocation_reason: Annotated[str | None, Personal()] = optional(
        "Reason for the revocation; null if the licence is not revoked."
    )
