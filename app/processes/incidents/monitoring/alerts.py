"""The actions on incidents that record how alerts fire and clear.

An alert is identified by the account that sends it, its source, and its key there. It is a row next to its
incident, and fires and clears by itself. The incident that it joins is chosen before; here the basis of that
choice is checked: that the incident is still open, and whether others of its alerts fire.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.common.priorities.priority import Impact, Urgency
from app.common.records import CodeEnum
from app.common.times.instants import later_instant
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText, Instant, Payload, Title
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.processes.incidents.payloads import ReportIncident, ResolveIncident
from app.processes.incidents.records import OPEN, Effect, Incident, IncidentAlert
from app.ticketing.priority import MatrixInForce, RaisesPriority

#: Fields that make up the severity of an alert, each with its levels, the most severe first.
SEVERITY: dict[str, tuple[CodeEnum, ...]] = {
    "impact": tuple(Impact),
    "urgency": tuple(Urgency),
    "effect": (Effect.down, Effect.degraded, Effect.none),
}


@dataclass(frozen=True, slots=True)
class AlertOfIncident:
    """The alert that a command is about, if it comes from the tool.

    `cleared_at` is when it has cleared since it fired, as far as that is known. `group` and `number` are
    those of the incident that it opens. The command was decided for an open incident (`while_open`), and for
    one of which other alerts fire, or do not (`others_fire`); None: that does not matter. `reopens`: an ended
    incident is opened again at once.
    """

    sender_id: UUID
    source: str
    dedup_key: str
    cleared_at: datetime | None = None
    group: str | None = None
    number: int | None = None
    while_open: bool = False
    others_fire: bool | None = None
    reopens: bool = False

    def id_in(self, incident: Incident) -> UUID:
        """Return the id of this alert's row in the incident."""
        return IncidentAlert.id_of(incident.id, self.sender_id, self.source, self.dedup_key)


@dataclass(frozen=True, slots=True)
class AlertsOfIncident:
    """The alerts of an incident, by their ids."""

    rows: dict[UUID, IncidentAlert]


async def alerts_of_incident(
    reads: ReadContext, incident: Incident, body: object, ctx: ActionContext
) -> AlertsOfIncident:
    """Read the alerts of the incident, if it has any."""
    if incident.dedup_key is None and ctx.prepared_if_any(AlertOfIncident) is None:
        return AlertsOfIncident({})
    return AlertsOfIncident({row.id: row for row in await reads.children(IncidentAlert, incident)})


async def alerts_have_changed(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse what was decided on an incident that was open, or of which other alerts fired or did not, if
    that has changed since (`alerts_have_changed`).
    """
    about = ctx.prepared_if_any(AlertOfIncident)
    if about is None:
        return None
    changed = about.while_open and incident.state not in OPEN
    if about.others_fire is not None:
        rows = await reads.children(IncidentAlert, incident)
        fire = any(row.cleared_at is None for row in rows if row.id != about.id_in(incident))
        changed = changed or fire is not about.others_fire
    return "alerts_have_changed" if changed else None


def note_first_alert(incident: Incident, body: ReportIncident, ctx: ActionContext) -> None:
    """Note the alert that the incident is reported for, if it is for one."""
    if body.alert_source is None or body.dedup_key is None:
        return
    when = body.began_at or ctx.occurred_at
    incident.alert_count = 1
    incident.last_alert_at = when
    about = ctx.prepared_if_any(AlertOfIncident)
    sender = ctx.caller.person_id if about is None else about.sender_id
    assert sender is not None, "an integration is an account"
    if about is None:
        about = AlertOfIncident(sender, body.alert_source, body.dedup_key)
    incident.alert_group, incident.alert_group_number = about.group, about.number
    alert = _new_alert(incident, about, body.title, body.alert_labels, when)
    alert.description = body.description
    alert.impact, alert.urgency, alert.effect = body.impact, body.urgency, body.effect
    ctx.outcome.add(alert)


class RepeatAlertIncident(RaisesPriority):
    """The data of an alert that fires while its incident is open: again, or in addition to other alerts."""

    title: Title = Field(description="Alert in one line.")
    description: FreeText | None = Field(default=None, description="Full text of the alert.")
    labels: FreeText | None = Field(
        default=None, description="Labels of the alert: a name, `=` and a value in each line."
    )
    impact: Impact | None = Field(
        default=None, description="Number of people affected, if the alert states it."
    )
    urgency: Urgency | None = Field(default=None, description="Effect on their work, if the alert states it.")
    effect: Effect | None = Field(default=None, description="Effect on the service, if the alert states it.")
    alerted_at: Instant | None = Field(
        default=None, description="Time at which the alert fired; if left out, now."
    )


def repeat_alert(incident: Incident, body: RepeatAlertIncident, ctx: ActionContext) -> None:
    """Repeat an alert of the incident: it has fired again, or fired earlier than was known. Or add another
    alert that belongs to the incident.

    An open incident gets a higher priority when its alert becomes more severe. Nothing here lowers it, and
    the priority that a person has set stays until then.
    """
    incident.alert_count = (incident.alert_count or 0) + 1
    incident.effect_reported_at = None
    when = body.alerted_at or ctx.occurred_at
    incident.last_alert_at = later_instant(incident.last_alert_at, when)
    in_group = incident.alert_group is not None
    if (incident.state in OPEN or in_group) and incident.began_at is not None:
        incident.began_at = min(incident.began_at, when)
    about = ctx.prepared_if_any(AlertOfIncident) or _first_alert(incident)
    if about is None:
        return
    if incident.state not in OPEN and in_group and about.cleared_at is not None:
        incident.service_restored_at = later_instant(incident.service_restored_at, about.cleared_at)
    rows = ctx.prepared(AlertsOfIncident).rows
    if incident.state in OPEN or about.reopens:
        _raise_severity(incident, body, list(rows.values()), ctx)
    row = rows.get(about.id_in(incident))
    if row is not None:
        newest = row.last_fired_at is None or when >= row.last_fired_at
        fired = ctx.outcome.change(row)
        _fire(fired, when, about.cleared_at)
        if newest:
            _describe(fired, body)
        return
    alert = _new_alert(incident, about, body.title, body.labels, when)
    if (about.source, about.dedup_key) == (incident.alert_source, incident.dedup_key):
        # An alert from an earlier version, which had no rows next to the incident.
        alert.first_fired_at = min(when, incident.began_at or incident.opened_at or when)
        alert.fired_count = incident.alert_count
    _describe(alert, body)
    ctx.outcome.add(alert)


def _raise_severity(
    incident: Incident, body: RepeatAlertIncident, alerts: list[IncidentAlert], ctx: ActionContext
) -> None:
    """Raise the impact, urgency and effect of the incident to those of the alert, each only if no alert of
    the incident had such a level when it fired last; then the priority, which is never lowered.
    """
    is_raised = False
    for name in SEVERITY:
        level = getattr(body, name)
        levels = [each for each in (getattr(alert, name) for alert in alerts) if each is not None]
        if level is None or not levels or not all(_is_more_severe(name, level, each) for each in levels):
            continue
        present = getattr(incident, name)
        if present is None or _is_more_severe(name, level, present):
            setattr(incident, name, level)
            is_raised = True
    if is_raised and incident.impact is not None and incident.urgency is not None:
        by_matrix = ctx.prepared(MatrixInForce).cells[incident.impact, incident.urgency]
        incident.priority = min(incident.priority or by_matrix, by_matrix)


def _is_more_severe(name: str, level: CodeEnum, than: CodeEnum) -> bool:
    return SEVERITY[name].index(level) < SEVERITY[name].index(than)


def _describe(alert: IncidentAlert, body: RepeatAlertIncident) -> None:
    """Set the texts and the severity with which the alert fired last."""
    alert.title, alert.description, alert.labels = body.title, body.description, body.labels
    for name in SEVERITY:
        if (level := getattr(body, name)) is not None:
            setattr(alert, name, level)


class ClearAlertIncident(Payload):
    """An alert that has cleared although its incident does not end with it: other alerts still fire, or a
    person works on the incident or has resolved it.
    """

    title: Title = Field(description="Alert in one line.")
    cleared_at: Instant = Field(description="Time at which the alert cleared.")


def clear_alert(incident: Incident, body: ClearAlertIncident, ctx: ActionContext) -> None:
    """Clear the incident's alert. If a person has already resolved the incident, the time of restoration
    becomes later.
    """
    if incident.state not in OPEN:
        incident.service_restored_at = later_instant(incident.service_restored_at, body.cleared_at)
    about = ctx.prepared_if_any(AlertOfIncident) or _first_alert(incident)
    row = None if about is None else ctx.prepared(AlertsOfIncident).rows.get(about.id_in(incident))
    if row is not None and row.last_fired_at is not None and body.cleared_at >= row.last_fired_at:
        cleared = ctx.outcome.change(row)
        cleared.cleared_at = min(row.cleared_at or body.cleared_at, body.cleared_at)


async def cleared_in_future(
    reads: ReadContext, incident: Incident, body: ClearAlertIncident, ctx: ActionContext
) -> None:
    """Refuse an alert that clears in the future (`in_the_future`). Clocks of tools may differ a little."""
    if body.cleared_at > ctx.now + CLOCK_TOLERANCE:
        raise WrongValue(pointer="/cleared_at", because="in_the_future")


def clear_only_alert(incident: Incident, body: ResolveIncident, ctx: ActionContext) -> None:
    """Clear the only alert of an incident that its tool resolves."""
    rows = ctx.prepared(AlertsOfIncident).rows
    about = ctx.prepared_if_any(AlertOfIncident)
    if about is None or incident.alert_group is not None:
        return
    row = rows.get(about.id_in(incident))
    if row is not None and row.cleared_at is None:
        ctx.outcome.change(row).cleared_at = incident.service_restored_at


def _first_alert(incident: Incident) -> AlertOfIncident | None:
    sender = incident.reported_by_id or incident.requester_id
    if sender is None or incident.alert_source is None or incident.dedup_key is None:
        return None
    return AlertOfIncident(sender, incident.alert_source, incident.dedup_key)


def _new_alert(
    incident: Incident, about: AlertOfIncident, title: str, labels: str | None, when: datetime
) -> IncidentAlert:
    return IncidentAlert(
        id=about.id_in(incident),
        record=incident.row_key,
        sender_id=about.sender_id,
        source=about.source,
        dedup_key=about.dedup_key,
        title=title,
        labels=labels,
        first_fired_at=when,
        last_fired_at=when,
        fired_count=1,
        cleared_at=about.cleared_at,
    )


def _fire(alert: IncidentAlert, when: datetime, cleared_at: datetime | None) -> None:
    """Fire the alert: it is over by the first clearing that is not before it fired last, in whatever order
    both are reported.
    """
    alert.first_fired_at = min(alert.first_fired_at or when, when)
    alert.last_fired_at = last = later_instant(alert.last_fired_at, when)
    alert.fired_count = (alert.fired_count or 0) + 1
    clearings = [end for end in (alert.cleared_at, cleared_at) if end is not None and end >= last]
    alert.cleared_at = min(clearings, default=None)
