"""Whoever gets work by an action is told so, and sees what it is for: by a mark on what names them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel

from app.common.notices import ANSWERS, NoticeType, RecipientRule, Responsible
from app.common.people import Person, Role, rule_caller
from app.common.records import ForeignRef, Record, codecs, empty
from app.foundation.decisions.payloads import AskDecision
from app.kernel.access.audience_rules import EVERYBODY
from app.kernel.access.reads import load
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks, part_types
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import notices
from app.platform.db import connect
from app.registry import LIFECYCLES
from tests.client import Client, Json
from tests.every_action import agreements, documents, rollouts
from tests.every_action.samples import valid_body as prepared
from tests.every_action.world import (
    OF_RULES,
    ROWS,
    Row,
    World,
    nearest_first,
    of_decisions,
    possible_states,
    record_address,
    send,
    when,
)
from tests.every_action.world_data import TEAM
from tests.people import act, add_person
from tests.selection import covering

#: Fields that name persons and give nobody work, by why not.
NO_WORK = {
    "the committee is asked to name them: they are told by its decision": """
        CharterImprovement.sponsor CharterImprovement.project_manager CharterImprovement.members
        improvement_motion.asked_sponsor_id improvement_motion.asked_manager_id""",
    "who asks: they are told what comes of it as such": """
        PlanRelease.requester release.requester_id release.reported_by_id plan_change.proposed_by_id
        SubmitRequest.requester ReportIncident.requester RaiseProblem.requester request.requester_id
        incident.requester_id problem.requester_id meeting.requester_id article.requester_id
        freeze_exception.asked_by_id improvement_suggestion.author_id suggestion_proposer.person_id
        request.reported_by_id incident.reported_by_id problem.reported_by_id decision.asked_by_id
        DraftChange.requester change.requester_id change.reported_by_id
        SelectImprovement.requester improvement.requester_id improvement.reported_by_id""",
    "who did it, and knows": """
        approval_rule.set_by_id approval_rule_version.set_by_id vote.cast_by_id
        change_template.author_id change_template.approved_by_id
        improvement_plan_review.reviewed_by_id improvement_plan_adjustment.proposed_by_id
        training.planner_id examination_result.examiner_id ExamineTraining.examiner licence.revoked_by_id
        sla_consequence.released_by_id sla_report.issued_by_id sla_report_recipient.person_id
        sla_consent.given_by_id sla_acknowledgement.acknowledged_by_id service_level_plan.adopted_by_id
        ci.found_by_id meeting.signed_by_id document_entry.author_id comment.author_id attachment.author_id
        release_stage.passed_by_id PassGateRelease.author deployment.author_id
        deployment_cause.confirmed_by_id ChangePlanRelease.analyst plan_change.analyst_id
        request.solution_author_id request_solution_approval.it_approved_by_id
        request_solution_approval.business_approved_by_id
        solution_review.reviewer_id progress_report.author_id quality_check.checker_id
        acceptance.recorded_by_id article_use.used_by_id work.person_id LogWork.person cost.person_id
        complaint.answered_by_id breach_cause.stated_by_id
        verification_item.checked_by_id verification_item.settled_by_id
        discovery.imported_by_id discovery_difference.settled_by_id
        article.author_id article.published_by_id article_rating.person_id article_revision.author_id
        change_assessment.assessed_by_id change_review.reviewer_id improvement.proposed_by_id
        improvement_evaluation.agreed_by_id EvaluateImprovement.agreed_by pilot_readiness.kicked_off_by_id
        improvement_evaluation.evaluated_by_id improvement_suggestion.decided_by_id
        pilot_feedback.logged_by_id pilot_issue.logged_by_id pilot_issue.solved_by_id
        improvement_rollout.accepted_by_id
        rollout_announcement.recorded_by_id rollout_step.order_skipped_by_id rollout_step.completed_by_id
        improvement_assessment.opened_by_id improvement_assessment.concluded_by_id suggestion_score.person_id
        kpi_effect.measured_by_id kpi_rebase.added_by_id kpi_signal.explained_by_id
        recognition.given_by_id
        risk.identified_by_id risk_assessment.assessed_by_id risk_occurrence.recorded_by_id
        audit.self_checked_by_id audit.summarised_by_id corrective_action.author_id
        corrective_action.done_by_id corrective_action.verified_by_id corrective_action_move.moved_by_id
        document.author_id document_version.author_id document_access_request.person_id
        document_entry.destroyed_by_id document_entry.destruction_asked_by_id
        document_reader.granted_by_id finding.corrector_id finding.objector_id finding.raiser_id
        maintenance.done_by_id maintenance_finding.found_by_id maintenance_plan.planner_id
        maintenance_reading.read_by_id process_assessment.assessor_id process_change.applicant_id
        process_definition.author_id quality_assessment.opener_id quality_assessment.verified_by_id
        quality_target.setter_id survey.planner_id survey_response.person_id
        problem.risk_owner_id problem_candidate.decided_by_id PassOnCommentIncident.author
        PassOnAttachmentIncident.author""",
    "who was there, or was asked, when it happened": """
        HoldTraining.attended HoldMeeting.attended CorrectAttendanceMeeting.attended
        ConfirmRequirementsRequest.heard ProposeRequirementsRequest.heard
        request_training.participant_ids SubmitProcessDefinition.heard
        LogPilotFeedbackImprovement.person pilot_feedback.person_id ReviewSla.attended
        RecordAcceptanceRequest.participants acceptance.participant_ids""",
    "the agreement's own field tells them": "RecordRequirementSla.representative AppointSla.representative",
    "who did what their tasks say; those tell them": "request.doer_ids",
    "a tool's account": "incident_alert.sender_id",
    "the payloads' own fields tell them": "attention_alert.person_ids",
    "the record's own field, or that of the record which it opens, tells them": """
        ImproveQualityAssessment.owner CompleteRolloutStepImprovement.owner NameDeputy.deputy
        SetQualityTarget.answerable BreakDownQualityTarget.person""",
    "whose work it measures: who answers for the target is told": """
        SetQualityTarget.person quality_target.person_id""",
    "who is concerned by a finding, or by points: the table of notices tells them": """
        RaiseFinding.person RaiseFinding.supervisor RaiseFinding.head finding.person_id
        finding.supervisor_id finding.head_id GiveAuditPoint.person audit_point.person_id
        OpenAudit.head audit.head_id""",
    "whose scorecard it is, and who talks it over: the table of notices tells them": """
        OpenScorecard.person scorecard.person_id scorecard.concerned_id scorecard.superior_id
        scorecard.talker_id""",
    "who is rated: they are told of the scorecard": "scorecard_rating.person_id",
    "the rating's own field tells them": "AskScorecardRating.rater",
    "an auditor from outside, for whom a quality manager raises it": """
        RaiseFinding.auditor finding.auditor_id""",
    "a draft: those who are named are told when it is published": """
        DraftProcessDefinition.owner EditProcessDefinition.owner DraftProcessDefinition.executor
        EditProcessDefinition.executor DraftDocument.readers""",
    "the votes say who is asked, without those whom duties keep apart": """
        decision.chair_id""",
    "who has named a voter in a duty: the voters see it": "vote.named_by_id",
    "who is away, in whose name others vote": """
        deputy.person_id voting_deputy.instead_of_id PlanAbsence.person absence.person_id
        absence_calendar.person_id""",
    "who said so: they know it": "absence.deputy_named_by_id absence.entered_by_id",
    "each absence that is taken from the calendar tells them": """
        AddAbsenceCalendar.deputy EditAbsenceCalendar.deputy absence_calendar.deputy_id""",
    "a plan: the release says when their stage has come": """
        PlanRelease.author PlanRelease.reviewer AppointRelease.author AppointRelease.reviewer
        release_stage.author_id release_stage.reviewer_id""",
    "who is asked what they think": """
        rating_request.person_id PlanSurvey.persons survey.person_ids""",
    "whose items differ: the event that makes it tells them": "discovery_owner.person_id",
    "who wants to know": "FollowTicket.person UnfollowTicket.person follower.person_id onlooker.person_id",
    "who is let off": "UninviteMeeting.person RemoveMemberGroup.person",
    "who is complained about: the answer is for others": "complaint.person_id",
    "an office, or a place among others: what comes of it tells them when it does": """
        AddPerson.manager EditPerson.manager person.manager_id membership.person_id AddTeam.lead EditTeam.lead
        team.lead_id AddGroup.chair EditGroup.chair group.chair_id AddMemberGroup.person
        group_member.person_id ProposeService.owner EditService.owner service.owner_id
        AddWebhookSource.owner EditWebhookSource.owner webhook_source.owner_id
        directory_membership.person_id""",
    "an office, and items come by the thousand from discovery": "PlanCi.owner EditCi.owner ci.owner_id",
    "a plan: the case says when somebody is asked, or told": """
        AddEscalationRule.to_person EditEscalationRule.to_person escalation_rule.to_person_id
        DraftCatalogueItem.approver_persons EditCatalogueItem.approver_persons
        catalogue_item.approver_persons""",
    "a rota: it is read as a calendar, and a case that waits reminds them": """
        AddShift.person shift.person_id AgreeStandIn.person AgreeStandIn.instead_of stand_in.person_id
        stand_in.instead_of_id""",
    "a credential": "MakeKey.person key.person_id AddSubscription.person subscription.person_id",
    "the rows of participants, results and licences tell them": """
        PlanTraining.persons training.participant_ids ExamineTraining.person
        LicenseTraining.persons""",
    "it is what tells them": "SendNotice.person notice.person_id",
}
EXCEPTIONS = {name for names in NO_WORK.values() for name in names.split()}
#: Lists of ids in rows are of persons if they are called so.
LISTS = ("person", "doer", "participant", "approver")


def in_body(model: type[BaseModel]) -> Iterator[tuple[str, bool]]:
    """The fields that name persons, and whether each is marked."""
    responsible = marks(model, Responsible)
    for name, mark in marks(model, ForeignRef).items():
        if mark.kind == "person":
            yield name, name in responsible
    for part in part_types(model).values():
        yield from in_body(part)


def in_row(record: type[Record]) -> Iterator[tuple[str, bool]]:
    """The same of a row."""
    responsible = marks(record, Responsible)
    for name, codec in codecs(record).items():
        is_list = codec.type == list[str] and name.startswith(LISTS)
        if is_list or (codec.refers is not None and codec.refers.kind == "person"):
            yield name, name in responsible


def every_field() -> dict[str, bool]:
    """All fields that name persons, as `Body.field` or `row.field`."""
    fields: dict[str, bool] = {}
    for _, row in ROWS:
        fields |= {f"{row.body.__name__}.{name}": marked for name, marked in in_body(row.body)}
    for lifecycle in LIFECYCLES:
        for record in (lifecycle.record, *lifecycle.children):
            fields |= {f"{record.KIND}.{name}": marked for name, marked in in_row(record)}
    return fields


def test_every_field_that_names_a_person_gives_them_work_or_is_said_to_give_none() -> None:
    fields = every_field()
    assert len(fields) > 60
    unsaid = {name for name, marked in fields.items() if not marked} - EXCEPTIONS
    assert not unsaid, "mark it as Responsible(…), or say why it gives nobody work"
    stale = EXCEPTIONS - {name for name, marked in fields.items() if not marked}
    assert not stale


def test_whom_a_record_itself_gives_work_its_lifecycle_shows_it() -> None:
    person = UUID(int=7)
    for lifecycle in LIFECYCLES:
        for name in marks(lifecycle.record, Responsible):
            if name == "assignee_id" and "assign" not in lifecycle.by_name:
                continue  # nobody is given it
            record = empty(lifecycle.record, UUID(int=1))
            setattr(record, name, person)
            audience = lifecycle.audience(record)
            assert {f"person:{person}", EVERYBODY} & audience, f"{lifecycle.kind}.{name}"


def steps_of(model: type[BaseModel]) -> set[NoticeType]:
    """What those are told whom the marked fields name."""
    own = {mark.step for mark in marks(model, Responsible).values()}
    return own.union(*(steps_of(part) for part in part_types(model).values()))


def naming(model: type[BaseModel], body: Json, person: str) -> Json:
    """What is said, with that person in all fields that give work."""
    named = dict(body)
    for name in marks(model, Responsible):
        several = "tuple" in str(model.model_fields[name].annotation)
        named[name] = [person] if several else person
    for name, part in part_types(model).items():
        if named.get(name):
            named[name] = [naming(part, entry, person) for entry in named[name]]
    return named


#: What else is to be said so that somebody can be named.
BESIDES: dict[str, Json] = {
    "request.record_acceptance": {
        "verdict": "failed",
        "issues": [{"title": "Mend the sum", "due_at": "2199-01-01T00:00:00Z"}],
    },
}


#: Which role whoever is named must hold, by the action.
HOLDING = {
    "assign_complaint": (Role.service_level_manager.value,),
    "open": (Role.committee_member.value,),
    # The co-authors of an improvement plan own processes.
    "draft": (Role.process_owner.value,),
    "revise": (Role.process_owner.value,),
    # A copy is lent to whoever sees the record.
    "lend_document": (Role.quality_manager.value,),
}
#: What must have been done for whoever is named, by the action.
FITTED = {
    "start_pilot": rollouts.license_for,
    "appoint": agreements.take_side,
    **dict.fromkeys(("refuse_access", "refuse_document_access"), documents.ask_as),
}
#: What is made for whoever is named: of its end those are told who were told of it, and a meeting is seen by
#: those alone whom it names.
MADE_FOR = frozenset({"attention_alert.end", "meeting.flag_task", "meeting.flag_document_loan"})


async def drive(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], person: Person
) -> tuple[str, str]:
    """Somebody does it, and names the person. Gives the record's name in the log, and who did it."""
    record = None
    if not row.opens:
        theirs = f"{lifecycle.kind}.{row.name}" in MADE_FOR
        more = naming(lifecycle.opening().body, {}, str(person.id)) if theirs else None
        record = await world.make_record(lifecycle, possible_states(lifecycle, row)[0], row, more)
    if (lifecycle, row) in OF_RULES:
        path = "" if record is None else record_address(lifecycle, record)
        more_json = await prepared(world.everybody, row, path)
        body = row.body.model_validate(naming(row.body, more_json, str(person.id)))
        name = None if record is None else record["id"]
        rule, now = rule_caller("tests"), when(lifecycle, row)
        done = await act(world.api.ledger, rule, lifecycle.kind, row.name, name, body, now=now)
        return done.event.stream, ""
    answers: list[httpx.Response] = []
    if record is not None and row.name in FITTED:
        await FITTED[row.name](world.everybody, record_address(lifecycle, record), str(person.id))
    for client in (*world.people.values(), world.everybody):
        body = await prepared(client, row, "" if record is None else record_address(lifecycle, record))
        besides = BESIDES.get(f"{lifecycle.kind}.{row.name}") or BESIDES.get(row.name) or {}
        more_json = naming(row.body, body | besides, str(person.id))
        answers.append(await send(client, lifecycle, row, record, more_json))
        if answers[-1].is_success:
            return f"{lifecycle.kind}/{answers[-1].json()['id']}", client.id
    raise AssertionError((lifecycle.kind, row.name, [answer.text for answer in answers]))


async def tell(world: World) -> None:
    """All that there is to tell is told."""
    ledger, now = world.api.ledger, datetime.now(UTC)

    def fails(name: str, error: Exception) -> None:
        raise error

    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, notices.consumer(ledger, lambda: now))
        while await notices.send_due(connection, ledger, now + timedelta(minutes=2), failed=fails):
            pass
    finally:
        await connection.close()


TOLD = "select person_id::text, about, unnest(steps) as step from fold.notice"


#: The rows by which somebody gets work, and those that tell others besides.
GIVING = [(lc, row) for lc, row in ROWS if steps_of(row.body)]
TELLING = [(lc, row) for lc, row in ROWS if row.consequences.notifies and not of_decisions(row)]


def way_of_giving(case: Row) -> set[Hashable]:
    """Whether a rule gives the work, whether the record is new, and whether a part of the body names them."""
    _, row = case
    return {(case in OF_RULES, row.opens, bool(marks(row.body, Responsible)))}


def ways_of_telling(case: Row) -> set[Hashable]:
    """The fields of a rule that find the recipients."""
    names = [field.name for field in fields(RecipientRule) if field.name != "step"]
    return {tuple(name for name in names if getattr(rule, name)) for rule in case[1].consequences.notifies}


def test_many_rows_give_work_and_some_tell_others_besides() -> None:
    assert len(GIVING) > 20
    assert sum(len(row.consequences.notifies) for _, row in TELLING) > 8


async def test_whoever_an_action_gives_work_is_told_and_sees_what_for(world: World) -> None:
    cases: list[tuple[str, str, set[NoticeType], Person, tuple[str, ...]]] = []
    # test_what_waits.py tries each type of notice that asks something of its reader.
    for lifecycle, row in covering(nearest_first(GIVING), way_of_giving):
        # A rule reminds those who see it by what they are; others see what they are given.
        roles: tuple[str, ...] = (Role.engineer.value,) if (lifecycle, row) in OF_RULES else ()
        roles = HOLDING.get(row.name, roles)
        person = await add_person(world.api.ledger, f"Chosen {len(cases)}", TEAM, roles=roles)
        about, _ = await drive(world, lifecycle, row, person)
        cases.append((row.name, about, steps_of(row.body), person, roles))
    await tell(world)
    notices = {(row["person_id"], row["about"], row["step"]) for row in await world.api.ledger.db.rows(TOLD)}
    missed = []
    for name, about, steps, person, roles in cases:
        # Whoever is to chair it is invited by that.
        expected_steps = steps | {NoticeType.invited} if NoticeType.in_charge in steps else steps
        if not {(str(person.id), about, step.value) for step in expected_steps} & notices:
            missed.append(f"{name} of {about}: not told")
        client: Client = await world.api.client_of(person, *roles)
        kind, _, record_id = about.partition("/")
        (plural,) = (lifecycle.plural for lifecycle in LIFECYCLES if lifecycle.kind == kind)
        # An answer is told without what it is about.
        if not steps <= ANSWERS and (await client.get(f"/v1/{plural}/{record_id}")).status_code != 200:
            missed.append(f"{name} of {about}: not seen")
    assert cases
    assert not missed


async def expected(world: World, about: str, tells: RecipientRule) -> set[str]:
    """Whom the row tells of that record, as far as they are people of this world."""
    kind, _, record_id = about.partition("/")
    (lifecycle,) = (lifecycle_of_kind for lifecycle_of_kind in LIFECYCLES if lifecycle_of_kind.kind == kind)
    if tells.field is not None:
        query = f"select {tells.field}::text from {lifecycle.table} where id = %s"
        return {await world.api.ledger.db.value(query, (record_id,))}
    if (rows := tells.created or tells.children) is not None:
        query = f"select person_id::text from fold.{rows.KIND} where record = %s"
        return {row["person_id"] for row in await world.api.ledger.db.rows(query, (about,))}
    if tells.teams is not None:
        return {client.id for client in (world.everybody, *world.people.values())}
    if tells.responsible:
        # Nobody leads the team of this world: where a record has no assignee, its members are told.
        query = f"select assignee_id::text from {lifecycle.table} where id = %s"
        assignee = await world.api.ledger.db.value(query, (record_id,))
        if assignee is not None:
            return {assignee}
    return {client.id for client in (world.everybody, world.worker, *world.people.values())}


def steps_to_named(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> set[str]:
    """What those are told in place of it who are to do something: they vote, where the row asks them, or the
    fields of a new record name them.
    """
    if row.opens:
        return {mark.step.value for mark in marks(lifecycle.record, Responsible).values()}
    return {NoticeType.to_vote.value} if issubclass(row.body, AskDecision) else set()


async def test_whom_the_table_tells_besides_is_told(world: World) -> None:
    cases: list[tuple[str, str, str, RecipientRule, set[str]]] = []
    for lifecycle, row in covering(nearest_first(TELLING), ways_of_telling):
        about, actor = await drive(world, lifecycle, row, world.colleague)
        named = steps_to_named(lifecycle, row)
        record = await load(world.api.ledger.db, lifecycle, about.partition("/")[2])
        assert record is not None
        telling = [
            rule
            for rule in row.consequences.notifies
            if rule.when is None or getattr(record.record, rule.when)
        ]
        # An award is a person's or a team's.
        telling = [rule for rule in telling if not rule.team or getattr(record.record, "team_id", None)]
        cases += [(row.name, about, actor, tells, {tells.step.value, *named}) for tells in telling]
    await tell(world)
    notices = {(row["person_id"], row["about"], row["step"]) for row in await world.api.ledger.db.rows(TOLD)}
    missed = []
    told_first: dict[str, set[str]] = defaultdict(set)
    for name, about, actor, tells, steps in cases:
        recipients = await expected(world, about, tells)
        # Whoever acts is told nothing, even if it is they whom the row names: the project's own manager.
        persons = recipients - {actor, None}  # a minor improvement has no project manager
        assert recipients, f"{name}: nobody is told"
        missed += [
            f"{name} of {about}: {tells.step.value}"
            for person in persons - told_first[about]
            if notices.isdisjoint((person, about, step) for step in steps)
        ]
        # Each is told once, by the first of its rules that finds them.
        told_first[about] |= persons
    assert cases
    assert not missed
