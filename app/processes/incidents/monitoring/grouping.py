"""The action for an alert that forms one incident with others.

An alert joins the incident that it has fired in, and otherwise the open one of its group, if it fires within
the window of that. It clears by itself: the last one that clears ends the incident. The rules for an alert
with its own incident hold for each of them, except one: a late report of an alert stays in the incident that
it fires in, since that was open for the others meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.ledger import Ledger
from app.processes.incidents.alert_rules.matching import group_values, grouping_rule
from app.processes.incidents.alert_rules.records import AlertRule, WindowSince
from app.processes.incidents.monitoring.alert import Alert, AlertStatus, identity_of, labels_of, time_of
from app.processes.incidents.monitoring.alerts import AlertOfIncident, ClearAlertIncident
from app.processes.incidents.monitoring.choosing import (
    ChosenAction,
    acknowledged_action,
    cleared_text,
    repeat_action,
    report_anew,
    resolve_payload,
    said_in_comment,
)
from app.processes.incidents.monitoring.known_alerts import clearing_since, last_resolution
from app.processes.incidents.monitoring.queries import (
    AlertMembership,
    IncidentOfGroup,
    incidents_of_group,
    memberships_of,
)
from app.processes.incidents.queries import AlertedIncident, find_alerted_incident, is_reopened_by_its_tool
from app.processes.incidents.records import OPEN


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Common values of several alerts, as a fingerprint, and the rule that groups them."""

    key: str
    rule: AlertRule


class GroupedChoice(NamedTuple):
    """The action for an alert of a group, or None."""

    action: ChosenAction | None


@dataclass(frozen=True, slots=True)
class _Firing:
    """A firing, when it was and when the alert has cleared since, as far as that is membership."""

    alert: Alert
    metadata: CommandMetadata
    about: AlertOfIncident
    when: datetime
    flapping: timedelta | None

    def repeats(self, incident: AlertedIncident, *, reopens: bool = False) -> GroupedChoice:
        """Return that it joins the incident, which it opens again if it `reopens` it."""
        is_open = incident.state in OPEN
        about = AlertOfIncident(
            self.about.sender_id,
            self.about.source,
            self.about.dedup_key,
            cleared_at=self.about.cleared_at,
            while_open=is_open,
        )
        return GroupedChoice(
            repeat_action(self.alert, incident, self.when, self.metadata, about, reopens=reopens)
        )


def group_of(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, rules: Sequence[AlertRule]
) -> AlertGroup | None:
    """Return the group of the alert by these rules, which are in their order; None if no rule groups it.
    Alerts of two accounts are never one group: neither sees the other's incidents.
    """
    labels = labels_of(alert)
    rule = grouping_rule(rules, labels)
    if rule is None:
        return None
    sender = str(metadata.caller.person_id)
    return AlertGroup(
        ledger.vault.fingerprint("alert_group", sender, str(rule.id), *group_values(rule, labels)), rule
    )


async def choose_in_group(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    flapping: timedelta | None,
    group: AlertGroup | None,
    passed_over: str | None = None,
) -> GroupedChoice | None:
    """Return what the alert calls for as one of a group; None: it is an incident of its own. `passed_over` is
    the id of an incident that it is too late to open again.
    """
    identity, when = identity_of(alert, metadata), time_of(alert, metadata)
    memberships = await memberships_of(ledger.db, *identity)
    about = AlertOfIncident(*identity)
    if alert.status is AlertStatus.acknowledged:
        present = next((each.incident for each in memberships if each.incident.state in OPEN), None)
        return None if present is None else GroupedChoice(acknowledged_action(alert, present, metadata))
    if alert.status is AlertStatus.cleared:
        return (
            await _chosen_of_cleared(ledger, alert, metadata, memberships, about, when)
            if memberships
            else None
        )
    if not memberships and group is None:
        return None
    if await find_alerted_incident(ledger.db, *identity) is not None:
        return None
    cleared_at = await clearing_since(ledger.db, *identity, when)
    about = AlertOfIncident(*identity, cleared_at=cleared_at)
    firing = _Firing(alert, metadata, about, when, flapping)
    for each in memberships:
        if str(each.incident.id) == passed_over:
            continue
        if (choice := _chosen_in(each, firing)) is not None:
            return choice
    return None if group is None else await _chosen_by_group(ledger, firing, group, passed_over)


def _chosen_in(membership: AlertMembership, firing: _Firing) -> GroupedChoice | None:
    """Return what the firing calls for in an incident that its alert has fired in; None: nothing there."""
    incident, when, cleared_at = membership.incident, firing.when, firing.about.cleared_at
    is_open = incident.state in OPEN
    goes_on = membership.cleared_at is None or when <= membership.cleared_at
    if goes_on and (
        when >= membership.first_fired_at or cleared_at is None or cleared_at >= membership.first_fired_at
    ):
        # Somebody has ended it, and not the tool.
        fires_on = (
            not is_open
            and membership.cleared_at is None
            and cleared_at is None
            and incident.begin <= when
            and incident.was_resolved_by(firing.metadata.now)
        )
        return firing.repeats(incident, reopens=fires_on)
    if goes_on:
        return None
    if is_open:
        return firing.repeats(incident)
    flaps = (
        firing.flapping is not None
        and cleared_at is None
        and incident.duplicate_of_id is None
        and incident.restored_at is not None
        and incident.restored_at >= when - firing.flapping
    )
    return firing.repeats(incident, reopens=True) if flaps else None


async def _chosen_by_group(
    ledger: Ledger, firing: _Firing, group: AlertGroup, passed_over: str | None
) -> GroupedChoice:
    """Return that the firing joins an incident of its group, or opens one."""
    present = await incidents_of_group(ledger.db, group.key)
    for each in present:
        incident = each.incident
        if str(incident.id) == passed_over or not _is_in_window(each, firing.when, group.rule):
            continue
        if incident.state in OPEN:
            return firing.repeats(incident)
        ended_since = incident.restored_at is not None and firing.when <= incident.restored_at
        if ended_since and incident.duplicate_of_id is None and incident.state != "cancelled":
            # The report is late: the incident was not over then.
            return firing.repeats(incident, reopens=firing.about.cleared_at is None)
    number = 1 + max((each.number for each in present), default=0)
    about = AlertOfIncident(
        firing.about.sender_id,
        firing.about.source,
        firing.about.dedup_key,
        cleared_at=firing.about.cleared_at,
        group=group.key,
        number=number,
    )
    return GroupedChoice(
        report_anew(firing.alert, firing.when, firing.about.cleared_at, firing.metadata, about)
    )


def _is_in_window(incident: IncidentOfGroup, when: datetime, rule: AlertRule) -> bool:
    """Return whether an alert that fired then joins the incident by the rule."""
    window = timedelta(seconds=rule.window_seconds or 0)
    begin = incident.incident.begin
    since = incident.last_alert_at if rule.window_since is WindowSince.last_alert else begin
    return begin - window <= when <= since + window and (
        rule.most_alerts is None or incident.alerts < rule.most_alerts
    )


async def _chosen_of_cleared(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    memberships: Sequence[AlertMembership],
    about: AlertOfIncident,
    when: datetime,
) -> GroupedChoice:
    """Return what the clearing calls for in the incident in which the alert fires."""
    each = next(
        (m for m in memberships if m.last_fired_at <= when and (m.cleared_at is None or when < m.cleared_at)),
        None,
    )
    if each is None:
        return GroupedChoice(None)
    incident, name = each.incident, str(each.incident.id)
    payload = ClearAlertIncident(title=alert.title, cleared_at=when)
    if incident.state not in OPEN:
        # A person resolved the incident before the tool reported the end.
        action = ChosenAction("clear_alert", name, payload, about=about)
        return GroupedChoice(action if each.cleared_at is None else None)
    about = AlertOfIncident(
        about.sender_id, about.source, about.dedup_key, while_open=True, others_fire=each.others_fire
    )
    if each.others_fire:
        return GroupedChoice(ChosenAction("clear_alert", name, payload, about=about))
    text = cleared_text(alert.title, metadata, alert.description)
    again = await is_reopened_by_its_tool(ledger.db, incident.id, metadata.caller.actor)
    if incident.started_at is not None and not again:
        then: tuple[str, Payload] = ("comment", said_in_comment(text))
    else:
        restored_at = max(when, each.others_cleared_at or when, incident.begin)
        earlier = await last_resolution(ledger, incident.id) if again else None
        resolution = resolve_payload(text, restored_at, incident.state_since, earlier)
        payload = payload.model_copy(update={"occurred_at": resolution.occurred_at})
        then = ("resolve", resolution)
    return GroupedChoice(ChosenAction("clear_alert", name, payload, incident.version, then, about=about))
