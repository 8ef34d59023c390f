"""Alerts of monitoring tools, however they come: what each calls for, done once.

An alert that fires joins its open incident; if there is none, an incident is reported. An alert that clears
resolves its incident if work has not started, and otherwise adds a comment.

Alerts may come in any order. One that fired before it cleared is over, also if it comes after that; what
fired before and what fired after a clearing are two incidents, also if the clearing comes last. Only an
incident that has ended stays as it is: a clearing that comes after a later one has ended the incident changes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api import idempotency
from app.api.actions import ActionOutcome, perform_idempotently, replay_outcome
from app.common.children import Visibility
from app.common.priority import Impact, Urgency
from app.common.records import CodeEnum
from app.common.tickets import Channel
from app.i18n import translate
from app.kernel.context import CommandMetadata
from app.kernel.dating import FUTURE_TOLERANCE
from app.kernel.ledger import Ledger
from app.kernel.payloads import LONGEST_PARAGRAPH, FreeText, Instant, Payload, RecordKey, ShortText, Title
from app.kernel.perform import ATTEMPTS, Command, IdempotencyKey
from app.kernel.refusals import ActionUnavailable, RetriesExhausted, VersionMismatch, WrongValue
from app.log import read
from app.processes.incidents.checks import LONGEST_UNREPORTED_DAYS
from app.processes.incidents.lifecycle import LIFECYCLE, ReportIncident, ResolveIncident
from app.processes.incidents.monitoring.alerts import RepeatAlertIncident
from app.processes.incidents.monitoring.known_alerts import (
    clearing_before,
    clearing_since,
    firings_of,
    keep_clearing,
)
from app.processes.incidents.queries import (
    AlertedIncident,
    find_alerted_incident,
    find_next_alerted_incident,
    find_past_alerted_incident,
)
from app.processes.incidents.records import OPEN, Effect, ResolutionCode
from app.ticketing.comments import CommentTicket


class AlertStatus(CodeEnum):
    """The status of an alert: it fires, or has cleared."""

    firing = "firing", "Firing", "告警中"
    cleared = "cleared", "Cleared", "已恢复"


class AlertOutcome(CodeEnum):
    """The effect of an alert."""

    reported = "reported", "Reported as an incident", "已上报为事件"
    joined = "joined", "Joined its open incident", "已并入未结事件"
    resolved = "resolved", "Resolved its incident", "已解决其事件"
    noted = "noted", "Noted in its incident", "已记入其事件"
    ignored = "ignored", "Ignored: no open incident has it", "已忽略：没有对应的未结事件"


#: The outcome of an alert, by type of the event that its command appended.
OUTCOME_BY_EVENT = {
    "incident.reported": AlertOutcome.reported,
    "incident.alert_repeated": AlertOutcome.joined,
    "incident.resolved": AlertOutcome.resolved,
    "incident.commented": AlertOutcome.noted,
}


class Alert(BaseModel):
    """An alert of a monitoring tool. The same `source` and `dedup_key` from the same account mean the same
    alert.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: RecordKey = Field(description="Where it comes from, as the tool calls itself.")
    dedup_key: ShortText = Field(
        description="What the source calls the alert, each time that it fires or clears."
    )
    status: AlertStatus = Field(description="Whether something is wrong, or no more.")
    title: Title = Field(description="What it says, in a line. Lists show it: name no persons here.")
    description: FreeText | None = Field(default=None, description="All that it says.")
    alerted_at: Instant | None = Field(
        default=None, description="When it fired or cleared, if not now; at most 366 days ago."
    )
    impact: Impact | None = Field(default=None, description="How many are touched; needed where it fires.")
    urgency: Urgency | None = Field(
        default=None, description="How much their work suffers; needed where it fires."
    )
    effect: Effect | None = Field(default=None, description="On the service; needed where it fires.")
    service: RecordKey | None = Field(default=None, description="The key of the service, if known.")
    ci: RecordKey | None = Field(default=None, description="The key of the configuration item, if known.")
    category: RecordKey | None = Field(default=None, description="The key of the category, if known.")


def check_posted_alert(alert: Alert, metadata: CommandMetadata) -> None:
    """Raise WrongValue if the alert's time is in the future or too long ago, or if a firing alert lacks a
    field.
    """
    if alert.alerted_at is not None and alert.alerted_at > metadata.now + FUTURE_TOLERANCE:
        raise WrongValue(pointer="/alerted_at", because="in_the_future")
    if alert.alerted_at is not None and alert.alerted_at < metadata.now - timedelta(LONGEST_UNREPORTED_DAYS):
        words = {"days": str(LONGEST_UNREPORTED_DAYS)}
        raise WrongValue(words, pointer="/alerted_at", because="long_before_the_report")
    if alert.status is AlertStatus.firing:
        for name in ("impact", "urgency", "effect"):
            if getattr(alert, name) is None:
                raise WrongValue(pointer=f"/{name}", because="missing")


async def handle_alert(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, key: IdempotencyKey | None
) -> tuple[AlertOutcome, ActionOutcome | None]:
    """Perform what the alert calls for, once per idempotency key. Others may handle the same alert at once.

    Raises a Refusal, or DatabaseGone.
    """
    sent = None if key is None else await _earlier_outcome(ledger, alert, metadata, key)
    if alert.status is AlertStatus.firing:
        return await _handle_firing(ledger, alert, metadata, key, sent)
    if sent is None:
        # Whoever reports the incident at this moment looks for the clearing afterwards; this looks for the
        # incident afterwards: one of them sees the other.
        await keep_clearing(ledger.db, *_identity(alert, metadata), _alerted_at(alert, metadata))
    outcome, done = sent or await _perform(ledger, alert, metadata, key)
    if outcome in (AlertOutcome.resolved, AlertOutcome.ignored):
        await _separate(ledger, alert, metadata, key, done)
    return outcome, done


async def _handle_firing(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    sent: tuple[AlertOutcome, ActionOutcome] | None = None,
) -> tuple[AlertOutcome, ActionOutcome | None]:
    outcome, done = sent or await _perform(ledger, alert, metadata, key)
    if outcome is not AlertOutcome.reported or done is None or done.record.state not in OPEN:
        return outcome, done
    cleared_at = await clearing_since(ledger.db, *_identity(alert, metadata), _alerted_at(alert, metadata))
    if cleared_at is None:
        return outcome, done
    # It has cleared while its incident was reported.
    said = alert.model_copy(
        update={"status": AlertStatus.cleared, "alerted_at": cleared_at, "description": None}
    )
    _, resolved = await _perform(ledger, said, metadata, _key_after(key, "cleared"))
    return outcome, done if resolved is None else resolved


async def _separate(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    done: ActionOutcome | None,
) -> None:
    """Give what fired before and what fired after this clearing an incident each, if they had joined one.

    So it is where a clearing comes late: what fired after it is told anew if the incident is over by it, and
    what fired before it if that incident began after it.
    """
    identity, when = _identity(alert, metadata), _alerted_at(alert, metadata)
    if done is not None:
        when = done.record.service_restored_at or when
        fired = await firings_of(ledger, done.record.row_key)
        apart = [each for each in fired if each.at > when]
    else:
        later = await find_next_alerted_incident(ledger.db, *identity, when)
        if later is None or await find_past_alerted_incident(ledger.db, *identity, when) is not None:
            return
        earlier = await clearing_before(ledger.db, *identity, when)
        fired = await firings_of(ledger, f"incident/{later.id}")
        apart = [each for each in fired if each.at <= when and (earlier is None or each.at > earlier)]
    # Once for each time: repetitions are counted where they came.
    for n, (at, said) in enumerate(sorted({each.at: each.said for each in reversed(apart)}.items())):
        firing = alert.model_copy(update={"status": AlertStatus.firing, "alerted_at": at, **said})
        await _handle_firing(ledger, firing, metadata, _key_after(key, f"apart:{n}"))


def _key_after(key: IdempotencyKey | None, what: str) -> IdempotencyKey | None:
    return None if key is None else replace(key, key=f"{key.key}:{what}")


def _identity(alert: Alert, metadata: CommandMetadata) -> tuple[UUID, str, str]:
    """Return by what an alert is the same: the account that sends it, its source, its key there."""
    assert metadata.caller.person_id is not None, "an integration is an account"
    return metadata.caller.person_id, alert.source, alert.dedup_key


def _alerted_at(alert: Alert, metadata: CommandMetadata) -> datetime:
    return metadata.now if alert.alerted_at is None else min(alert.alerted_at, metadata.now)


async def _perform(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, key: IdempotencyKey | None
) -> tuple[AlertOutcome, ActionOutcome | None]:
    for _ in range(ATTEMPTS):
        known = await _known_incident(ledger, alert, metadata)
        chosen = _choose_action(alert, known, metadata)
        if chosen is None:
            return AlertOutcome.ignored, None
        row, name, body, version, then = chosen
        seen = None if version is None else frozenset({version})
        command = Command(LIFECYCLE, LIFECYCLE[row], name, body, metadata, seen, key, then)
        try:
            done = await perform_idempotently(ledger, command)
        except (ActionUnavailable, VersionMismatch, RetriesExhausted):
            # A concurrent request has just reported, resolved or started the incident. Retried here,
            # because not all monitoring tools retry.
            continue
        if done.replayed:
            assert key is not None
            sent = await _earlier_outcome(ledger, alert, metadata, key)
            assert sent is not None
            return sent
        return OUTCOME_BY_EVENT[LIFECYCLE[row].event], done
    raise RetriesExhausted()


@dataclass(frozen=True, slots=True)
class _Known:
    """The alert's incident, if it has one that the alert is news of; and, of one that fires, when it has
    cleared since.
    """

    incident: AlertedIncident | None
    cleared_at: datetime | None = None


async def _known_incident(ledger: Ledger, alert: Alert, metadata: CommandMetadata) -> _Known:
    """Return what is known of the alert that matters at its time."""
    identity, when = _identity(alert, metadata), _alerted_at(alert, metadata)
    found = await find_alerted_incident(ledger.db, *identity)
    if alert.status is AlertStatus.cleared:
        return _Known(found)
    cleared_at = await clearing_since(ledger.db, *identity, when)

    def joins(incident: AlertedIncident | None) -> bool:
        # Nothing has cleared between the firing and the begin of the incident.
        began_at = None if incident is None else incident.began_at or incident.opened_at
        return began_at is not None and (cleared_at is None or began_at <= max(cleared_at, when))

    if not joins(found):
        found = await find_past_alerted_incident(ledger.db, *identity, when)
    if found is None:
        found = await find_next_alerted_incident(ledger.db, *identity, when)
    return _Known(found if joins(found) else None, cleared_at)


async def _earlier_outcome(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, key: IdempotencyKey
) -> tuple[AlertOutcome, ActionOutcome] | None:
    """Return the outcome of the alert sent earlier with the idempotency key; None if there was none."""
    earlier = await idempotency.find_outcome(ledger, metadata.caller.actor, key)
    if earlier is None:
        return None
    (event,) = await read.stream_events(
        ledger.db, earlier.stream, after_version=earlier.version - 1, up_to_version=earlier.version
    )
    outcome = OUTCOME_BY_EVENT[event.type]
    if outcome is AlertOutcome.resolved and alert.status is AlertStatus.firing:
        outcome = AlertOutcome.reported  # of an incident that was over by then
    return outcome, await replay_outcome(ledger, LIFECYCLE, earlier)


class _Chosen(NamedTuple):
    """The action that an alert calls for: on the incident of that name, a new one if None, with this payload.
    It must have that version, if one is given. `then` follows at once.
    """

    action: str
    name: str | None
    payload: Payload
    version: int | None = None
    then: tuple[str, Payload] | None = None


def _choose_action(alert: Alert, known: _Known, metadata: CommandMetadata) -> _Chosen | None:
    """Return the action that the alert calls for; None: nothing is to be done."""
    when, found = _alerted_at(alert, metadata), known.incident
    name = None if found is None else str(found.id)
    if alert.status is AlertStatus.firing:
        if found is not None:
            said = RepeatAlertIncident(title=alert.title, description=alert.description, alerted_at=when)
            return _Chosen("repeat_alert", name, said)
        over = known.cleared_at
        resolved = None if over is None else ("resolve", _resolve_payload(alert.title, over, metadata))
        return _Chosen("report", None, _report_payload(alert, metadata), then=resolved)
    # An alert that cleared before this incident began belongs to an earlier incident.
    if found is None or (found.began_at is not None and when < found.began_at):
        return None
    resolution = _resolve_payload(
        alert.title, max(when, found.began_at or found.opened_at), metadata, alert.description
    )
    if found.started_at is not None:
        comment = CommentTicket(text=resolution.done, visibility=Visibility.public)
        return _Chosen("comment", name, comment)
    return _Chosen("resolve", name, resolution, found.version)


def _resolve_payload(
    title: str, restored_at: datetime, metadata: CommandMetadata, description: str | None = None
) -> ResolveIncident:
    text = translate(metadata.language, "note", "alert_cleared", {"title": title})
    if description is not None:
        text = f"{text}\n{description}"
    return ResolveIncident(
        resolution_code=ResolutionCode.external,
        done=text[:LONGEST_PARAGRAPH],
        service_restored_at=restored_at,
    )


def _report_payload(alert: Alert, metadata: CommandMetadata) -> ReportIncident:
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
        began_at=None if alert.alerted_at is None else min(alert.alerted_at, metadata.now),
        service=alert.service,
        ci=alert.ci,
        category=alert.category,
        alert_source=alert.source,
        dedup_key=alert.dedup_key,
    )
