"""Participants of trainings, results of their examinations, and licences, as child records of the training
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, optional, required

#: The kind of the records that these are child records of.
TRAINING = "training"


class TrainingKind(CodeEnum):
    """Audience of a training."""

    key_user = "key_user", "Key users", "关键用户"
    executor = "executor", "Executors", "执行人"
    everybody = "everybody", "Everybody", "全员"


class ExaminationTopic(CodeEnum):
    """Topic of an examination."""

    what_is_new = "what_is_new", "New content", "有哪些新内容"
    what_differs = "what_differs", "Differences from before", "与原先有何不同"
    own_duty = "own_duty", "Own duties", "本人职责"
    how_to_do_it = "how_to_do_it", "Practical steps", "如何操作"


class TrainingParticipant(ChildRecord):
    """A person who is to be trained. `missing_skills`: those that no valid licence of theirs covered when the
    training was planned; none: they take part because everybody does. `attended`: None until it was held.
    """

    KIND: ClassVar[str] = "training_participant"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.training_invited)] = (
        required()
    )
    missing_skills: list[str] | None = required("The skills that no licence of theirs covered by then.")
    attended: bool | None = optional("True if they were there; null: it has not been held.")
    added_at: datetime | None = required()


class ExaminationResult(ChildRecord):
    """The result of a participant's latest sitting: their marks by topic, 0 to 100, and whether each reached
    the pass mark. A later sitting replaces it by another one; `sitting` counts from 1.
    """

    KIND: ClassVar[str] = "examination_result"

    person_id: Annotated[
        UUID | None,
        ForeignRef("person"),
        Responsible(
            NoticeType.examination_passed, when="passed", otherwise=NoticeType.examination_not_passed
        ),
    ] = required()
    marks: Annotated[dict[str, Any] | None, Document()] = required()
    pass_mark: int | None = required()
    passed: bool | None = required("True if each mark reaches the pass mark.")
    sitting: int | None = required(
        "Number of their sittings with this one; the events have the earlier ones."
    )
    examiner_id: Annotated[UUID | None, ForeignRef("person")] = None
    examined_at: datetime | None = required()


class Licence(ChildRecord):
    """A person's permission to carry out a process with these skills. `revoked_from_id` is the person, set
    when it is revoked.
    """

    KIND: ClassVar[str] = "licence"

    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.licensed)] = required()
    process: str | None = required()
    skills: list[str] | None = required()
    licensed_at: datetime | None = required()
    until_at: datetime | None = required()
    ended_at: datetime | None = optional("Time at which it was flagged as ended; null: it was not.")
    revoked_at: datetime | None = optional("Time since which it counts no more.")
    revoked_from_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.licence_revoked)] = (
        None
    )
    revoked_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    revocation_reason: Annotated[str | None, Personal()] = None
