"""Fields of events that notices show in addition to a sentence, by type of notice.

A path names where a value stands: `given.reason` in the event's payload; `own.window_from_at` in the record
of the notice, and `training.planned_at` the same if it is of that kind; `decision.outcome` in the child
record that the event sets or names; `mine.due_at` in the row of the event that names the reader,
`part.due_at` in each part of the payload that does; `cause.reason` in the payload of the event that caused
this one, and `seen.reason` the same for people who see that event's record; `reasons.comment` in each ballot
that has the outcome of the decision for its verdict. The event's values go before those of the row now;
notices of AT_THE_EVENT show the values that the record had at the event. `a|b`: the first of them that has a
value. A path that a kind of record does not have is skipped. Only these fields are shown, as far as the
reader may see them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from app.common.notices import FOLLOW, INFORM, USUAL_TIME, WAITS, Responsible
from app.common.notices import NoticeType as Notice
from app.common.records import CodeEnum
from app.i18n import sentences, translate
from app.kernel.access.redaction import Viewer
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import PayloadPart, marks, part_types

REASON = ("given.reason",)
#: Why an improvement was reverted, or its pilot stopped, by decision.
REVERSED = "improvement_outcome.revert_reason"
WINDOW = ("own.window_from_at", "own.window_until_at")
ABSENCE_FIELDS = ("own.person_id", "own.from_at", "own.until_at")
MEETING = ("own.starts_at", "own.ends_at", "own.place")
VOTES = ("decision.approvals", "decision.rejections", "decision.deferrals", "decision.abstentions")
OUTCOME = ("decision.question", "decision.outcome", *VOTES)
TEXT_OF_STATEMENT = ("given.statement|own.statement", "given.next_update_due_at")
AGREEMENT = (
    *("given.what_changed", "given.proposals", "given.side", "given.results", "given.valid_from"),
    *("given.valid_to", "given.reason", "given.from_date", "given.price_amount", "given.price_currency"),
    *("given.price_period", "given.calendar"),
)
AUDITED = ("own.team_id", "own.month", "own.process")
COMPLAINT = ("complaint.subject", "complaint.due_at")

TOLD_FIELDS: dict[Notice, tuple[str, ...]] = {
    Notice.received: ("own.priority", "given.began_at"),
    Notice.assigned: ("own.team_id", "own.assignee_id"),
    Notice.given: ("own.priority", "own.requester_id", "given.taken_duties", *WINDOW),
    Notice.tasked: ("mine.title|mine.step", "mine.due_at|mine.due_on", "own.target_at", "given.taken_duties"),
    Notice.joined_project: ("own.project_manager_id",),
    Notice.escalated: ("own.priority", *REASON),
    Notice.reminded: ("own.priority",),
    Notice.commented: ("given.text|comment.text",),
    Notice.attached: ("attachment.name",),
    Notice.held: ("given.change", "own.wake_up_at"),
    Notice.to_answer: ("given.question", "own.wake_up_at"),
    Notice.updated: (
        *TEXT_OF_STATEMENT,
        *("given.verdict", "given.conclusion", "given.title", "given.text", "given.early_reason"),
        *("given.expected_at", "given.cost_to_date", "given.freeze_exception_reason"),
        *("given.new_holder", "given.taken_duties"),
    ),
    Notice.project_overrun: (
        "improvement_project.overrun",
        "given.cost_to_date",
        "own.budget",
        "given.expected_at",
        "given.text",
    ),
    Notice.delivery_moved: ("request_solution_approval.moved_from_at", "given.expected_at", "given.text"),
    Notice.resolved: ("given.done|own.resolution", "given.resolution_code", "given.prevention"),
    Notice.delivered: (
        "given.verdict",
        "given.early_reason",
        "given.delivered|own.delivery",
        "given.work_done",
        "given.deviations",
        "given.comment",
        *REASON,
    ),
    Notice.to_review: ("given.planned_at", "given.no_risks_reason", "own.stage", "own.target_at"),
    Notice.requirements_recorded: ("given.confirmation_method",),
    Notice.requirements_answered: REASON,
    Notice.article_review_overdue: ("own.next_review_at",),
    Notice.discovery_compared: (
        *("own.source", "own.difference_count", "mine.own_difference_count", "own.new_count"),
        *("own.missing_count", "own.differing_count", "own.retired_count"),
    ),
    Notice.major_review_overdue: ("own.resolved_at",),
    Notice.trained: ("given.topics", "given.material", "given.held_at"),
    Notice.task_overdue: ("task.title|mine.title", "task.due_at|mine.due_on"),
    Notice.plan_step_overdue: (
        *("improvement_plan_step.title", "improvement_plan_step.due_on", "improvement_plan_step.person_id"),
    ),
    Notice.update_overdue: ("own.next_update_due_at",),
    Notice.training_overdue: ("own.planned_at",),
    Notice.licence_ended: ("licence.process", "licence.until_at"),
    Notice.document_loan_overdue: ("document_loan.place", "document_loan.until_at"),
    Notice.to_accept: ("given.wanted_at", "given.open_points"),
    Notice.closed: ("given.outcome", "given.first_pass_reason", *REASON),
    Notice.duplicate: ("given.original",),
    Notice.original_progressed: ("given.progress",),
    Notice.reopened: REASON,
    Notice.cancelled: REASON,
    Notice.rejected: (*REASON, *OUTCOME),
    Notice.rated: ("given.score", "given.comment"),
    Notice.to_vote: (
        *("decision.question", "decision.rule", "mine.due_at|decision.due_at", "mine.until_at", *WINDOW),
        *("given.cannot_wait", "given.target_at", *REASON),
        *("given.sponsor", "given.project_manager"),
    ),
    Notice.vote_due: ("decision.question", "decision.due_at", *WINDOW),
    Notice.decided: (*OUTCOME, *REASON, "given.lost_candidates"),
    Notice.approved: (*OUTCOME, "own.due_at"),
    Notice.refused: (*OUTCOME, REVERSED),
    Notice.deferred: (*OUTCOME, "decision.deferred_until_at", "reasons.comment"),
    Notice.undecided: (*OUTCOME, "decision.due_at"),
    Notice.invited: MEETING,
    Notice.moved: (*MEETING, *REASON),
    Notice.called_off: ("own.starts_at", *REASON),
    Notice.minuted: ("own.starts_at",),
    Notice.overdue: ("own.ends_at",),
    Notice.risk_lapsed: ("own.risk_accepted_until_at",),
    Notice.relieved: REASON,
    Notice.in_charge: (
        *("own.priority", "own.starts_at", "own.ends_at", "own.from_at", "own.until_at"),
        *("training.planned_at", "own.due_at", "given.taken_duties"),
        *REASON,
    ),
    Notice.duties_held: ("given.holder", "given.duty_count", "given.first_due_at"),
    Notice.team_unstaffed: (
        *("own.name", "given.work_count", "given.numbers", "given.first_due_at", "given.work_sources"),
    ),
    Notice.group_unstaffed: ("own.name", "given.use_count", "given.asking_records"),
    Notice.reviewed: ("given.side", "given.verdict", "given.comment"),
    Notice.sent_back: REASON,
    Notice.recurring: ("own.dimension", "own.since_at"),
    Notice.complained: ("complaint.subject", "given.about", "complaint.due_at"),
    Notice.complaint_answered: ("given.remedy",),
    Notice.complaint_assigned: COMPLAINT,
    Notice.complaint_overdue: COMPLAINT,
    Notice.complaint_escalated: COMPLAINT,
    Notice.rating_asked: ("mine.until_at",),
    Notice.scheduled: (
        *("given.from_at", "given.until_at", "given.override_reason", "given.other_window_reason"),
        *REASON,
    ),
    Notice.template_outgrown: ("given.because",),
    Notice.overlapped: (
        *("given.change", "given.freeze", "given.overlap_from_at", "given.overlap_until_at", *WINDOW),
        "seen.override_reason",
    ),
    Notice.to_review_change: ("given.deviations", "own.review_due_at"),
    Notice.backed_out: (*REASON, "given.service_restored_at"),
    Notice.fixing_change_failed: ("given.change", "cause.reason"),
    Notice.change_ended: ("given.outcome", "given.change", "cause.reason"),
    Notice.deployed: ("given.environment", "given.ended_at", "given.late_reason"),
    Notice.rolled_back: REASON,
    Notice.fell_silent: ("given.since_at",),
    Notice.deliveries_failing: ("given.since_at",),
    Notice.deputises: ABSENCE_FIELDS,
    Notice.deputises_no_more: ABSENCE_FIELDS,
    Notice.covers_on_call: ABSENCE_FIELDS,
    Notice.absence_entered: ("own.from_at", "own.until_at", "own.deputy_id"),
    Notice.absence_calendar_failing: ("own.origin", "own.failing_because"),
    Notice.key_made: ("own.name", "own.expires_at"),
    Notice.key_changed: ("own.state", "given.overlap_seconds", "own.expires_at"),
    Notice.login_changed: (),
    Notice.agreement_moved: AGREEMENT,
    Notice.to_consent: AGREEMENT,
    Notice.consent_refused: AGREEMENT,
    Notice.to_sign: ("own.valid_from", "own.valid_to", "given.gap_reason"),
    Notice.to_acknowledge: ("own.valid_from", "own.valid_to"),
    Notice.agreement_ends: ("own.valid_to",),
    Notice.agreement_review_due: ("own.review_due_at",),
    Notice.agreement_review_overdue: ("own.review_due_at",),
    Notice.report_issued: ("given.period", "given.remarks"),
    Notice.report_corrected: ("given.remarks",),
    Notice.progress_report_overdue: ("own.next_report_due_at",),
    Notice.milestone_overdue: ("milestone.title", "milestone.due_at"),
    Notice.plan_review_overdue: ("own.next_review_due_at",),
    Notice.quality_assessment_overdue: ("own.conclude_by_at",),
    Notice.weights_to_confirm: ("own.begins_with", "given.reason"),
    Notice.rollout_step_overdue: ("mine.step", "mine.due_at"),
    Notice.rollout_step_moved: ("part.step", "part.due_at", "given.cutover_planned_at"),
    Notice.rollout_replanned: ("given.moved_steps", "given.cutover_planned_at"),
    Notice.kpi_changed: ("given.value", "given.tendency", "given.since_at"),
    Notice.suggestion_settled: ("own.state", *REASON, "given.until_at", "given.into"),
    Notice.training_invited: ("own.planned_at",),
    Notice.training_cancelled: REASON,
    Notice.examination_due: ("mine.due_at",),
    Notice.examination_overdue: ("rollout_sitting.person_id", "rollout_sitting.due_at"),
    Notice.examination_passed: ("mine.pass_mark", "mine.examined_at"),
    Notice.examination_not_passed: ("mine.pass_mark", "mine.examined_at"),
    Notice.licensed: ("mine.process", "mine.skills", "mine.until_at"),
    Notice.licence_revoked: ("licence.process", "licence.skills", "licence.revocation_reason"),
    Notice.process_published: (*("given.effective_at", "given.document_numbers", "given.external_numbers"),),
    Notice.improvement_handed_over: ("given.comment",),
    Notice.process_cut_over: ("given.share",),
    Notice.improvement_standardised: ("given.document_numbers", "given.external_numbers"),
    Notice.improvement_reverted: ("given.reason|" + REVERSED,),
    Notice.recognised: ("own.kind", *REASON),
    Notice.definition_sent_back: REASON,
    Notice.definition_published: ("given.effective_at", "given.freeze_exception_reason"),
    Notice.definition_retired: ("given.retirement_reason",),
    Notice.process_change_applied: (*REASON, "given.no_origin_reason", "own.due_at"),
    Notice.risk_reassessment_due: ("own.risk_level", "own.reassess_by_at"),
    Notice.risk_reassessment_overdue: ("own.risk_level", "own.reassess_by_at"),
    Notice.risk_acceptance_lapsed: ("own.risk_level",),
    Notice.risk_action_overdue: ("mine.title", "mine.due_at"),
    Notice.risk_indicator_reached: ("given.reading",),
    Notice.risk_indicator_cleared: ("given.reading",),
    Notice.project_plan_returned: ("given.lacking",),
    Notice.document_access_requested: ("given.purpose",),
    Notice.document_access_granted: ("mine.until_at",),
    Notice.document_access_refused: ("given.refusal_reason",),
    Notice.document_lent: ("mine.place", "mine.until_at"),
    Notice.document_reviewed: OUTCOME,
    Notice.document_review_due: ("own.review_due_at",),
    Notice.to_self_check: (*AUDITED, "own.self_check_due_at"),
    Notice.to_summarise: (*AUDITED, "own.summary_due_at"),
    Notice.to_countersign: (*AUDITED, "own.summary_due_at"),
    Notice.self_check_overdue: (*AUDITED, "own.self_check_due_at"),
    Notice.summary_overdue: (*AUDITED, "own.summary_due_at"),
    Notice.self_check_filed: AUDITED,
    Notice.audit_countersigned: AUDITED,
    Notice.audit_concluded: AUDITED,
    Notice.finding_raised: ("own.severity", "own.process", "own.due_at"),
    Notice.finding_to_correct: ("own.severity", "own.process", "own.due_at", *REASON),
    Notice.finding_objected: ("given.objection",),
    Notice.objection_decided: ("given.verdict", "given.verdict_reason"),
    Notice.finding_corrected: ("given.correction",),
    Notice.finding_overdue: ("own.due_at",),
    Notice.points_given: ("own.about", "own.basis", "own.points", "own.counted_at"),
    Notice.points_withdrawn: ("own.about", "own.basis", "own.points", "own.counted_at"),
    Notice.to_verify: ("given.evidence", "own.due_at"),
    Notice.statement_about_you: ("mine.fact", "mine.stated_by_id", "mine.until_at"),
    Notice.statement_objected: ("mine.fact", "mine.person_id", "given.objection"),
    Notice.target_to_accept: ("own.value", "own.team_id", "own.person_id"),
    Notice.evaluation_to_agree: ("given.reached", "given.comment", "given.reason"),
    Notice.target_returned: REASON,
    Notice.target_withdrawn: REASON,
    Notice.maintenance_due: ("own.planned_at", "own.due_at", "own.service"),
    Notice.maintenance_overdue: ("own.due_at", "own.team_id"),
    Notice.correction_returned: (*REASON, "own.due_at"),
    Notice.correction_dropped: REASON,
    Notice.correction_overdue: ("own.due_at", "own.owner_id"),
    Notice.scorecard_to_rate: ("own.quarter", "own.person_id", "own.team_id", "own.due_at"),
    Notice.scorecard_published: ("own.quarter", "own.objection_until_at"),
    Notice.scorecard_talk: (
        *("own.quarter", "own.person_id", "own.team_id"),
        *("given.verdict", "given.verdict_reason"),
    ),
    Notice.scorecard_objected: ("own.quarter",),
    Notice.scorecard_objection_decided: ("given.verdict", "given.verdict_reason"),
    Notice.year_judged: ("own.year_score",),
    Notice.scorecard_settled: ("given.outcome", "given.plan_due_at"),
    Notice.scorecard_talk_recorded: ("given.outcome", "given.plan_due_at"),
    Notice.survey_invited: ("own.ends_at",),
    Notice.survey_reminded: ("own.ends_at",),
}
#: Fields with the time until which an act of the reader is requested. A notice that shows several of them
#: asks for its act by the first one: work is due later than the day that is planned for it.
DEADLINES = (
    *("due_at", "due_on", "self_check_due_at", "summary_due_at", "review_due_at", "first_due_at"),
    *("until_at", "wanted_at", "target_at", "wake_up_at", "planned_at"),
)
#: Fields with the last day on which the act can be performed.
DUE_DAYS = frozenset({"due_on"})
#: Notices of work, besides those that wait for the reader: they also give the time until which the work is
#: requested.
WORK_NOTICES = frozenset(
    {
        *(Notice.given, Notice.escalated, Notice.tasked, Notice.examination_due, Notice.overdue),
        *(Notice.recurring, Notice.kpi_changed, Notice.fixing_change_failed, Notice.risk_acceptance_lapsed),
        *(Notice.absence_calendar_failing, Notice.fell_silent, Notice.delivery_refused),
        *(Notice.deliveries_stopped, Notice.agreement_gap, Notice.pilot_not_judged, Notice.year_judged),
        *(Notice.sent_back, Notice.definition_sent_back, Notice.project_plan_returned),
        *(Notice.target_returned, Notice.correction_returned, Notice.scorecard_objected),
        *(Notice.document_access_requested, Notice.template_outgrown, Notice.team_unstaffed),
    }
)
#: Notices about a past event, and about a due time that has come or passed. They show the values at the time
#: of the event: a person may have been assigned after a rule had chosen the team.
AT_THE_EVENT = frozenset(
    notice
    for notice in Notice
    if notice.value.endswith(("_due", "_overdue"))
    or (notice.kind in (FOLLOW, INFORM) and notice not in WORK_NOTICES)
)
#: What begins the paths to fields of parts of a payload.
PAYLOAD_PART = "part."
#: The kinds of actors that are accounts.
PERSONS = ("person", "integration")


@cache
def field_types(model: type[BaseModel], name: str) -> tuple[type[CodeEnum] | None, bool]:
    """Return the field's code, if it is one, and whether it is an instant."""
    hints: list[Any] = [model.model_fields[name].annotation]
    for hint in hints:
        hints += get_args(hint)
    codes = [hint for hint in hints if isinstance(hint, type) and issubclass(hint, CodeEnum)]
    # Payloads declare instants by pydantic's own class.
    return (codes[0] if codes else None), datetime in hints or AwareDatetime in hints


def asks_for_action(notice: Notice) -> bool:
    """Return whether a notice of this type asks its reader to do something."""
    return notice.kind is WAITS or notice in WORK_NOTICES


def usual_deadline(notice: Notice, occurred_at: datetime, target_at: datetime | None) -> datetime | None:
    """Return until when a notice asks for what has no due time of its own: the agreed target, or else the
    usual time. None: it asks for nothing.
    """
    return (target_at or occurred_at + USUAL_TIME) if asks_for_action(notice) else None


def is_withheld_place(lifecycle: Lifecycle[Any], event: Mapping[str, Any], place: str) -> bool:
    """Return whether only staff may read the place. Staff-only events show other readers nothing except
    fields that name these readers. The payloads of `Lifecycle.for_staff` are for staff, too: the event's row
    defines its readers.
    """
    if event["staff_only"]:
        return place not in ("mine", "own")
    return place == "given" and lifecycle.access.for_staff(event["type"], event["actor"])


def shown_actor(
    lifecycle: Lifecycle[Any], event: Mapping[str, Any], viewer: Viewer, *, tells_something: bool
) -> UUID | None:
    """Return the actor of the event; None: it was a rule, or the viewer may read nothing of the event."""
    is_withheld = viewer is not Viewer.staff and lifecycle.access.for_staff(event["type"], event["actor"])
    return None if is_withheld and not tells_something else actor_of(event)


def decision_of(event: Mapping[str, Any]) -> str:
    """Return the id of the decision in the event's payload; empty without one."""
    return str((event["data"].get("given") or {}).get("decision", ""))


def actor_of(event: Mapping[str, Any]) -> UUID | None:
    """Return who did it: the person, or else the one it was done for, or the tool; None: a rule did."""
    actors = [name.partition(":") for name in (event["actor"], event["on_behalf_of"] or "")]
    actor_ids = {kind: UUID(name) for kind, _, name in reversed(actors) if kind in PERSONS}
    return next((actor_ids[kind] for kind in PERSONS if kind in actor_ids), None)


def values_of_parts(
    lifecycle: Lifecycle[Any], event: Mapping[str, Any], notice: Notice, reader: UUID
) -> Iterator[tuple[str, type[PayloadPart], Any]]:
    """Yield name, model and value of each field that the notice shows of the parts that name its reader."""
    names = [
        path.removeprefix(PAYLOAD_PART)
        for path in TOLD_FIELDS.get(notice, ())
        if path.startswith(PAYLOAD_PART)
    ]
    if not names or "observed" in event["data"]:
        return
    payload = event["data"].get("given") or {}
    bodies = [row.payload_of(event["type"]) for row in lifecycle.rows if event["type"] in row.events]
    for body in bodies[:1]:
        for field, part in part_types(body).items():
            marked = [name for name, mark in marks(part, Responsible).items() if mark.step is notice]
            for entry in payload.get(field) or ():
                if any(entry.get(name) == str(reader) for name in marked):
                    yield from ((name, part, entry[name]) for name in names if entry.get(name) is not None)


def field_label(language: str, name: str) -> str:
    """Return the label of a field in notices."""
    return translate(language, "notice_field", name.removesuffix("_id"))


def declared_labels(language: str) -> Mapping[str, str]:
    """Return the labels of the fields in notices, by their names."""
    return sentences(language)["notice_field"]
