"""Alerts of a mapping as those that are posted, with the source's defaults for what the tool does not say."""

from __future__ import annotations

from app.common.priorities.priority import Impact, Urgency
from app.kernel.actions.payloads import LONGEST_LINE, LONGEST_PARAGRAPH
from app.processes.incidents.monitoring.alert import Alert, AlertStatus
from app.processes.incidents.records import Effect
from app.webhooks.mapping.updates import AlertSignal
from app.webhooks.sources.records import WebhookSource

# A tool that says nothing of these is taken to mean the middle.
USUAL_IMPACT = Impact.department
USUAL_URGENCY = Urgency.hindered


def alert_of(source: WebhookSource, news: AlertSignal) -> Alert:
    """Return the alert that the news tells of."""
    changed_at = (
        news.cleared_at if news.status == "cleared" and news.cleared_at is not None else news.alerted_at
    )
    description = news.description or None
    return Alert(
        source=str(source.key),
        dedup_key=news.dedup_key[:LONGEST_LINE],
        status=AlertStatus(news.status),
        title=news.title[:LONGEST_LINE],
        description=None if description is None else description[:LONGEST_PARAGRAPH],
        alerted_at=changed_at or news.occurred_at,
        impact=news.impact or source.impact or USUAL_IMPACT,
        urgency=news.urgency or source.urgency or USUAL_URGENCY,
        effect=news.effect or source.effect or Effect.degraded,
        service=news.service or source.service,
        ci=news.ci,
        category=news.category or source.category,
        labels=news.labels or None,
    )
