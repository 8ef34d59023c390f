"""Alerts of monitoring tools, however they come: what each calls for, done once.

An alert that fires joins its open incident; if there is none, an incident is reported. An alert that clears
resolves its incident if work has not started, and otherwise adds a comment. Alerts may come in any order: one
that fired before it cleared is over, also if it comes after that.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
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
from app.processes.incidents.queries import AlertedIncident, find_alerted_incident, find_past_alerted_incident
from app.processes.incidents.records import Effect, ResolutionCode
from app.ticketing.comments import CommentTicket

KEEP_CLEARED = """
insert into plumbing.cleared_alert as c (account_id, source, dedup_key, cleared_at) values (%s, %s, %s, %s)
on conflict (account_id, source, dedup_key) do update
set cleared_at = greatest(c.cleared_at, excluded.cleared_at) returning cleared_at"""
CLEARED_AT = """
select cleared_at from plumbing.cleared_alert where account_id = %s and source = %s and dedup_key = %s"""


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
    sent = None if key is None else await _earlier_outcome(ledger, metadata, key)
    outcome, done = sent or await _perform(ledger, alert, metadata, key)
    if outcome is AlertOutcome.ignored:
        # Whoever reports the incident at this moment looks for the clearing afterwards; this looks for the
        # incident afterwards: one of them sees the other.
        await ledger.db.rows(KEEP_CLEARED, (*_identity(alert, metadata), _alerted_at(alert, metadata)))
        return await _perform(ledger, alert, metadata, key)
    if outcome is AlertOutcome.reported:
        return await _resolve_if_cleared(ledger, alert, metadata, key, done)
    return outcome, done


async def _resolve_if_cleared(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    done: ActionOutcome | None,
) -> tuple[AlertOutcome, ActionOutcome | None]:
    """Resolve the incident just reported if the alert is known to have cleared since it fired."""
    cleared_at: datetime | None = await ledger.db.value(CLEARED_AT, _identity(alert, metadata))
    if cleared_at is None or cleared_at < _alerted_at(alert, metadata):
        return AlertOutcome.reported, done
    said = alert.model_copy(
        update={"status": AlertStatus.cleared, "alerted_at": cleared_at, "description": None}
    )
    after = None if key is None else replace(key, key=f"{key.key}:cleared")
    _, resolved = await _perform(ledger, said, metadata, after)
    return AlertOutcome.reported, done if resolved is None else resolved


def _identity(alert: Alert, metadata: CommandMetadata) -> tuple[UUID, str, str]:
    """Return by what an alert is the same: the account that sends it, its source, its key there."""
    assert metadata.caller.person_id is not None, "an integration is an account"
    return metadata.caller.person_id, alert.source, alert.dedup_key


def _alerted_at(alert: Alert, metadata: CommandMetadata) -> datetime:
    return metadata.now if alert.alerted_at is None else min(alert.alerted_at, metadata.now)


async def _perform(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, key: IdempotencyKey | None
) -> tuple[AlertOutcome, ActionOutcome | None]:
    identity = _identity(alert, metadata)
    for _ in range(ATTEMPTS):
        found = await find_alerted_incident(ledger.db, *identity)
        if found is None and alert.status is AlertStatus.firing:
            found = await find_past_alerted_incident(ledger.db, *identity, _alerted_at(alert, metadata))
        chosen = _choose_action(alert, found, metadata)
        if chosen is None:
            return AlertOutcome.ignored, None
        row, body, version = chosen
        name = None if found is None else str(found.id)
        seen = None if version is None else frozenset({version})
        command = Command(LIFECYCLE, LIFECYCLE[row], name, body, metadata, seen, key)
        try:
            done = await perform_idempotently(ledger, command)
        except (ActionUnavailable, VersionMismatch, RetriesExhausted):
            # A concurrent request has just reported, resolved or started the incident. Retried here,
            # because not all monitoring tools retry.
            continue
        if done.replayed:
            assert key is not None
            sent = await _earlier_outcome(ledger, metadata, key)
            assert sent is not None
            return sent
        return OUTCOME_BY_EVENT[LIFECYCLE[row].event], done
    raise RetriesExhausted()


async def _earlier_outcome(
    ledger: Ledger, metadata: CommandMetadata, key: IdempotencyKey
) -> tuple[AlertOutcome, ActionOutcome] | None:
    """Return the outcome of the alert sent earlier with the idempotency key; None if there was none."""
    earlier = await idempotency.find_outcome(ledger, metadata.caller.actor, key)
    if earlier is None:
        return None
    (event,) = await read.stream_events(
        ledger.db, earlier.stream, after_version=earlier.version - 1, up_to_version=earlier.version
    )
    return OUTCOME_BY_EVENT[event.type], await replay_outcome(ledger, LIFECYCLE, earlier)


def _choose_action(
    alert: Alert, found: AlertedIncident | None, metadata: CommandMetadata
) -> tuple[str, Payload, int | None] | None:
    """Return the action that the alert calls for, its payload, and the version of the incident that it
    requires; None: nothing is to be done.
    """
    when = _alerted_at(alert, metadata)
    if alert.status is AlertStatus.firing:
        if found is None:
            return "report", _report_payload(alert, metadata), None
        said = RepeatAlertIncident(title=alert.title, description=alert.description, alerted_at=when)
        return "repeat_alert", said, None
    # An alert that cleared before this incident began belongs to an earlier incident.
    if found is None or (found.began_at is not None and when < found.began_at):
        return None
    text = translate(metadata.language, "note", "alert_cleared", {"title": alert.title})
    if alert.description is not None:
        text = f"{text}\n{alert.description}"
    text = text[:LONGEST_PARAGRAPH]
    if found.started_at is not None:
        return "comment", CommentTicket(text=text, visibility=Visibility.public), None
    code = ResolutionCode.external
    restored_at = max(when, found.began_at or found.opened_at)
    resolved = ResolveIncident(resolution_code=code, done=text, service_restored_at=restored_at)
    return "resolve", resolved, found.version


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
