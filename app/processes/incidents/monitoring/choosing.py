"""Which action an alert calls for, by what is known of it.

An alert that fires joins its incident, if that is open or was over by a clearing which came earlier. If
somebody has resolved it and the alert is heard to fire still, it is opened again; so is one that has cleared
just now, if its source takes that as flapping. Otherwise an incident is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from app.common.children import Visibility
from app.common.tickets import Channel
from app.i18n import translate
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import LONGEST_PARAGRAPH, Payload, Reason
from app.kernel.ledger import Ledger
from app.processes.incidents.monitoring.alert import Alert, AlertStatus, identity_of, time_of
from app.processes.incidents.monitoring.alerts import ClearAlertIncident, RepeatAlertIncident
from app.processes.incidents.monitoring.known_alerts import SaidResolution, clearing_since, last_resolution
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
    """The alert's incident, if it has one that the alert is news of, and since when it fires or has cleared.

    Of one that fires: when it has cleared since, and whether it fires on, or again, though its incident is
    over. Of one that has cleared: what was said when the incident was resolved, if the tool opened it again.
    """

    incident: AlertedIncident | None
    at: datetime
    cleared_at: datetime | None = None
    fires_on: bool = False
    said: SaidResolution | None = None


class ChosenAction(NamedTuple):
    """The action that an alert calls for: on the incident of that name, a new one if None, with this payload.
    It must have that version, if one is given. `then` follows at once.
    """

    action: str
    name: str | None
    payload: Payload
    version: int | None = None
    then: tuple[str, Payload] | None = None


async def known_incident(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, flapping: timedelta | None
) -> KnownAlert:
    """Return what is known of the alert that matters at its time."""
    if alert.status is AlertStatus.cleared:
        return await _known_of_cleared(ledger, alert, metadata)
    identity, when = identity_of(alert, metadata), time_of(alert, metadata)
    found = await find_alerted_incident(ledger.db, *identity)
    cleared_at = await clearing_since(ledger.db, *identity, when)

    def joins(incident: AlertedIncident | None) -> bool:
        # Nothing has cleared between the firing and the begin of the incident.
        began_at = None if incident is None else incident.begin
        return began_at is not None and (cleared_at is None or began_at <= max(cleared_at, when))

    if not joins(found):
        found = await find_past_alerted_incident(ledger.db, *identity, when)
    if found is None:
        found = await find_next_alerted_incident(ledger.db, *identity, when)
    found = found if joins(found) else None
    if found is not None and cleared_at is None:
        if found.state not in OPEN:
            # Somebody has ended it, and not the tool.
            return KnownAlert(
                found, when, fires_on=found.begin <= when and found.was_resolved_by(metadata.now)
            )
        if found.begin > when and await find_past_alerted_incident(ledger.db, *identity, when) is not None:
            # It goes on in another incident than the one that it began with.
            when = metadata.now
    if found is None and cleared_at is None and flapping is not None:
        found = await find_cleared_incident(ledger.db, *identity, when - flapping, when)
        return KnownAlert(found, when, fires_on=found is not None)
    return KnownAlert(found, when, cleared_at)


async def _known_of_cleared(ledger: Ledger, alert: Alert, metadata: CommandMetadata) -> KnownAlert:
    identity, when = identity_of(alert, metadata), time_of(alert, metadata)
    found = await find_alerted_incident(ledger.db, *identity)
    if found is not None:
        again = await is_reopened_by_its_tool(ledger.db, found.id, metadata.caller.actor)
        return KnownAlert(found, when, said=await last_resolution(ledger, found.id) if again else None)
    # Somebody has resolved it before the tool tells that it is over, if that is the first clearing since.
    ended = await find_cleared_incident(ledger.db, *identity, None, when)
    if ended is None or ended.restored_at is None or ended.restored_at >= when:
        return KnownAlert(None, when)
    first = await clearing_since(ledger.db, *identity, ended.begin)
    return KnownAlert(ended if first is None or first >= when else None, when)


def choose_action(alert: Alert, known: KnownAlert, metadata: CommandMetadata) -> ChosenAction | None:
    """Return the action that the alert calls for; None: nothing is to be done."""
    if alert.status is AlertStatus.firing:
        return _chosen_of_firing(alert, known, metadata)
    found, when = known.incident, known.at
    # An alert that cleared before this incident began belongs to an earlier incident.
    if found is None or (found.began_at is not None and when < found.began_at):
        return None
    name = str(found.id)
    if found.state not in OPEN:
        return ChosenAction("clear_alert", name, ClearAlertIncident(title=alert.title, cleared_at=when))
    text = _cleared_text(alert.title, metadata, alert.description)
    if found.started_at is not None and known.said is None:
        return ChosenAction("comment", name, CommentTicket(text=text, visibility=Visibility.public))
    payload = _resolve_payload(text, max(when, found.begin), found.state_since, known.said)
    return ChosenAction("resolve", name, payload, found.version)


def _chosen_of_firing(alert: Alert, known: KnownAlert, metadata: CommandMetadata) -> ChosenAction:
    found, when = known.incident, known.at
    said = RepeatAlertIncident(title=alert.title, description=alert.description, alerted_at=when)
    if found is not None and known.fires_on:
        text = translate(metadata.language, "note", "alert_fires_on", {"title": alert.title})
        return ChosenAction(
            "repeat_alert", str(found.id), said, found.version, ("reopen", Reason(reason=text))
        )
    if found is not None:
        return ChosenAction("repeat_alert", str(found.id), said)
    return report_anew(alert, when, known.cleared_at, metadata)


def report_anew(
    alert: Alert, when: datetime, cleared_at: datetime | None, metadata: CommandMetadata
) -> ChosenAction:
    """Return the report of an incident that began then, and is over already if the alert has cleared."""
    resolved = None
    if cleared_at is not None:
        resolved = ("resolve", _resolve_payload(_cleared_text(alert.title, metadata), cleared_at))
    return ChosenAction("report", None, _report_payload(alert, when), then=resolved)


def _cleared_text(title: str, metadata: CommandMetadata, description: str | None = None) -> str:
    text = translate(metadata.language, "note", "alert_cleared", {"title": title})
    return (text if description is None else f"{text}\n{description}")[:LONGEST_PARAGRAPH]


def _resolve_payload(
    text: str, restored_at: datetime, since: datetime | None = None, said: SaidResolution | None = None
) -> ResolveIncident:
    """Return the resolution of an incident by its tool, beside what somebody has said before. It is as of the
    tool's time, but no state is left before it began.
    """
    code, done, cause = said or (None, None, None)
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
        occurred_at=None if alert.alerted_at is None else when,
    )
