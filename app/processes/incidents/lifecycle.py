"""Incidents: identify, contain, find the cause, restore, verify.

new ─► acknowledged ─► in_progress ─► resolved ─► closed
             any open ⇄ on_hold          resolved, closed ─► in_progress (reopen)
any open ─► cancelled | closed as duplicate
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.children import ExternalReference
from app.common.notices import Responsible, Step
from app.common.people import SEE_EVERYTHING, Person, Role
from app.common.priority import Impact, Urgency
from app.common.records import KeyOf, Labelled, Refers
from app.common.tickets import Channel, HoldReason
from app.foundation.custom.values import CustomValues, custom_fits, give
from app.foundation.editing import editing, take
from app.kernel.bodies import (
    LONGEST_LIST,
    Body,
    Few,
    Instant,
    Key,
    Line,
    Nothing,
    Patch,
    Reason,
    Reference,
    Title,
    Words,
)
from app.kernel.constraints import Refused
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Keys, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.visibility import DESK
from app.kernel.who import agent, anybody, assignee, engineer, incident_manager, integration, reporter, rule
from app.processes.incidents import checks
from app.processes.incidents.duplicates import mark_duplicate, pass_on_comment, tell_resolved
from app.processes.incidents.majors import contain, declare_major, downgrade, post_update
from app.processes.incidents.monitoring.alerts import repeat_alert
from app.processes.incidents.preparation import ReviewDue, review_due
from app.processes.incidents.records import (
    ENDED,
    OPEN,
    Effect,
    Incident,
    IncidentReview,
    ResolutionCode,
    TimelineEntry,
)
from app.processes.incidents.records import (
    IncidentState as State,
)
from app.processes.incidents.reviews import review
from app.ticketing import CHILDREN, every_ticket
from app.ticketing import priority as priorities
from app.ticketing.priority import PrioritiseTicket


class ReportIncident(Body):
    """Something does not work as it should."""

    title: Title = Field(description="What is wrong, in a line. Lists show it: name no persons here.")
    description: Words = Field(description="What happened, in the words of whoever reports it.")
    channel: Channel = Field(description="How it came in.")
    impact: Impact = Field(description="How many are touched: 1 organisation, 2 department, 3 person.")
    urgency: Urgency = Field(description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.")
    effect: Effect = Field(description="What it does to the service.")
    began_at: Instant | None = Field(
        default=None, description="When it began, if known; at most 366 days before."
    )
    service: Annotated[Key, KeyOf("service")] | None = Field(
        default=None, description="The key of the service, if known."
    )
    ci: Annotated[Key, KeyOf("ci")] | None = Field(
        default=None, description="The key of the configuration item, if known."
    )
    category: Annotated[Key, KeyOf("category", per_process=True)] | None = Field(
        default=None, description="The key of the category, if known."
    )
    requester: Annotated[Reference, Refers("person", on_behalf=True)] | None = Field(
        default=None,
        description="Whom it is reported for, if not the caller: a person's id, or `<source>:<name>`, as "
        "another system calls them.",
    )
    alert_source: Key | None = Field(
        default=None, description="Of an alert: where it comes from. With `dedup_key`; for integrations."
    )
    dedup_key: Line | None = Field(
        default=None, description="Of an alert: what its source calls it, each time that it fires."
    )
    custom: CustomValues = Field(default_factory=dict)

    @model_validator(mode="after")
    def _both(self) -> ReportIncident:
        if (self.alert_source is None) != (self.dedup_key is None):
            raise PydanticCustomError("both_of_an_alert", "give alert_source and dedup_key, or neither")
        return self


def report(incident: Incident, body: ReportIncident, at: Moment) -> None:
    """Something does not work as it should."""
    requester = at.the(Person, "requester")
    incident.title = body.title
    incident.description = body.description
    incident.channel = body.channel
    incident.impact = body.impact
    incident.urgency = body.urgency
    incident.effect = body.effect
    incident.began_at = body.began_at
    incident.service = body.service
    incident.ci = body.ci
    incident.category = body.category
    incident.requester_id = requester.id if requester else at.caller.person_id
    # The customer is the requester's team at opening, whatever becomes of either later.
    incident.customer_id = requester.team_id if requester else at.caller.team_id
    incident.opened_at = at.occurred_at
    if incident.requester_id != at.caller.person_id:
        incident.reported_by_id = at.caller.person_id
    if body.dedup_key is not None:
        incident.alert_source = body.alert_source
        incident.dedup_key = body.dedup_key
        incident.alert_count = 1
        incident.last_alert_at = body.began_at or at.occurred_at
    give(incident, at)


def acknowledge(incident: Incident, body: Nothing, at: Moment) -> None:
    """Somebody has seen it and will see to it."""


def start(incident: Incident, body: Nothing, at: Moment) -> None:
    """Work on it begins."""


class HoldIncident(Body):
    """Work waits for something."""

    reason: HoldReason = Field(description="What it waits for.")
    wake_up_at: Instant | None = Field(
        default=None, description="When to look at it again; none: when somebody resumes it."
    )


def hold(incident: Incident, body: HoldIncident, at: Moment) -> None:
    """Work waits for something."""
    incident.hold_reason = body.reason
    incident.wake_up_at = body.wake_up_at


def resume(incident: Incident, body: Nothing, at: Moment) -> None:
    """What it waited for has come."""


class ResolveIncident(Body):
    """Service is back."""

    resolution_code: ResolutionCode = Field(description="How it ended.")
    done: Words = Field(description="What was done.")
    cause: Words | None = Field(default=None, description="What caused it, if known.")
    service_restored_at: Instant | None = Field(
        default=None,
        description="When service came back, if not now; not before it began, or else was opened.",
    )


def resolve(incident: Incident, body: ResolveIncident, at: Moment) -> None:
    """Service is back."""
    incident.resolution_code = body.resolution_code
    incident.resolution = body.done
    incident.cause = body.cause
    # Outage time runs to here, and not to the moment when somebody found the time to press the button.
    incident.service_restored_at = body.service_restored_at or at.occurred_at
    incident.review_due_at = at.prepared(ReviewDue).due_at


def close(incident: Incident, body: Nothing, at: Moment) -> None:
    """It has been verified that it works."""


def reopen(incident: Incident, body: Reason, at: Moment) -> None:
    """It is not over: the fault is still there, or back."""


def cancel(incident: Incident, body: Reason, at: Moment) -> None:
    """It turns out to be no incident."""


class EditIncident(Patch):
    """What is known of it."""

    OWN_WORDS = frozenset({"title", "description"})

    title: Title = Field(default_factory=str, description="What is wrong, in a line. Lists show it.")
    description: Words = Field(default_factory=str, description="What happened.")
    began_at: Instant | None = Field(default=None, description="When it began; at most 366 days before.")
    service: Annotated[Key, KeyOf("service")] | None = Field(
        default=None, description="The key of the service."
    )
    ci: Annotated[Key, KeyOf("ci")] | None = Field(
        default=None, description="The key of the configuration item."
    )
    category: Annotated[Key, KeyOf("category", per_process=True)] | None = Field(
        default=None, description="The key of the category."
    )
    custom: CustomValues = Field(default_factory=dict)


def edit(incident: Incident, body: EditIncident, at: Moment) -> None:
    """What is known of it is put right."""
    take(incident, body, at)


class PrioritiseIncident(PrioritiseTicket):
    """In which order it is taken."""

    effect: Effect | None = Field(
        default=None, description="What it does to the service, if other than was thought."
    )


def prioritise(incident: Incident, body: PrioritiseIncident, at: Moment) -> None:
    """Impact, urgency or effect are other than was thought, or the priority is set against what they give."""
    priorities.prioritise(incident, body, at)
    incident.effect = body.effect or incident.effect


class RemindIncident(Body):
    """Somebody is reminded that it waits for them."""

    persons: Annotated[
        tuple[Annotated[Reference, Refers("person"), Responsible(Step.reminded)], ...], Few
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="Whom.")


def remind(incident: Incident, body: RemindIncident, at: Moment) -> None:
    """Somebody is reminded that it waits for them."""
    incident.reminded_at = at.occurred_at


def where_it_was(incident: Incident) -> Labelled:
    """The state that it was held in."""
    assert incident.held_from is not None
    return incident.held_from


def entered(incident: Incident, before: Labelled | None, at: Moment) -> None:
    """What goes with a state, whoever leads there: a person, a rule, or another system's history."""
    if incident.state is State.acknowledged and before is not State.on_hold:
        incident.acknowledged_at = at.occurred_at
    elif incident.state is State.in_progress and incident.started_at is None:
        incident.started_at = at.occurred_at
    elif incident.state is State.on_hold and before is not State.on_hold:
        incident.held_from = State(before) if before in OPEN else State.in_progress
    elif incident.state is State.resolved:
        incident.resolved_at = at.occurred_at
    elif incident.state is State.closed:
        incident.closed_at = at.occurred_at
    elif incident.state is State.cancelled:
        incident.cancelled_at = at.occurred_at
    if incident.state not in OPEN:
        incident.next_update_due_at = None
    if before is State.on_hold and incident.state is not State.on_hold:
        incident.held_from = incident.hold_reason = incident.wake_up_at = None
    if before in ENDED and incident.state in OPEN:
        incident.resolved_at = incident.closed_at = incident.service_restored_at = None
        incident.review_due_at = incident.reviewed_at = None
        incident.resolution_code = incident.resolution = incident.cause = incident.duplicate_of_id = None


def audience(incident: Incident) -> tuple[str, ...]:
    """Who asked or reported, who works on it or leads, and the desk as long as it is nobody's."""
    persons = (incident.requester_id, incident.reported_by_id, incident.assignee_id, incident.commander_id)
    tokens = tuple(f"person:{person}" for person in persons if person is not None)
    if incident.service is not None:
        tokens = (*tokens, f"service:{incident.service}")
    if incident.team_id is not None:
        return (*tokens, f"team:{incident.team_id}")
    return (*tokens, DESK)


# fmt: off
LIFECYCLE = Lifecycle(
    kind="incident", plural="incidents", zh="事件", record=Incident, states=State, code="INC",
    audience=audience, sees_all=SEE_EVERYTHING | {Role.incident_manager, Role.problem_manager},
    columns={"person": ("requester_id", "reported_by_id", "assignee_id", "commander_id"), "team": ("team_id",), "service": ("service",)},
    unassigned="team_id is null", constraints={"incident_alert_is_open_elsewhere": Refused("alert_is_open_elsewhere")},
    entered=entered, children=(ExternalReference, IncidentReview, TimelineEntry, *CHILDREN), ended=ENDED,
    searched=("title", "description", "statement", "containment", "cause", "resolution", "service", "ci", "category"),
    rows=(
        # action        中文        from                               to                  who                             event
        action(report,       "上报",     FROM_NOTHING,                    State.new,          anybody | integration,          "incident.reported",
               wrong=(checks.began_later, checks.began_long_before, checks.alert_of_no_tool, custom_fits)),
        action(acknowledge,  "响应",     [State.new],                     State.acknowledged, agent | engineer,               "incident.acknowledged",
               unless=(checks.not_on_call,)),
        action(start,        "开始处理", [State.new, State.acknowledged], State.in_progress,  assignee,                       "incident.started"),
        action(contain,      "遏制",     [State.in_progress],             STAYS,              engineer,                       "incident.contained",
               wrong=(checks.contained_at_another_time,)),
        action(hold,         "挂起",     OPEN - {State.on_hold},          State.on_hold,      assignee,                       "incident.held",
               wrong=(checks.wakes_up_before,)),
        action(resume,       "恢复",     [State.on_hold],                 where_it_was,       assignee | rule,                "incident.resumed"),
        action(declare_major, "宣布重大", OPEN,                           STAYS,              incident_manager,               "incident.declared_major",
               wrong=(checks.commander_is_erased,)),
        action(downgrade,    "降级",     OPEN,                            STAYS,              incident_manager,               "incident.downgraded",
               unless=(checks.is_no_major,)),
        action(post_update,  "发布进展", OPEN,                            STAYS,              incident_manager | assignee,    "incident.update_posted",
               wrong=(checks.update_due_before,)),
        action(resolve,      "解决",     OPEN,                            State.resolved,     assignee | integration | rule,  "incident.resolved",
               unless=(checks.nobody_has_seen_it,), prepare=(review_due,), wrong=(checks.restored_at_another_time,)),
        action(close,        "关闭",     [State.resolved],                State.closed,       reporter | agent | rule,        "incident.closed",
               unless=(checks.major_not_reviewed,)),
        action(reopen,       "重新打开", [State.resolved, State.closed],  State.in_progress,  reporter | agent | integration, "incident.reopened",
               unless=(checks.too_late_to_reopen,)),
        action(review,       "回顾",     [State.resolved],                STAYS,              incident_manager,               "incident.reviewed",
               unless=(checks.is_no_major, checks.already_reviewed), wrong=(checks.happened_later, checks.owner_is_erased), staff_only=True),
        action(mark_duplicate, "标记重复", OPEN,                          State.closed,       agent,                          "incident.marked_duplicate",
               wrong=(checks.repeats_itself, checks.repeats_none)),
        action(cancel,       "取消",     OPEN,                            State.cancelled,    reporter | agent,               "incident.cancelled"),
        action(repeat_alert, "告警重复", OPEN,                            STAYS,              integration,                    "incident.alert_repeated"),
        action(remind,       "催办",     OPEN,                            STAYS,              rule,                           "incident.reminded"),
        action(tell_resolved, "告知原事件已解决", [State.closed],         STAYS,              rule,                           "incident.original_resolved",
               unless=(checks.is_no_duplicate,)),
        action(pass_on_comment, "转入评论", State,                        STAYS,              rule,                           "incident.comment_passed_on",
               keys=Keys.SAID),
        *editing(edit, "incident", State, checks.began_after_the_report),
        *every_ticket(
            kind="incident", any=State, open=OPEN, delivered=ENDED, manager=Role.incident_manager, prioritise=prioritise
        ),
    ),
)
# fmt: on
