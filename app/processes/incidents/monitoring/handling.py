"""Alerts of monitoring tools, however they come: what each calls for, done once.

An alert that fires joins its open incident; without one, an incident is reported. An alert that clears
resolves its incident if work has not started, and otherwise adds a comment. One that was acknowledged in its
tool adds a comment.

Alerts may come in any order. One that fired before it cleared is over, also if it comes after that; what
fired before and what fired after a clearing are two incidents, also if the clearing comes last. Only an
incident that has ended stays as it is: a clearing that comes after a later one has ended the incident changes
nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from app.api.commands.performing import ActionOutcome, perform_idempotently, replay_outcome
from app.api.requests import request_keys
from app.common.people import rule_caller
from app.common.records import CodeEnum
from app.foundation.people.lookups import staffed_team
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import ActionUnavailable, Refusal, RetriesExhausted, VersionMismatch
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import ATTEMPTS, perform
from app.kernel.ledger import Ledger
from app.log import read
from app.log.ids import uuid7
from app.processes.incidents.alert_rules.matching import routing_rule
from app.processes.incidents.alert_rules.records import AlertRule
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.monitoring.alert import (
    Alert,
    AlertStatus,
    identity_of,
    labels_of,
    routed,
    time_of,
)
from app.processes.incidents.monitoring.alerts import AlertOfIncident
from app.processes.incidents.monitoring.choosing import (
    ChosenAction,
    choose_action,
    known_incident,
    report_anew,
)
from app.processes.incidents.monitoring.grouping import choose_in_group, group_of
from app.processes.incidents.monitoring.known_alerts import (
    clearing_before,
    clearing_since,
    firings_of,
    keep_clearing,
)
from app.processes.incidents.monitoring.quiet_alerts import clear_quiet_alert, keep_quiet_alert
from app.processes.incidents.queries import find_next_alerted_incident, find_past_alerted_incident
from app.processes.incidents.records import OPEN
from app.ticketing.links import LinkTicket
from app.ticketing.records import LinkKind
from app.ticketing.work.assignment import AssignTicket

#: The rule that links an incident with the one that it continues.
LINKING = "link_continued_alerts"


class AlertOutcome(CodeEnum):
    """The effect of an alert."""

    reported = "reported", "Reported as an incident", "已上报为事件"
    joined = "joined", "Joined its open incident", "已并入未结事件"
    reopened = "reopened", "Reopened its incident", "已重新打开对应的事件"
    resolved = "resolved", "Resolved its incident", "已解决对应的事件"
    noted = "noted", "Recorded in its incident", "已记入对应的事件"
    quieted = "quieted", "Received in a quiet window", "静默窗口内收到"
    ignored = "ignored", "Ignored: no open incident", "已忽略：没有对应的未结事件"


#: The outcome of an alert, by type of the event that its command appended.
OUTCOME_BY_EVENT = {
    "incident.reported": AlertOutcome.reported,
    "incident.alert_repeated": AlertOutcome.joined,
    "incident.reopened": AlertOutcome.reopened,
    "incident.alert_cleared": AlertOutcome.noted,
    "incident.resolved": AlertOutcome.resolved,
    "incident.commented": AlertOutcome.noted,
    "incident.assigned": AlertOutcome.reported,
}


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """By what alerts are judged: the rules that apply, in order, and the time in which an alert that fires
    again after it has cleared goes on with its incident. `opens_at`: an incident is opened as of then, and
    not when the alert fired.
    """

    rules: Sequence[AlertRule]
    flapping: timedelta | None = None
    opens_at: datetime | None = None


async def handle_alert(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    policy: AlertPolicy,
) -> tuple[AlertOutcome, ActionOutcome | None]:
    """Perform what the alert calls for, once per idempotency key. Others may handle the same alert at once.
    `metadata.now` is when it was received.

    Raises a Refusal, or DatabaseGone.
    """
    sent = None if key is None else await _earlier_outcome(ledger, alert, metadata, key)
    if alert.status is AlertStatus.firing:
        return await _handle_firing(ledger, alert, metadata, key, policy, sent)
    if alert.status is AlertStatus.acknowledged:
        return sent or await _perform(ledger, alert, metadata, key, policy)
    if sent is None:
        # A request that reports the incident at this moment looks for the clearing afterwards, and this one
        # looks for the incident afterwards, so one of them sees the other.
        await keep_clearing(ledger.db, *identity_of(alert, metadata), time_of(alert, metadata))
    quieted = await clear_quiet_alert(ledger.db, *identity_of(alert, metadata), time_of(alert, metadata))
    outcome, done = sent or await _perform(ledger, alert, metadata, key, policy)
    if outcome in (AlertOutcome.resolved, AlertOutcome.ignored) and not _is_of_group(done):
        await _separate(ledger, alert, metadata, key, done, policy)
    return (AlertOutcome.quieted if quieted and done is None else outcome), done


def _is_of_group(done: ActionOutcome | None) -> bool:
    return done is not None and done.record.alert_group is not None


async def _handle_firing(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    policy: AlertPolicy,
    sent: tuple[AlertOutcome, ActionOutcome] | None = None,
) -> tuple[AlertOutcome, ActionOutcome | None]:
    outcome, done = sent or await _perform(ledger, alert, metadata, key, policy)
    # If the alert joins its own incident, a request that clears it at this moment finds the incident.
    is_new = outcome is AlertOutcome.reported or _is_of_group(done)
    if not is_new or done is None or done.record.state not in OPEN:
        return outcome, done
    cleared_at = await clearing_since(ledger.db, *identity_of(alert, metadata), time_of(alert, metadata))
    if cleared_at is None:
        return outcome, done
    # It has cleared while its incident was reported, or it joined that.
    cleared = alert.model_copy(
        update={"status": AlertStatus.cleared, "alerted_at": cleared_at, "description": None}
    )
    by_then = replace(metadata, now=max(metadata.now, cleared_at))
    _, resolved = await _perform(ledger, cleared, by_then, _key_after(key, "cleared"), policy)
    return outcome, done if resolved is None else resolved


async def _separate(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    done: ActionOutcome | None,
    policy: AlertPolicy,
) -> None:
    """Separate the firings before this clearing from those after it, if one incident has both: each gets an
    incident.

    Both share an incident if the clearing arrives late. Firings after it are handled again if the clearing
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
    # One firing for each time: repetitions at the same time were counted when they were received.
    for n, (alerted_at, fields) in enumerate(
        sorted({each.alerted_at: each.fields for each in reversed(apart)}.items())
    ):
        firing = alert.model_copy(update={"status": AlertStatus.firing, "alerted_at": alerted_at, **fields})
        await _handle_firing(ledger, firing, metadata, _key_after(key, f"apart:{n}"), policy)


def _key_after(key: IdempotencyKey | None, suffix: str) -> IdempotencyKey | None:
    return None if key is None else replace(key, key=f"{key.key}:{suffix}")


async def _perform(
    ledger: Ledger,
    alert: Alert,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
    policy: AlertPolicy,
) -> tuple[AlertOutcome, ActionOutcome | None]:
    rule = routing_rule(policy.rules, labels_of(alert))
    alert = alert if rule is None else routed(alert, rule)
    earlier: str | None = None  # the incident that it is too late to open again
    for _ in range(ATTEMPTS):
        chosen = await _choose(ledger, alert, metadata, policy, earlier)
        if chosen is None:
            return AlertOutcome.ignored, None
        if alert.status is AlertStatus.firing and chosen.opens:
            if await keep_quiet_alert(ledger, alert, metadata, policy.rules):
                return AlertOutcome.quieted, None
            team = None if rule is None else await staffed_team(ledger.db.rows, rule.team_id)
            chosen = _as_policy_says(chosen, team, policy)
        row, name, body, version, then, about = chosen
        versions = None if version is None else frozenset({version})
        prepared = () if about is None else (about,)
        command = Command(LIFECYCLE, LIFECYCLE[row], name, body, metadata, versions, key, then, prepared)
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


async def _choose(
    ledger: Ledger, alert: Alert, metadata: CommandMetadata, policy: AlertPolicy, too_late: str | None
) -> ChosenAction | None:
    """Return what the alert calls for; None: nothing. `too_late` is the id of an incident that it is too late
    to open again.
    """
    group = None
    if alert.status is AlertStatus.firing:
        group = group_of(ledger, alert, metadata, policy.rules)
    grouped = await choose_in_group(ledger, alert, metadata, policy.flapping, group, too_late)
    if grouped is not None:
        return grouped.action
    known_alert = await known_incident(ledger, alert, metadata, policy.flapping)
    if too_late is not None and known_alert.fires_on:
        now = alert.model_copy(update={"alerted_at": metadata.now})
        about = AlertOfIncident(*identity_of(alert, metadata))
        return report_anew(now, metadata.now, None, metadata, about)
    return choose_action(alert, known_alert, metadata)


def _as_policy_says(chosen: ChosenAction, team: UUID | None, policy: AlertPolicy) -> ChosenAction:
    """Return the opening of an incident as of the time in the policy, and assigned to the `team` of the rule
    that routes it, if the team has members.
    """
    if chosen.action != "report":
        return chosen
    if policy.opens_at is not None:
        chosen = chosen._replace(payload=chosen.payload.model_copy(update={"occurred_at": policy.opens_at}))
    if team is not None and chosen.then is None:
        chosen = chosen._replace(then=("assign", AssignTicket(team=str(team))))
    return chosen


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
    """Return the outcome of the alert sent earlier with the idempotency key, or None."""
    earlier = await request_keys.find_outcome(ledger, metadata.caller.actor, key)
    if earlier is None:
        return None
    (event,) = await read.stream_events(
        ledger.db, earlier.stream, after_version=earlier.version - 1, up_to_version=earlier.version
    )
    outcome = OUTCOME_BY_EVENT[event.type]
    if outcome is AlertOutcome.resolved and alert.status is AlertStatus.firing:
        outcome = AlertOutcome.reported  # of an incident that was over by then
    return outcome, await replay_outcome(ledger, LIFECYCLE, earlier)
