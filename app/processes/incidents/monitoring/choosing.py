"""The action for an alert, by the knowledge about it.

An alert that fires joins its incident, if that is open or was over by a clearing which came earlier. If
somebody has resolved it and the alert is heard to fire still, it is opened again; so is one that has cleared
just now, if its source takes that as flapping. Otherwise an incident is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from app.common.children import Visibility
from app.common.tickets import Channel
from app.i18n import translate
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import LONGEST_PARAGRAPH, Payload, Reason
from app.kernel.ledger import Ledger
from app.processes.incidents.monitoring.alert import Alert, AlertStatus, identity_of, labels_text, time_of
from app.processes.incidents.monitoring.alerts import AlertOfIncident, ClearAlertIncident, RepeatAlertIncident
from app.processes.incidents.monitoring.known_alerts import EarlierResolution, clearing_since, last_resolution
from app.processes.incidents.payloads import ReportIncident, ResolveIncident
from app.processes.incidents.queries import (
    AlertedIncident,
    find_alerted_incident,
    find_cleared_incident,
    find_next_alerted_incident,
    find_past_alerted_incident,
    is_reopened_by_its_tool,
)
from app.processes.incidents.records import OPEN, ResolutionCode
from app.ticketing.comments import CommentTicket


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """The incident that an alert belongs to, if there is one, and when the alert fired or cleared.

    For a firing alert: `cleared_at` is when it has cleared since; `fires_on` is true if it still fires, or
    fires again, though its incident is over. For a cleared one: `earlier_resolution` is that of the incident,
    if the tool has reopened it since.
    """

    incident: AlertedIncident | None
    alerted_at: datetime
    cleared_at: datetime | None = None
    fires_on: bool = False
    earlier_resolution: EarlierResolution | None = None


class ChosenAction(NamedTuple):
    """The action for an alert: on the incident of that name, a new one if None, with this payload. It must
    have that version, if one is given. `then` follows at once. `about` identifies the alert.
    """

    action: str
    name: str | None
    payload: Payload
    version: int | None = None
    then: tuple[str, Payload] | None = None
    about: AlertOfIncident | None = None

    @property
    def opens(self) -> bool:
        """Return whether there is an incident by it, or one is open, that was not before."""
        return self.action == "report" or (self.then is not None and self.then[0] == "reopen")


async def known_incident(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, flapping: timedelta | None
) -> KnownAlert:
    """Return what is known of the alert that matters at its time."""
    if alert.status is AlertStatus.cleared:
        return await _known_of_cleared(ledger, alert, metadata)
    identity, when = identity_of(alert, metadata), time_of(alert, metadata)
    incident = await find_alerted_incident(ledger.db, *identity)
    if alert.status is AlertStatus.acknowledged:
        return KnownAlert(incident, when)
    cleared_at = await clearing_since(ledger.db, *identity, when)

    def joins(candidate: AlertedIncident | None) -> bool:
        # Nothing has cleared between the firing and the begin of the incident.
        began_at = None if candidate is None else candidate.begin
        return began_at is not None and (cleared_at is None or began_at <= max(cleared_at, when))

    if not joins(incident):
        incident = await find_past_alerted_incident(ledger.db, *identity, when)
    if incident is None:
        incident = await find_next_alerted_incident(ledger.db, *identity, when)
    incident = incident if joins(incident) else None
    if incident is not None and cleared_at is None:
        if incident.state not in OPEN:
            # Somebody has ended it, and not the tool.
            return KnownAlert(
                incident, when, fires_on=incident.begin <= when and incident.was_resolved_by(metadata.now)
            )
        if incident.begin > when and await find_past_alerted_incident(ledger.db, *identity, when) is not None:
            # The alert continues in another incident than it began in.
            when = metadata.now
    if incident is None and cleared_at is None and flapping is not None:
        incident = await find_cleared_incident(ledger.db, *identity, when - flapping, when)
        return KnownAlert(incident, when, fires_on=incident is not None)
    return KnownAlert(incident, when, cleared_at)


async def _known_of_cleared(ledger: Ledger, alert: Alert, metadata: CommandMetadata) -> KnownAlert:
    identity, when = identity_of(alert, metadata), time_of(alert, metadata)
    incident = await find_alerted_incident(ledger.db, *identity)
    if incident is not None:
        again = await is_reopened_by_its_tool(ledger.db, incident.id, metadata.caller.actor)
        return KnownAlert(
            incident, when, earlier_resolution=await last_resolution(ledger, incident.id) if again else None
        )
    # A person resolved the incident before the tool reported the end, if this is the first clearing since.
    ended = await find_cleared_incident(ledger.db, *identity, None, when)
    if ended is None or ended.restored_at is None or ended.restored_at >= when:
        return KnownAlert(None, when)
    first = await clearing_since(ledger.db, *identity, ended.begin)
    return KnownAlert(ended if first is None or first >= when else None, when)


def choose_action(alert: Alert, known_alert: KnownAlert, metadata: CommandMetadata) -> ChosenAction | None:
    """Return the action that the alert calls for; None: nothing is to be done."""
    if alert.status is AlertStatus.firing:
        return _chosen_of_firing(alert, known_alert, metadata)
    incident, when = known_alert.incident, known_alert.alerted_at
    if alert.status is AlertStatus.acknowledged:
        return None if incident is None else acknowledged_action(alert, incident, metadata)
    # An alert that cleared before this incident began belongs to an earlier incident.
    if incident is None or (incident.began_at is not None and when < incident.began_at):
        return None
    name, about = str(incident.id), AlertOfIncident(*identity_of(alert, metadata))
    clearing = ClearAlertIncident(title=alert.title, cleared_at=when)
    if incident.state not in OPEN:
        return ChosenAction("clear_alert", name, clearing, about=about)
    text = cleared_text(alert.title, metadata, alert.description)
    if incident.started_at is not None and known_alert.earlier_resolution is None:
        return ChosenAction(
            "clear_alert", name, clearing, then=("comment", said_in_comment(text)), about=about
        )
    payload = resolve_payload(
        text, max(when, incident.begin), incident.state_since, known_alert.earlier_resolution
    )
    return ChosenAction("resolve", name, payload, incident.version, about=about)


def acknowledged_action(alert: Alert, incident: AlertedIncident, metadata: CommandMetadata) -> ChosenAction:
    """Return a comment. Nobody here has acknowledged the incident by that: who did so over there is unknown
    here, and the response to it is still owed.
    """
    text = translate(metadata.language, "note", "alert_acknowledged", {"title": alert.title})
    return ChosenAction("comment", str(incident.id), said_in_comment(text))


def said_in_comment(text: str) -> CommentTicket:
    """Return the comment with this text for all who see the incident."""
    return CommentTicket(text=text, visibility=Visibility.public)


def _chosen_of_firing(alert: Alert, known_alert: KnownAlert, metadata: CommandMetadata) -> ChosenAction:
    incident, when = known_alert.incident, known_alert.alerted_at
    about = AlertOfIncident(*identity_of(alert, metadata), cleared_at=known_alert.cleared_at)
    if incident is None:
        return report_anew(alert, when, known_alert.cleared_at, metadata, about)
    return repeat_action(alert, incident, when, metadata, about, reopens=known_alert.fires_on)


def repeat_action(
    alert: Alert,
    incident: AlertedIncident,
    when: datetime,
    metadata: CommandMetadata,
    about: AlertOfIncident,
    *,
    reopens: bool,
) -> ChosenAction:
    """Return that the alert, which fired then, joins the incident, which it opens again if it `reopens`
    it.
    """
    payload = RepeatAlertIncident(
        title=alert.title,
        description=alert.description,
        labels=labels_text(alert),
        impact=alert.impact,
        urgency=alert.urgency,
        effect=alert.effect,
        alerted_at=when,
    )
    if not reopens:
        return ChosenAction("repeat_alert", str(incident.id), payload, about=about)
    text = translate(metadata.language, "note", "alert_fires_on", {"title": alert.title})
    return ChosenAction(
        "repeat_alert",
        str(incident.id),
        payload,
        incident.version,
        ("reopen", Reason(reason=text)),
        about=replace(about, reopens=True),
    )


def report_anew(
    alert: Alert,
    when: datetime,
    cleared_at: datetime | None,
    metadata: CommandMetadata,
    about: AlertOfIncident | None = None,
) -> ChosenAction:
    """Return the report of an incident that began then, and is over already if the alert has cleared."""
    resolved = None
    if cleared_at is not None:
        resolved = ("resolve", resolve_payload(cleared_text(alert.title, metadata), cleared_at))
    return ChosenAction("report", None, _report_payload(alert, when), then=resolved, about=about)


def cleared_text(title: str, metadata: CommandMetadata, description: str | None = None) -> str:
    """Return the text about an alert that has cleared."""
    text = translate(metadata.language, "note", "alert_cleared", {"title": title})
    return (text if description is None else f"{text}\n{description}")[:LONGEST_PARAGRAPH]


def resolve_payload(
    text: str, restored_at: datetime, since: datetime | None = None, earlier: EarlierResolution | None = None
) -> ResolveIncident:
    """Return the resolution of an incident by its tool, which adds to an earlier one. It takes place at the
    tool's time, but not before the incident entered its present state, at `since`.
    """
    code, done, cause = earlier or (None, None, None)
    return ResolveIncident(
        resolution_code=ResolutionCode.external if code is None else ResolutionCode(code),
        done=(text if done is None else f"{done}\n\n{text}")[:LONGEST_PARAGRAPH],
        cause=cause,
        service_restored_at=restored_at,
        occurred_at=restored_at if since is None else max(restored_at, since),
    )


def _report_payload(alert: Alert, when: datetime) -> ReportIncident:
    assert alert.impact is not None
    assert alert.urgency is not None
    assert alert.effect is not None
    return ReportIncident(
        title=alert.title,
        description=alert.description or alert.title,
        channel=Channel.monitoring,
        impact=alert.impact,
        urgency=alert.urgency,
        effect=alert.effect,
        began_at=None if alert.alerted_at is None else when,
        service=alert.service,
        ci=alert.ci,
        category=alert.category,
        alert_source=alert.source,
        dedup_key=alert.dedup_key,
        alert_labels=labels_text(alert),
        occurred_at=None if alert.alerted_at is None else when,
    )
