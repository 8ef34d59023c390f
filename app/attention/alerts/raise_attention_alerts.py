"""Raises an alert when an attention sentence comes true, and ends it when the sentence is no longer true: the
responsible people are notified once of each.

Among several workers, the holder of an advisory lock does it. Each step has an idempotency key, and the
database allows one open alert per sentence, so that two workers still notify only once. On a new day,
sentences about judged figures wait until the figures are judged again: a month's targets go out of reach one
day and are missed the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import structlog

from app.attention.alerts.codes import ALERTED
from app.attention.alerts.concerned import concerned_persons, not_aside, standing_conditions
from app.attention.alerts.lifecycle import LIFECYCLE, EndAttentionAlert, RaiseAttentionAlert
from app.attention.alerts.lookups import earlier_alerts, raised_alerts
from app.attention.conditions import AttentionCondition
from app.attention.judging import JUDGED_AT
from app.common.people import rule_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.consumers import polling
from app.kernel.consumers.rules import ROUTE, RULE_SOURCE, Clock
from app.kernel.ledger import Ledger
from app.log.writer import DuplicateCommand
from app.platform.db import Connection, fetch_value
from app.platform.shared_connections import SharedConnections

#: The actor's name in the log.
NAME = "raise_attention_alerts"
POLL_SECONDS = 120.0
#: The lock of the one worker that does it.
LOCK = "attention.alerts"
logger = structlog.get_logger()


async def run(
    connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Raise and end alerts for ever; safe next to other workers. `failed` is called for each failure."""

    async def work(connection: Connection) -> bool:
        await raise_alerts(connection, ledger, clock())
        return False

    await polling.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def raise_alerts(connection: Connection, ledger: Ledger, now: datetime) -> bool:
    """Raise and end alerts, if no other worker does. Return whether it was done. Raises DatabaseGone; nothing
    is lost then.
    """
    async with polling.locked(connection, LOCK) as free:
        if free:
            await compare(connection, ledger, now)
        return free


async def compare(connection: Connection, ledger: Ledger, now: datetime) -> None:
    """Raise alerts of sentences that have come true, and end those of sentences that are not true any more.
    Raises DatabaseGone.
    """
    is_judged = await _is_judged(connection, ledger, now)
    codes = [code for code, alerted in ALERTED.items() if is_judged or not alerted.of_figures]
    standing = await standing_conditions(ledger, rule_caller(NAME), codes, now)
    raised = await raised_alerts(ledger.db)
    begun = [condition for key, condition in standing.items() if key not in raised]
    persons = await concerned_persons(ledger, begun, now)
    for condition in begun:
        await _raise(ledger, condition, persons[condition.key], now)
    lines = {_line(condition.code, condition.subject) for condition in standing.values()}
    for key, alert in raised.items():
        if key not in standing and alert["code"] in codes:
            goes_on = _line(alert["code"], alert["subject"]) in lines
            await _end(ledger, alert, now, goes_on=goes_on)


async def _is_judged(connection: Connection, ledger: Ledger, now: datetime) -> bool:
    """Return whether the watched KPIs were judged today, or never yet."""
    zone = ZoneInfo(ledger.settings.time_zone)
    judged_at = await fetch_value(connection, JUDGED_AT)
    return judged_at is None or judged_at.astimezone(zone).date() >= now.astimezone(zone).date()


def _line(code: str, subject: str | None) -> tuple[str, str]:
    """Return what is the same of sentences of which one follows another."""
    return ALERTED[code].family or code, subject or ""


async def _raise(ledger: Ledger, condition: AttentionCondition, persons: list[UUID], now: datetime) -> None:
    sentences = condition.sentences()
    body = RaiseAttentionAlert(
        key=condition.key,
        code=condition.code,
        severity=condition.severity,
        process=condition.process,
        subject=condition.subject or None,
        title_en=sentences["en"],
        title_zh=sentences["zh"],
        persons=tuple(map(str, persons)),
    )
    number = await earlier_alerts(ledger.db, condition.key)
    await _perform(ledger, "raise", None, body, f"{condition.key}:{number}", now)


async def _end(ledger: Ledger, alert: Mapping[str, Any], now: datetime, *, goes_on: bool) -> None:
    recipients = () if goes_on else map(UUID, alert["person_ids"] or ())
    persons = await not_aside(ledger, alert["key"], recipients, now)
    body = EndAttentionAlert(persons=tuple(map(str, persons)))
    await _perform(ledger, "end", alert["id"], body, str(alert["id"]), now)


async def _perform(
    ledger: Ledger, action: str, alert_id: UUID | None, body: Payload, about: str, now: datetime
) -> None:
    """Perform the step, unless another worker has."""
    caller = rule_caller(NAME)
    # The keys of sentences are longer than the log's names.
    reference = f"{caller.actor}:{action}:{uuid5(NAMESPACE_URL, about)}"
    metadata = CommandMetadata(caller, now, reference, source=RULE_SOURCE, source_ref=reference)
    record = None if alert_id is None else str(alert_id)
    key = IdempotencyKey(ROUTE, reference, "")
    try:
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE[action], record, body, metadata, key=key))
    except DuplicateCommand:
        return
    except Refusal as refused:
        logger.warning(
            "an alert cannot be updated now and stays unchanged",
            alert=about,
            action=action,
            code=refused.code,
        )
