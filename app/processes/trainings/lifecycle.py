"""Lifecycle of trainings: planned from the gaps, held, examined with a closed book, licensed.

planned ─► held ─► examined ─► licensed          planned ─► cancelled
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.people import Person, Role
from app.common.records import ChildRef, ForeignRef, Record
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import file_document, load_documents
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.licences.records import (
    ExaminationResult,
    ExaminationTopic,
    Licence,
    TrainingKind,
    TrainingParticipant,
)
from app.foundation.people.records import Team
from app.foundation.process_names import ProcessName
from app.kernel.access.visibility import STAFF
from app.kernel.actions.actor_policy import RecordDuty, process_owner, quality_manager, role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reason,
    Reference,
    ShortText,
    Title,
    at_most_entries,
)
from app.processes.trainings import checks
from app.processes.trainings.preparation import (
    MOST_PARTICIPANTS,
    Participants,
    Results,
    SkillGaps,
    participants,
    results,
    skill_gaps,
)
from app.processes.trainings.records import Training, TrainingMethod
from app.processes.trainings.records import TrainingState as State

PASS_MARK, BEST_MARK = 60, 100
LICENCE_YEARS = 2

Persons = Annotated[
    tuple[Annotated[Reference, ForeignRef("person")], ...], at_most_entries(MOST_PARTICIPANTS)
]
Mark = Annotated[int, Field(ge=0, le=BEST_MARK, strict=True)]


class PlanTraining(Payload):
    """The plan of a training; its participants are those of the audience who lack a skill."""

    title: Title = Field(
        description="What it is called, in a line. Name no persons here.",
        examples=["The new way of incidents"],
    )
    year: int = Field(
        ge=EARLIEST_YEAR,
        le=LATEST_YEAR,
        strict=True,
        description="The year in whose plan it is.",
        examples=[2027],
    )
    kind: TrainingKind = Field(description="Whom it is for.", examples=["executor"])
    method: TrainingMethod = Field(description="How it is given.", examples=["classroom"])
    process: ProcessName = Field(
        description="The process that it is about: `incident`, `request` …, or another one's name.",
        examples=["incident"],
    )
    skills: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The skills needed, as licences name them.",
        examples=[["triage"]],
    )
    material: FreeText | None = Field(
        default=None, description="The material, and where it is; this, or `material_number`."
    )
    material_number: ShortText | None = Field(
        default=None, description="The number of the document with the material.", examples=["PR2026001"]
    )
    persons: Persons = Field(
        default=(), max_length=MOST_PARTICIPANTS, description="Whom it is for: persons' ids, or `me`."
    )
    teams: Annotated[tuple[Annotated[Reference, ForeignRef("team")], ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The teams whose members it is for: keys or ids.",
    )
    everybody: bool = Field(
        default=False, description="Whether those take part, too, who lack none of the skills."
    )
    trainer: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None, description="Who trains them: a person's id, or `me`; none: nobody of ours."
    )
    planned_at: Instant = Field(description="When it is to take place.", examples=["2199-01-31T06:00:00Z"])
    improvement: Annotated[Reference, ForeignRef("improvement")] | None = Field(
        default=None, description="The improvement that it belongs to: its id or number."
    )
    pass_mark: int = Field(
        default=PASS_MARK,
        ge=0,
        le=BEST_MARK,
        strict=True,
        description="The mark that each topic of the examination must reach.",
    )
    topics: Annotated[tuple[ExaminationTopic, ...], BoundedList] = Field(
        default=tuple(ExaminationTopic),
        min_length=1,
        max_length=len(ExaminationTopic),
        description="The topics of the examination.",
    )


def plan(training: Training, body: PlanTraining, ctx: ActionContext) -> None:
    """Plan a training, from the gaps: who lacks a skill for the process is invited."""
    assert ctx.number is not None, "trainings have numbers"
    training.number = ctx.number
    training.title, training.year = body.title, body.year
    training.kind, training.method = body.kind, body.method
    training.process, training.skills = body.process, list(body.skills)
    training.material, training.material_number = body.material, body.material_number
    training.team_ids = [str(team.id) for team in ctx.refs(Team, "teams")] or None
    training.everybody = body.everybody
    improvement = ctx.refs(Record, "improvement")
    training.improvement_id = improvement[0].id if improvement else None
    training.pass_mark, training.topics = body.pass_mark, [topic.value for topic in body.topics]
    training.planner_id = ctx.caller.person_id
    trainer = ctx.ref(Person, "trainer")
    training.trainer_id = None if trainer is None else trainer.id
    training.planned_at = body.planned_at
    missing = ctx.prepared(SkillGaps).missing
    training.participant_ids = [str(person) for person in missing]
    for person, skills in missing.items():
        ctx.add(
            TrainingParticipant(
                id=ctx.new_id(),
                record=training.row_key,
                person_id=person,
                missing_skills=skills,
                added_at=ctx.occurred_at,
            )
        )


class HoldTraining(Payload):
    """A training that has taken place."""

    attended: Persons = Field(
        min_length=1, max_length=MOST_PARTICIPANTS, description="Which participants were there: their ids."
    )
    contents: FreeText = Field(
        description="What was taught.", examples=["What is new, and everybody's duty. 新内容与各自职责。"]
    )
    material: FreeText | None = Field(
        default=None, description="The material that was used, for the document; none: that of the plan."
    )


def hold(training: Training, body: HoldTraining, ctx: ActionContext) -> None:
    """Hold the training: who was there, and what was taught, which is filed as a document."""
    attended = {person.id for person in ctx.refs(Person, "attended")}
    for person, participant in ctx.prepared(Participants).by_person.items():
        ctx.change(participant).attended = person in attended
    # The plan's own words stay with the plan: they are sealed for whoever wrote them.
    sections = (
        (Heading.topics, body.contents),
        (Heading.material, body.material or training.material_number),
    )
    file_document(training, DocumentClass.TR, sections, ctx)


class ExaminedParticipant(PayloadPart):
    """A participant's marks."""

    person: Annotated[Reference, ForeignRef("person")] = Field(description="Who: a person's id.")
    marks: dict[ExaminationTopic, Mark] = Field(
        max_length=len(ExaminationTopic), description="By topic, each of the training's, 0 to 100."
    )


class ExamineTraining(Payload):
    """A sitting of the examination, closed book."""

    results: Annotated[tuple[ExaminedParticipant, ...], at_most_entries(MOST_PARTICIPANTS)] = Field(
        min_length=1,
        max_length=MOST_PARTICIPANTS,
        description="Of those who sat it. Who has sat it before gets these marks in place of the earlier.",
    )
    examiner: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who examined them, if not the caller: a person's id; no participant."
    )


def examine(training: Training, body: ExamineTraining, ctx: ActionContext) -> None:
    """Examine the training's participants: those who were there, on each topic; who failed may sit it once
    more.
    """
    examiner, before = ctx.ref(Person, "examiner"), ctx.prepared(Results).by_person
    passed = {person: bool(result.passed) for person, result in before.items()}
    assert training.pass_mark is not None
    for n, one in enumerate(body.results):
        person = ctx.required_ref(Person, f"results/{n}/person").id
        earlier = before.get(person)
        if earlier is not None:
            ctx.remove(earlier)
        passed[person] = all(mark >= training.pass_mark for mark in one.marks.values())
        ctx.add(
            ExaminationResult(
                id=ctx.new_id(),
                record=training.row_key,
                person_id=person,
                marks={topic.value: mark for topic, mark in one.marks.items()},
                pass_mark=training.pass_mark,
                passed=passed[person],
                sitting=1 if earlier is None else (earlier.sitting or 0) + 1,
                examiner_id=ctx.caller.person_id if examiner is None else examiner.id,
                examined_at=ctx.occurred_at,
            )
        )
    training.failed_ids = [str(person) for person, has_passed in passed.items() if not has_passed]
    training.examined_at = ctx.occurred_at


class LicenseTraining(Payload):
    """The licences that come of it."""

    persons: Persons = Field(
        default=(),
        max_length=MOST_PARTICIPANTS,
        description="Who gets one: ids of participants who have passed; none named: all who have.",
    )
    until_at: Instant | None = Field(
        default=None, description="Until when they are valid; two years, if not said."
    )


def license_(training: Training, body: LicenseTraining, ctx: ActionContext) -> None:
    """License the training's participants: those who have passed may carry out the process, with these
    skills.
    """
    named = [person.id for person in ctx.refs(Person, "persons")]
    passed = [person for person, one in ctx.prepared(Results).by_person.items() if one.passed]
    for person in named or passed:
        ctx.add(
            Licence(
                id=ctx.new_id(),
                record=training.row_key,
                person_id=person,
                process=training.process,
                skills=list(training.skills or ()),
                licensed_at=ctx.occurred_at,
                until_at=body.until_at or _years_later(ctx.occurred_at, LICENCE_YEARS),
            )
        )


def _years_later(instant: datetime, years: int) -> datetime:
    """Return the same instant of a later year; of 29 February, where that year has none, the day before."""
    try:
        return instant.replace(year=instant.year + years)
    except ValueError:
        return instant.replace(year=instant.year + years, day=28)


class RevokeLicenceTraining(Payload):
    """A licence to revoke."""

    licence: Annotated[UUID, ChildRef(Licence)] = Field(description="Which one of this training's: its id.")
    reason: FreeText = Field(description="Why, in the words of whoever acts.")


def revoke_licence(training: Training, body: RevokeLicenceTraining, ctx: ActionContext) -> None:
    """Revoke a licence of the training, which counts no more from now on."""
    licence = ctx.change(ctx.required_ref(Licence, "licence"))
    licence.revoked_at = ctx.occurred_at
    licence.revoked_from_id = licence.person_id
    licence.revoked_by_id = ctx.caller.person_id
    licence.revocation_reason = body.reason


def cancel(training: Training, body: Reason, ctx: ActionContext) -> None:
    """Cancel the training; those who were invited are told."""


def audience(training: Training) -> tuple[str, ...]:
    """Return the audience: staff, who planned it and who trains; participants see it by their child
    records.
    """
    persons = (training.planner_id, training.trainer_id)
    return (STAFF, *(f"person:{person}" for person in persons if person is not None))


PLANNERS = quality_manager | process_owner | role(Role.project_manager)
EXAMINERS = quality_manager | process_owner
PARTICIPANT = (RecordDuty("participant", "参训人", ("participant_ids",)),)
TELL_PARTICIPANTS = (RecipientRule(NoticeType.training_cancelled, children=TrainingParticipant),)
EXAMINABLE = (State.held, State.examined)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="training", plural="trainings", zh="培训", record=Training, states=State, code="TRN",
    audience=audience, also_seen_by={Role.committee_member: "judges improvements by the trainings held for them"},
    columns={"staff": (), "person": ("planner_id", "trainer_id")},
    children=(*DOCUMENTS, TrainingParticipant, ExaminationResult, Licence),
    rows=(
        #      action          中文        from              to               who        event
        action(plan,           "计划",     NEW_RECORD,       State.planned,   PLANNERS,  "training.planned",
               prepare=(skill_gaps,), wrong=(checks.plan_invalid,)),
        action(hold,           "举办",     [State.planned],  State.held,      PLANNERS,  "training.held",
               prepare=(participants, load_documents), wrong=(checks.attendance_invalid,), document=lambda _: DocumentClass.TR),
        action(examine,        "考核",     EXAMINABLE,       State.examined,  EXAMINERS, "training.examined",
               prepare=(participants, results), wrong=(checks.results_invalid,), segregate_from=PARTICIPANT, staff_only=True),
        action(license_,       "发证",     [State.examined], State.licensed,  EXAMINERS, "training.licensed",
               prepare=(participants, results), wrong=(checks.licences_invalid,), segregate_from=PARTICIPANT),
        action(revoke_licence, "吊销资格", [State.licensed], STAYS,           EXAMINERS, "training.licence_revoked",
               wrong=(checks.licence_revoked_already,)),
        action(cancel,         "取消",     [State.planned],  State.cancelled, PLANNERS,  "training.cancelled", notifies=TELL_PARTICIPANTS),
    ),
)
# fmt: on
