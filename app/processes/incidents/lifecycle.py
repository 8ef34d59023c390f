"""Incidents: identify, contain, find the cause, restore, verify.

new ─► acknowledged ─► in_progress ─► resolved ─► closed
             any open ⇄ on_hold          resolved, closed ─► in_progress (reopen)
any open ─► cancelled
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.children import Comment, ExternalReference, Visibility
from app.common.people import SEE_EVERYTHING, Person, Role, Team
from app.common.priority import Impact, Urgency, priority
from app.common.records import Labelled, Refers
from app.kernel.bodies import Body, Instant, Key, Nothing, Reason, Reference, Title, Words
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Keys, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.visibility import DESK
from app.kernel.who import agent, anybody, assignee, engineer, integration, reporter, rule
from app.processes.incidents import checks
from app.processes.incidents.records import (
    ENDED,
    OPEN,
    Channel,
    Effect,
    HoldReason,
    Incident,
    ResolutionCode,
)
from app.processes.incidents.records import (
    IncidentState as State,
)


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
    service: Key | None = Field(default=None, description="The key of the service, if known.")
    ci: Key | None = Field(default=None, description="The key of the configuration item, if known.")
    category: Key | None = Field(default=None, description="The key of the category, if known.")
    requester: Annotated[Reference, Refers("person", on_behalf=True)] | None = Field(
        default=None, description="Whom it is reported for, if not the caller: a person's id."
    )


def report(incident: Incident, body: ReportIncident, at: Moment) -> None:
    """Something does not work as it should."""
    requester = at.the(Person, "requester")
    incident.title = body.title
    incident.description = body.description
    incident.channel = body.channel
    incident.impact = body.impact
    incident.urgency = body.urgency
    incident.priority = priority(body.impact, body.urgency)
    incident.effect = body.effect
    incident.began_at = body.began_at
    incident.service = body.service
    incident.ci = body.ci
    incident.category = body.category
    incident.requester_id = requester.id if requester else at.caller.person_id
    # The customer is the requester's team at opening, whatever becomes of either later.
    incident.customer_id = requester.team_id if requester else at.caller.team_id
    incident.opened_at = at.occurred_at


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


def close(incident: Incident, body: Nothing, at: Moment) -> None:
    """It has been verified that it works."""


def reopen(incident: Incident, body: Reason, at: Moment) -> None:
    """It is not over: the fault is still there, or back."""


def cancel(incident: Incident, body: Reason, at: Moment) -> None:
    """It turns out to be no incident."""


class AssignIncident(Body):
    """Who is to see to it."""

    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="The team: its key or id."
    )
    person: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="The person: an id, or `me`. With a team: one of its members."
    )

    @model_validator(mode="after")
    def _somebody(self) -> AssignIncident:
        if self.team is None and self.person is None:
            raise PydanticCustomError("somebody", "name a team, a person, or both")
        return self


def assign(incident: Incident, body: AssignIncident, at: Moment) -> None:
    """Somebody is given it."""
    team, person = at.the(Team, "team"), at.the(Person, "person")
    if team is not None:
        incident.team_id = team.id
    incident.assignee_id = person.id if person else None


class CommentIncident(Body):
    """Something to say about it."""

    text: Words = Field(description="What is said.")
    visibility: Visibility = Field(
        default=Visibility.public, description="For all who see the incident, or for staff."
    )


def comment(incident: Incident, body: CommentIncident, at: Moment) -> None:
    """Something is said about it."""
    at.staff_only = body.visibility is Visibility.internal
    at.add(
        Comment(
            id=at.new_id(),
            record=incident.row_key,
            author_id=at.caller.person_id,
            visibility=body.visibility,
            text=body.text,
            written_at=at.occurred_at,
        )
    )


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
    if before is State.on_hold and incident.state is not State.on_hold:
        incident.held_from = incident.hold_reason = incident.wake_up_at = None
    if before in ENDED and incident.state in OPEN:
        incident.resolved_at = incident.closed_at = incident.service_restored_at = None
        incident.resolution_code = incident.resolution = incident.cause = None


def audience(incident: Incident) -> tuple[str, ...]:
    """Who asked, who works on it, and the desk as long as it is nobody's."""
    persons = (incident.requester_id, incident.assignee_id)
    tokens = tuple(f"person:{person}" for person in persons if person is not None)
    if incident.team_id is not None:
        return (*tokens, f"team:{incident.team_id}")
    return (*tokens, DESK)


# fmt: off
LIFECYCLE = Lifecycle(
    kind="incident", plural="incidents", zh="事件", record=Incident, states=State, code="INC",
    audience=audience, sees_all=SEE_EVERYTHING | {Role.incident_manager},
    columns={"person": ("requester_id", "assignee_id"), "team": ("team_id",)},
    unassigned="team_id is null",
    entered=entered, children=(Comment, ExternalReference), ended=ENDED,
    rows=(
        # action        中文        from                               to                  who                             event
        action(report,       "上报",     FROM_NOTHING,                    State.new,          anybody | integration,          "incident.reported",
               unless=(checks.began_later, checks.began_long_before)),
        action(acknowledge,  "响应",     [State.new],                     State.acknowledged, agent | engineer,               "incident.acknowledged"),
        action(start,        "开始处理", [State.new, State.acknowledged], State.in_progress,  assignee,                       "incident.started"),
        action(hold,         "挂起",     OPEN - {State.on_hold},          State.on_hold,      assignee,                       "incident.held",
               unless=(checks.wakes_up_before,)),
        action(resume,       "恢复",     [State.on_hold],                 where_it_was,       assignee,                       "incident.resumed"),
        action(resolve,      "解决",     OPEN,                            State.resolved,     assignee | integration | rule,  "incident.resolved",
               unless=(checks.nobody_has_seen_it, checks.restored_at_another_time)),
        action(close,        "关闭",     [State.resolved],                State.closed,       reporter | agent | rule,        "incident.closed"),
        action(reopen,       "重新打开", [State.resolved, State.closed],  State.in_progress,  reporter | agent | integration, "incident.reopened",
               unless=(checks.too_late_to_reopen,)),
        action(cancel,       "取消",     OPEN,                            State.cancelled,    reporter | agent,               "incident.cancelled"),
        action(assign,       "分派",     OPEN,                            STAYS,              agent | engineer | rule,        "incident.assigned",
               unless=(checks.cannot_take_it,)),
        action(comment,      "评论",     State,                           STAYS,              anybody,                        "incident.commented",
               unless=(checks.internal_is_for_staff,), keys=Keys.TEXTS),
    ),
)
# fmt: on
