"""Lifecycle of trainings: planned from the gaps, held, examined with a closed book, licensed.

planned ─► held ─► examined ─► licensed          planned ─► cancelled
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import file_document, load_documents
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.licences.records import (
    ExaminationResult,
    Licence,
    TrainingParticipant,
)
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.statements.actions import add_statements, statement_rows
from app.foundation.statements.records import PersonStatement, StatedFact
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import (
    RecordDuty,
    process_owner,
    process_relation,
    quality_manager,
    role,
    rule,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, DueAt, Lifecycle, action
from app.kernel.actions.payloads import (
    EmptyPayload,
    Reason,
)
from app.processes.trainings import checks
from app.processes.trainings.payloads import (
    ExamineTraining,
    FlagLicenceTraining,
    HoldTraining,
    LicenseTraining,
    PlanTraining,
    RevokeLicenceTraining,
)
from app.processes.trainings.preparation import (
    LicensedParticipants,
    Results,
    SkillGaps,
    TrainingParticipants,
    licensed_participants,
    participants,
    results,
    skill_gaps,
)
from app.processes.trainings.records import Training
from app.processes.trainings.records import TrainingState as State

LICENCE_YEARS = 2


def plan(training: Training, body: PlanTraining, ctx: ActionContext) -> None:
    """Plan a training from the skill gaps: persons who lack a skill for the process are invited."""
    assert ctx.assigned.number is not None, "trainings have numbers"
    training.number = ctx.assigned.number
    copy_fields(training, body, ctx)
    training.planner_id = ctx.caller.person_id
    missing = ctx.prepared(SkillGaps).missing
    training.participant_ids = [str(person) for person in missing]
    for person, skills in missing.items():
        ctx.outcome.add(
            TrainingParticipant(
                id=ctx.new_id(),
                record=training.row_key,
                person_id=person,
                missing_skills=skills,
                added_at=ctx.occurred_at,
            )
        )


def hold(training: Training, body: HoldTraining, ctx: ActionContext) -> None:
    """Hold the training: record who attended and what was taught. The record is filed as a document."""
    attended = {person.id for person in ctx.refs(Person, "attended")}
    for person, participant in ctx.prepared(TrainingParticipants).by_person.items():
        ctx.outcome.change(participant).attended = person in attended
    add_statements(training, StatedFact.attended, sorted(attended), ctx)
    # The plan's texts stay with the plan: they are encrypted for their author.
    sections = (
        (Heading.topics, body.contents),
        (Heading.material, body.material or training.material_number or training.external_number),
    )
    file_document(training, DocumentClass.TR, sections, ctx)


def forget_attendance(training: Training, row: PersonStatement, ctx: ActionContext) -> None:
    """Record that the participant did not attend, who objected."""
    participant = ctx.prepared(TrainingParticipants).by_person.get(row.person_id or training.id)
    if participant is not None:
        ctx.outcome.change(participant).attended = False


def examine(training: Training, body: ExamineTraining, ctx: ActionContext) -> None:
    """Examine the training's participants who attended, on each topic. A participant who failed may be
    examined once more; the earlier result stays.
    """
    examiner, before = ctx.ref(Person, "examiner"), ctx.prepared(Results).by_person
    passed = {person: bool(result.passed) for person, result in before.items()}
    assert training.pass_mark is not None
    for n, result in enumerate(body.results):
        person = ctx.required_ref(Person, f"results/{n}/person").id
        earlier = before.get(person)
        passed[person] = all(mark >= training.pass_mark for mark in result.marks.values())
        ctx.outcome.add(
            ExaminationResult(
                id=ctx.new_id(),
                record=training.row_key,
                person_id=person,
                marks={topic.value: mark for topic, mark in result.marks.items()},
                pass_mark=training.pass_mark,
                passed=passed[person],
                sitting=1 if earlier is None else (earlier.sitting or 0) + 1,
                closed_book=body.closed_book,
                examiner_id=ctx.caller.person_id if examiner is None else examiner.id,
                examined_at=ctx.occurred_at,
            )
        )
    training.failed_ids = [str(person) for person, has_passed in passed.items() if not has_passed]
    training.examined_at = ctx.occurred_at


def license_(training: Training, body: LicenseTraining, ctx: ActionContext) -> None:
    """License the training's participants who have passed: they may carry out the process with these
    skills.
    """
    named = [person.id for person in ctx.refs(Person, "persons")]
    left_out = ctx.prepared(LicensedParticipants).person_ids | ctx.prepared(TrainingParticipants).left
    passed = [
        person
        for person, result in ctx.prepared(Results).by_person.items()
        if result.passed and person not in left_out
    ]
    for person in named or passed:
        ctx.outcome.add(
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
    """Return the same instant of a later year; for 29 February, where that year has no such day, the day
    before.
    """
    try:
        return instant.replace(year=instant.year + years)
    except ValueError:
        return instant.replace(year=instant.year + years, day=28)


def revoke_licence(training: Training, body: RevokeLicenceTraining, ctx: ActionContext) -> None:
    """Revoke a licence from the training: it is no longer valid."""
    licence = ctx.outcome.change(ctx.required_ref(Licence, "licence"))
    licence.revoked_at = ctx.occurred_at
    licence.revoked_from_id = licence.person_id
    licence.revoked_by_id = ctx.caller.person_id
    licence.revocation_reason = body.reason


def fall_overdue(training: Training, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the training as overdue: its day is over, and it was neither held nor cancelled."""
    training.overdue_at = ctx.occurred_at


def flag_licence(training: Training, body: FlagLicenceTraining, ctx: ActionContext) -> None:
    """Flag a licence from the training: it has expired, and there is no newer one."""
    ctx.outcome.change(ctx.required_ref(Licence, "licence")).ended_at = ctx.occurred_at


def cancel(training: Training, body: Reason, ctx: ActionContext) -> None:
    """Cancel the training; the invited persons are notified."""


PLANNERS = quality_manager | process_owner | role(Role.project_manager)
EXAMINERS = quality_manager | process_owner
trainer = process_relation("trainer", "its trainer", "讲师", "trainer_id")
PARTICIPANT = (RecordDuty("participant", "参训人", ("participant_ids",)),)
TRAINING_CANCELLED = (
    RecipientRule(NoticeType.training_cancelled, children=TrainingParticipant),
    RecipientRule(NoticeType.training_cancelled, field="trainer_id"),
)
TRAINING_OVERDUE = (
    RecipientRule(NoticeType.training_overdue, field="planner_id"),
    RecipientRule(NoticeType.training_overdue, field="trainer_id"),
)
#: People who object after the examination keep mark and licence until these roles have reviewed both.
OBJECTED = (
    RecipientRule(NoticeType.statement_objected, roles=frozenset({Role.quality_manager, Role.process_owner})),
)
LICENCE_ENDED = (RecipientRule(NoticeType.licence_ended, roles=frozenset({Role.process_owner})),)
#: How long after the time of a training it is taken for one that did not take place.
RECORDED_WITHIN = timedelta(days=1)
#: People who failed sit again, even if others are licensed.
EXAMINABLE = (State.held, State.examined, State.licensed)
EXAMINED = Branch(
    lambda training: State.licensed if training.state is State.licensed else State.examined,
    (State.examined, State.licensed),
    outcomes={
        State.held: (State.examined,),
        State.examined: (State.examined,),
        State.licensed: (State.licensed,),
    },
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="training", plural="trainings", zh="培训", record=Training, code="TRN",
    visible=(to_staff(), to_persons("planner_id", "trainer_id")),
    access=KindAccess(also_seen_by={Role.committee_member: "judges improvements by the trainings held for them"}),
    children=(*DOCUMENTS, TrainingParticipant, ExaminationResult, Licence, PersonStatement),
    rows=(
        #      action          中文        from              to               who        event
        action(plan,           "计划",     NEW_RECORD,       State.planned,   PLANNERS,  "training.planned",
               prepare=(skill_gaps,), wrong=(checks.plan_invalid, checks.improvement_does_not_fit)),
        action(hold,           "举办",     [State.planned],  State.held,      PLANNERS | trainer, "training.held",
               prepare=(participants, load_documents), wrong=(checks.training_not_begun, checks.attendance_invalid), document=lambda _: DocumentClass.TR),
        action(examine,        "考核",     EXAMINABLE,       EXAMINED,        EXAMINERS, "training.examined",
               prepare=(participants, results, licensed_participants), wrong=(checks.results_invalid,), segregate_from=PARTICIPANT, staff_only=True),
        action(license_,       "发证",     [State.examined, State.licensed], State.licensed, EXAMINERS, "training.licensed",
               prepare=(participants, results, licensed_participants), wrong=(checks.licences_invalid, checks.nobody_has_passed), segregate_from=PARTICIPANT),
        action(revoke_licence, "吊销资格", [State.licensed], STAYS,           EXAMINERS.in_person(), "training.licence_revoked",
               wrong=(checks.licence_revoked_already,)),
        action(fall_overdue,   "标记逾期", [State.planned],  STAYS,           rule,      "training.fell_overdue", notifies=TRAINING_OVERDUE,
               due=DueAt("planned_at", "flag_overdue_trainings", unless="overdue_at", after=RECORDED_WITHIN)),
        action(flag_licence,   "标记资格到期", [State.licensed], STAYS,           rule,      "training.licence_ended", notifies=LICENCE_ENDED,
               wrong=(checks.licence_not_to_flag,)),
        action(cancel,         "取消",     [State.planned],  State.cancelled, PLANNERS,  "training.cancelled", notifies=TRAINING_CANCELLED),
        *document_actions(KeptDocuments(kind="training", any=(State.held, State.examined, State.licensed))),
        *statement_rows("training", (State.held, State.examined, State.licensed), forget=forget_attendance, prepare=(participants,), notifies=OBJECTED),
        *succession_rows("training", State),
    ),
)
# fmt: on
