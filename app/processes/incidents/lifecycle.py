"""Lifecycle of incidents: report, contain, find the cause, restore service, verify.

new ─► acknowledged ─► in_progress ─► resolved ─► closed
             any open ⇄ on_hold          resolved, closed ─► in_progress (reopen)
any open ─► cancelled | closed as duplicate
"""

from __future__ import annotations

from app.common.children import ExternalReference
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.editing import apply_patch, edit_action
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.process_spec import AssigningSpec, PrioritySpec
from app.kernel.access.audience_rules import to_desk, to_persons, to_services, to_team_or_desk
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.actions.actor_policy import (
    agent,
    anybody,
    assignee,
    engineer,
    incident_manager,
    integration,
    process_relation,
    reporter,
    rule,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Keys, Lifecycle, action
from app.kernel.actions.payloads import (
    EmptyPayload,
    Reason,
)
from app.kernel.actions.rules import CheckFailed, Rules
from app.processes.incidents import checks
from app.processes.incidents.duplicates import (
    mark_duplicate,
    pass_on_attachment,
    pass_on_comment,
    restrict_comment,
    tell_progress,
    tell_resolved,
)
from app.processes.incidents.effects import (
    confirm_by_resolution,
    confirm_effect,
    effect_is_known,
    note_reported_effect,
)
from app.processes.incidents.face import FACE
from app.processes.incidents.majors import contain, declare_major, downgrade, flag_update, post_update
from app.processes.incidents.monitoring.alerts import (
    alerts_have_changed,
    alerts_of_incident,
    clear_alert,
    clear_only_alert,
    cleared_in_future,
    note_first_alert,
    repeat_alert,
)
from app.processes.incidents.payloads import (
    EditIncident,
    HoldIncident,
    PrioritiseIncident,
    RemindIncident,
    ReportIncident,
    ResolveIncident,
)
from app.processes.incidents.preparation import ReviewDue, review_due
from app.processes.incidents.records import (
    ENDED,
    OPEN,
    Incident,
    IncidentAlert,
    IncidentReview,
    TimelineEntry,
)
from app.processes.incidents.records import (
    IncidentState as State,
)
from app.processes.incidents.reviews import flag_review, review
from app.service_levels.clocks.reopening import AgreedReopening
from app.ticketing import CHILDREN, ticket_actions
from app.ticketing import priority as priorities
from app.ticketing.opening import reopening_of_opened, set_requester
from app.ticketing.priority import PRIORITY
from app.ticketing.reopening import (
    former_assignee,
    reopening_of_edited,
    return_to_team,
    told_of_reopening,
)
from app.ticketing.work.ticket_holds import (
    REQUESTER_TO_ANSWER,
    cannot_wait_for_change,
    cannot_wait_for_supplier,
    question_to_requester,
    set_hold_fields,
    state_before_hold,
    wake_up_in_past,
)


def report(incident: Incident, body: ReportIncident, ctx: ActionContext) -> None:
    """Report an incident: a service is interrupted or degraded."""
    copy_fields(incident, body, ctx)  # the fields of the same name
    set_requester(incident, ctx)  # the requester, their team as customer, and the reporter if somebody else
    incident.opened_at = ctx.occurred_at
    note_reported_effect(incident, ctx)  # an outage that a user reports is not confirmed yet
    note_first_alert(incident, body, ctx)  # a child row, if a tool reports for an alert
    incident.reopen_days = ctx.prepared(AgreedReopening).days
    set_custom_fields(incident, ctx)


def acknowledge(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Acknowledge the incident: a person has seen it and takes care of it."""


def start(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Start work on the incident."""


def hold(incident: Incident, body: HoldIncident, ctx: ActionContext) -> None:
    """Put the incident on hold: work waits for an answer or an event."""
    set_hold_fields(incident, body, ctx)


def resume(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Resume work on the incident: it no longer waits."""


def resolve(incident: Incident, body: ResolveIncident, ctx: ActionContext) -> None:
    """Resolve the incident: the service is restored."""
    incident.resolution_code = body.resolution_code
    incident.resolution = body.done
    incident.cause = body.cause
    confirm_by_resolution(incident)
    # The outage ends when service came back, which may be long before somebody records the resolution.
    incident.service_restored_at = body.service_restored_at or incident.service_restored_at or ctx.occurred_at
    incident.review_due_at = ctx.prepared(ReviewDue).due_at
    clear_only_alert(incident, body, ctx)


def close(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Close the incident: its resolution was verified."""


def reopen(incident: Incident, body: Reason, ctx: ActionContext) -> None:
    """Reopen the incident: the fault persists or has returned. An assignee who has left is cleared."""
    return_to_team(incident, ctx)


def cancel(incident: Incident, body: Reason, ctx: ActionContext) -> None:
    """Cancel the incident: it turned out not to be one."""


def edit(incident: Incident, body: EditIncident, ctx: ActionContext) -> None:
    """Edit the incident's fields."""
    apply_patch(incident, body, ctx)
    incident.reopen_days = ctx.prepared(AgreedReopening).days


def prioritise(incident: Incident, body: PrioritiseIncident, ctx: ActionContext) -> None:
    """Prioritise the incident: correct its impact, urgency or effect, or override the resulting priority."""
    priorities.prioritise(incident, body, ctx)
    if body.effect is not None:
        incident.effect, incident.effect_reported_at = body.effect, None


def remind(incident: Incident, body: RemindIncident, ctx: ActionContext) -> None:
    """Remind persons of the incident: it waits for their action."""
    incident.reminded_at = ctx.occurred_at


def came_from_a_duplicate(event_type: str, actor: str) -> bool:
    """Return whether the event of that type and actor shows what came from a duplicate. Readers find it among
    the comments and followers, as far as it is for them: customers are kept apart there.
    """
    if event_type in ("incident.followed", "incident.unfollowed"):
        return actor in ("rule:pass_on_followers", "rule:separate_customers")
    return event_type in ("incident.comment_passed_on", "incident.attachment_passed_on")


#: The assignee, and the roles that hold reviews.
REVIEW_OVERDUE = (
    RecipientRule(NoticeType.major_review_overdue, responsible=True),
    RecipientRule(NoticeType.major_review_overdue, roles=frozenset({Role.incident_manager})),
)

#: The commander, and the roles that can post an update.
UPDATE_OVERDUE = (
    RecipientRule(NoticeType.update_overdue, field="commander_id"),
    RecipientRule(NoticeType.update_overdue, responsible=True),
    RecipientRule(NoticeType.update_overdue, roles=frozenset({Role.incident_manager})),
)

#: Leads a major incident: speaks for it, and decides who works on it.
commander = process_relation("incident_commander", "its commander", "事件指挥人", "commander_id")
UPDATERS = incident_manager | commander | assignee
EFFECT_CONFIRMERS = incident_manager | commander | assignee | agent | rule

# fmt: off
LIFECYCLE = Lifecycle(
    kind="incident", plural="incidents", zh="事件", record=Incident, code="INC",
    face=FACE,
    visible=(
        to_persons("requester_id", "reported_by_id", "assignee_id", "commander_id"), *to_team_or_desk(),
        to_desk(state=State.resolved), to_services("service"),
    ),
    access=KindAccess(
        also_seen_by={Role.problem_manager: "says what has caused it", Role.change_manager: "says which change has caused it"},
        for_staff=came_from_a_duplicate,
    ),
    rules=Rules(constraints={
        "incident_alert_is_open_elsewhere": CheckFailed("alert_is_open_elsewhere"), "incident_alert_group_key": CheckFailed("alert_is_open_elsewhere"),
    }, derivation=PRIORITY),  # the priority follows from impact and urgency, after every action that gives both
    children=(ExternalReference, IncidentAlert, IncidentReview, TimelineEntry, *CHILDREN),
    lookup=Lookup(
        ended=ENDED,
        searched_fields=("title", "description", "statement", "containment", "cause", "resolution", "service", "ci", "category"),
    ),
    rows=(
        # action        中文        from                               to                  who                             event
        action(report,          "上报",             NEW_RECORD,                      State.new,          anybody | integration, "incident.reported",
               prepare=(reopening_of_opened,),
               wrong=(checks.begins_after_report, checks.began_too_long_ago, checks.alert_not_from_integration, invalid_custom_values)),
        action(acknowledge,     "响应",             [State.new],                     State.acknowledged, agent | engineer, "incident.acknowledged",
               unless=(checks.not_on_call,)),
        action(start,           "开始处理",         [State.new, State.acknowledged], State.in_progress,  assignee, "incident.started"),
        action(contain,         "遏制",             [State.in_progress],             STAYS,              engineer, "incident.contained",
               wrong=(checks.invalid_containment_time,)),
        action(hold,            "挂起",             OPEN - {State.on_hold},          State.on_hold,      assignee, "incident.held",
               wrong=(wake_up_in_past, cannot_wait_for_change, cannot_wait_for_supplier), follow_up=question_to_requester, notifies=(REQUESTER_TO_ANSWER,)),
        action(resume,          "恢复",             [State.on_hold],                 state_before_hold,  assignee | rule, "incident.resumed",
               due=DueAt("wake_up_at", "resume_at_wake_up_time")),
        action(declare_major,   "宣布重大事件",     OPEN,                            STAYS,              incident_manager, "incident.declared_major"),
        action(confirm_effect,  "确认影响",         OPEN,                            STAYS,              EFFECT_CONFIRMERS, "incident.effect_confirmed",
               unless=(effect_is_known,)),
        action(downgrade,       "降级",             OPEN,                            STAYS,              incident_manager, "incident.downgraded",
               unless=(checks.not_a_major,)),
        action(post_update,     "发布进展",         OPEN,                            STAYS,              UPDATERS, "incident.update_posted",
               wrong=(checks.next_update_in_past,)),
        action(flag_update,     "标记通报逾期",     OPEN,                            STAYS,              rule, "incident.update_overdue", staff_only=True,
               due=DueAt("next_update_due_at", "flag_overdue_updates", unless="update_overdue_at"), notifies=UPDATE_OVERDUE),
        action(resolve,         "解决",             OPEN,                            State.resolved,     assignee | integration | rule, "incident.resolved",
               unless=(checks.not_acknowledged,), prepare=(review_due, alerts_of_incident), wrong=(checks.invalid_restoration_time,)),
        action(close,           "关闭",             [State.resolved],                State.closed,       reporter | agent | rule, "incident.closed",
               unless=(checks.major_not_reviewed,)),
        action(reopen,          "重新打开",         [State.resolved, State.closed],  State.in_progress,  reporter | agent | integration, "incident.reopened",
               unless=(checks.too_late_to_reopen,), prepare=(former_assignee,), notifies=told_of_reopening(Role.incident_manager)),
        action(review,          "复盘",             [State.resolved],                STAYS,              incident_manager, "incident.reviewed",
               unless=(checks.not_a_major, checks.already_reviewed), wrong=(checks.timeline_in_future, checks.follow_up_not_ahead), staff_only=True),
        action(flag_review,     "标记复盘逾期",     [State.resolved],                STAYS,              rule, "incident.review_overdue", staff_only=True,
               notifies=REVIEW_OVERDUE),
        action(mark_duplicate,  "标记重复",         OPEN,                            State.closed,       agent, "incident.marked_duplicate",
               wrong=(checks.duplicate_of_itself, checks.original_was_cancelled)),
        action(cancel,          "取消",             OPEN,                            State.cancelled, reporter | agent | incident_manager, "incident.cancelled"),
        action(repeat_alert,    "告警重复",         OPEN | ENDED,                    STAYS,              integration, "incident.alert_repeated",
               unless=(alerts_have_changed,), prepare=(alerts_of_incident,)),
        action(clear_alert,     "告警恢复",         OPEN | ENDED,                    STAYS,              integration, "incident.alert_cleared",
               unless=(alerts_have_changed,), prepare=(alerts_of_incident,), wrong=(cleared_in_future,)),
        action(remind,          "催办",             OPEN,                            STAYS,              rule, "incident.reminded"),
        action(tell_resolved,   "告知原事件已解决", [State.closed],                  STAYS,              rule, "incident.original_resolved",
               unless=(checks.not_a_duplicate,)),
        action(pass_on_comment, "转入评论",         State,                           STAYS,              rule, "incident.comment_passed_on",
               keys=Keys.SAID),
        action(pass_on_attachment, "转入附件",      State,                           STAYS,              rule, "incident.attachment_passed_on",
               keys=Keys.SAID),
        action(restrict_comment, "评论改为仅工作人员可见", State,                           STAYS,              rule, "incident.comment_restricted", staff_only=True),
        action(tell_progress,   "告知原事件进展",   [State.closed],                  STAYS,              rule, "incident.original_progressed",
               unless=(checks.not_a_duplicate,)),
        *edit_action(edit, "incident", State, checks.edited_begin_invalid, prepare=(reopening_of_edited,)),
        *ticket_actions(
            kind="incident", any=State, open=OPEN, delivered=ENDED, manager=Role.incident_manager,
            priorities=PrioritySpec(prioritise), assigning=AssigningSpec(commander),
        ),
        *succession_rows("incident", State),
    ),
)
# fmt: on
