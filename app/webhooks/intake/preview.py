"""Preview of a delivery: its news by the source's mapping, without writing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.processes.incidents.alert_rules.lookups import active_alert_rules
from app.processes.incidents.alert_rules.matching import grouping_rule, routing_rule
from app.processes.incidents.alert_rules.records import AlertRule
from app.processes.incidents.monitoring.alert import labels_of, routed
from app.processes.incidents.monitoring.quiet_alerts import quiet_window
from app.webhooks.adapters import MAIL
from app.webhooks.effects.alert_conversion import alert_of
from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.intake.source_mapping import evaluate
from app.webhooks.mail.reader import read_bounded
from app.webhooks.mail.refusals import MailRefused
from app.webhooks.mapping.deliveries import Delivery, read_body
from app.webhooks.mapping.updates import (
    AlertSignal,
    CommentUpdate,
    DeploymentUpdate,
    MappingFailed,
    ParsedUpdate,
)
from app.webhooks.mapping.values import listed_values
from app.webhooks.sources.records import WebhookSource


async def preview_of(
    ledger: Ledger, source: WebhookSource, raw: RawDelivery, now: datetime
) -> dict[str, Any]:
    """Return the news of the delivery, the reason for having none, or the mapping's fault. For each alert
    that fires it lists the matching rules.
    """
    answer: dict[str, Any] = {"ignored": None, "failure": None, "mapping_key": None, "news": []}
    if source.adapter == MAIL:
        return answer | await _mail_shown(raw)
    try:
        evaluation = await evaluate(source, raw, now, ledger.settings.time_zone)
    except MappingFailed as error:
        return answer | {"failure": error.words, "mapping_key": error.key}
    if evaluation.failed:
        first = evaluation.failed[min(evaluation.failed)]
        answer |= {"failure": first.words, "mapping_key": first.key}
    rules = await active_alert_rules(ledger.db)
    news = [
        _shown(update) | await _rules_shown(ledger, source, update, now, rules) for update in evaluation.news
    ]
    return answer | {"ignored": evaluation.ignored, "news": news}


def values_of(raw: RawDelivery, now: datetime) -> list[dict[str, str]]:
    """Return the values of the delivery that expressions can read, each by its path; none if it cannot be
    read.
    """
    try:
        body = read_body(Delivery(raw.headers, raw.body, now))
    except MappingFailed:
        return []
    return listed_values(body.value, raw.headers)


async def _rules_shown(
    ledger: Ledger, source: WebhookSource, update: ParsedUpdate, now: datetime, rules: Sequence[AlertRule]
) -> dict[str, Any]:
    """Return the names of the rules that would route and group the alert, and until when it would open no
    incident, and why; nothing of what is no alert that fires.
    """
    if not isinstance(update, AlertSignal) or update.status != "firing":
        return {}
    alert = alert_of(source, update)
    routing = routing_rule(rules, labels_of(alert))
    alert = alert if routing is None else routed(alert, routing)
    grouping = grouping_rule(rules, labels_of(alert))
    window = await quiet_window(ledger.db, alert, now, rules)
    return {
        "routed_by": None if routing is None else routing.name,
        "grouped_by": None if grouping is None else grouping.name,
        "quiet_because": None if window is None else window.because,
        "quiet_until_at": None if window is None else instant(window.until_at),
    }


def _shown(news: ParsedUpdate) -> dict[str, Any]:
    kind = (
        "alert"
        if isinstance(news, AlertSignal)
        else "comment"
        if isinstance(news, CommentUpdate)
        else "deployment"
        if isinstance(news, DeploymentUpdate)
        else "request"
        if news.process == "request"
        else "ticket"
    )
    return {
        "kind": kind,
        **{name: value for name, value in asdict(news).items() if value not in (None, {}, ())},
    }


async def _mail_shown(raw: RawDelivery) -> dict[str, Any]:
    """Return what is read in a mail. Whether it opens a ticket or answers one, its sender decides."""
    try:
        mail = await read_bounded(raw.body)
    except MailRefused as refused:
        return {"failure": refused.code}
    if mail.automatic.answer is not None:
        return {"ignored": mail.automatic.answer}
    update = {"kind": "mail", "sender": mail.sender, "title": mail.subject, "text": mail.own_text}
    return {"news": [update | {"attachments": [file.name for file in mail.attachments]}]}
