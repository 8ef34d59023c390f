"""Alerts of monitoring tools, however they come: what each calls for, done once.

An alert that fires joins its open incident; if there is none, an incident is reported. An alert that clears
resolves its incident if work has not started, and otherwise adds a comment. One that somebody has
acknowledged in its tool adds a comment.

Alerts may come in any order. One that fired before it cleared is over, also if it comes after that; what
fired before and what fired after a clearing are two incidents, also if the clearing comes last. Only an
incident that has ended stays as it is: a clearing that comes after a later one has ended the incident changes
nothing.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

from app.api.records.actions import ActionOutcome, perform_idempotently, replay_outcome
from app.api.requests import idempotency
from app.common.people import rule_caller
from app.common.records import CodeEnum
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import ActionUnavailable, Refusal, RetriesExhausted, VersionMismatch
from app.kernel.commands.attempts import ATTEMPTS
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log import read
from app.log.ids import uuid7
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.monitoring.alert import Alert, AlertStatus, identity_of, time_of
from app.processes.incidents.monitoring.choosing import choose_action, known_incident, report_anew
from app.processes.incidents.monitoring.known_alerts import (
    clearing_before,
    clearing_since,
    firings_of,
    keep_clearing,
)
from app.processes.incidents.queries import find_next_alerted_incident, find_past_alerted_incident
from app.processes.incidents.records import OPEN
from app.ticketing.links import LinkTicket
from app.ticketing.records import LinkKind

#: The rule that links an incident with the one that it continues.
LINKING = "link_continued_alerts"


class AlertOutcome(CodeEnum):
    """The effect of an alert."""

    reported = "reported", "Reported as an incident", "已上报为事件"
    joined = "joined", "Joined its open incident", "已并入未结事件"
    reopened = "reopened", "Opened its incident again", "已重新打开其事件"
    resolved = "resolved", "Resolved its incident", "已解决其事件"
    noted = "noted", "Noted in its incident", "已记入其事件"
    ignored = "ignored", "Ignored: no open incident has it", "已忽略：没有对应的未结事件"


#: The outcome of an alert, by type of the event that its command appended.
OUTCOME_BY_EVENT = {
    "incident.reported": AlertOutcome.reported,
    "incident.alert_repeated": AlertOutcome.joined,
    "incident.reopened": AlertOutcome.reopened,
    "incident.alert_cleared": AlertOutcome.noted,
    "incident.resolved": AlertOutcome.resolved,
    "incident.commented": AlertOutcome.noted,
}


async def handle_alert(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    flapping: timedelta | None = None,
) -> tuple[AlertOutcome, ActionOutcome | None]:
    """Perform what the alert calls for, once per idempotency key. Others may handle the same alert at once.
    `metadata.now` is when it was received. What fires again within the time of `flapping` after it has
    cleared goes on with its incident.

    Raises a Refusal, or DatabaseGone.
    """
    sent = None if key is None else await _earlier_outcome(ledger, alert, metadata, key)
    if alert.status is AlertStatus.firing:
        return await _handle_firing(ledger, alert, metadata, key, flapping, sent)
    if alert.status is AlertStatus.acknowledged:
        return sent or await _perform(ledger, alert, metadata, key, flapping)
    if sent is None:
        # Whoever reports the incident at this moment looks for the clearing afterwards; this looks for the
        # incident afterwards: one of them sees the other.
        await keep_clearing(ledger.db, *identity_of(alert, metadata), time_of(alert, metadata))
    outcome, done = sent or await _perform(ledger, alert, metadata, key, flapping)
    if outcome in (AlertOutcome.resolved, AlertOutcome.ignored):
        await _separate(ledger, alert, metadata, key, done, flapping)
    return outcome, done


async def _handle_firing(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    flapping: timedelta | None,
    sent: tuple[AlertOutcome, ActionOutcome] | None = None,
) -> tuple[AlertOutcome, ActionOutcome | None]:
    outcome, done = sent or await _perform(ledger, alert, metadata, key, flapping)
    if outcome is not AlertOutcome.reported or done is None or done.record.state not in OPEN:
        return outcome, done
    cleared_at = await clearing_since(ledger.db, *identity_of(alert, metadata), time_of(alert, metadata))
    if cleared_at is None:
        return outcome, done
    # It has cleared while its incident was reported.
    cleared = alert.model_copy(
        update={"status": AlertStatus.cleared, "alerted_at": cleared_at, "description": None}
    )
    by_then = replace(metadata, now=max(metadata.now, cleared_at))
    _, resolved = await _perform(ledger, cleared, by_then, _key_after(key, "cleared"), flapping)
    return outcome, done if resolved is None else resolved


async def _separate(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    done: ActionOutcome | None,
    flapping: timedelta | None,
) -> None:
    """Separate the firings before this clearing from those after it, if one incident has both: each gets an
    incident.

    Both share an incident if the clearing arrives late. Firings after it are handled anew if the clearing
    has ended the incident, and those before it if the incident began later.
    """
    identity, when = identity_of(alert, metadata), time_of(alert, metadata)
    if done is not None:
        when = done.record.service_restored_at or when
        fired = await firings_of(ledger, done.record.row_key)
        apart = [each for each in fired if each.alerted_at > when]
    else:
        later = await find_next_alerted_incident(ledger.db, *identity, when)
        if later is None or await find_past_alerted_incident(ledger.db, *identity, when) is not None:
            return
        earlier = await clearing_before(ledger.db, *identity, when)
        fired = await firings_of(ledger, f"incident/{later.id}")
        apart = [
            each
            for each in fired
            if each.alerted_at <= when and (earlier is None or each.alerted_at > earlier)
        ]
    # Once for each time: repetitions are counted where they came.
    for n, (alerted_at, fields) in enumerate(
        sorted({each.alerted_at: each.fields for each in reversed(apart)}.items())
    ):
        firing = alert.model_copy(update={"status": AlertStatus.firing, "alerted_at": alerted_at, **fields})
        await _handle_firing(ledger, firing, metadata, _key_after(key, f"apart:{n}"), flapping)


def _key_after(key: IdempotencyKey | None, suffix: str) -> IdempotencyKey | None:
    return None if key is None else replace(key, key=f"{key.key}:{suffix}")


async def _perform(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    flapping: timedelta | None,
) -> tuple[AlertOutcome, ActionOutcome | None]:
    earlier: str | None = None  # the incident that it is too late to open again
    for _ in range(ATTEMPTS):
        known_alert = await known_incident(ledger, alert, metadata, flapping)
        chosen = choose_action(alert, known_alert, metadata)
        if chosen is None:
            return AlertOutcome.ignored, None
        if earlier is not None and known_alert.fires_on:
            now = alert.model_copy(update={"alerted_at": metadata.now})
            chosen = report_anew(now, metadata.now, None, metadata)
        row, name, body, version, then = chosen
        versions = None if version is None else frozenset({version})
        command = Command(LIFECYCLE, LIFECYCLE[row], name, body, metadata, versions, key, then)
        try:
            done = await perform_idempotently(ledger, command)
        except (ActionUnavailable, VersionMismatch, RetriesExhausted) as refused:
            # A concurrent request has just reported, resolved or started the incident. Retried here,
            # because not all monitoring tools retry.
            if isinstance(refused, ActionUnavailable) and refused.because == "too_late_to_reopen":
                earlier = name
            continue
        if earlier is not None and name is None:
            await _link(ledger, done.record.row_key, earlier, metadata)
        if done.replayed:
            assert key is not None
            sent = await _earlier_outcome(ledger, alert, metadata, key)
            assert sent is not None
            return sent
        last = row if then is None or row == "report" else then[0]
        return OUTCOME_BY_EVENT[LIFECYCLE[last].event], done
    raise RetriesExhausted()


async def _link(ledger: Ledger, stream: str, earlier: str, metadata: CommandMetadata) -> None:
    """Link the incident to the one in which its alert fired before."""
    by_rule = CommandMetadata(
        caller=rule_caller(LINKING), now=metadata.now, correlation_id=str(uuid7()), source=f"rule:{LINKING}"
    )
    body = LinkTicket(kind=LinkKind.relates_to, other=earlier)
    name = stream.partition("/")[2]
    with contextlib.suppress(Refusal):  # it is linked already
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE["link"], name, body, by_rule))


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
