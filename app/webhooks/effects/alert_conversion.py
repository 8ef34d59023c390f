"""Alerts of a mapping as those that are posted, with the source's defaults for missing values."""

from __future__ import annotations

import re

from pydantic import TypeAdapter, ValidationError

from app.common.priorities.priority import Impact, Urgency
from app.kernel.actions.made_fit import Alteration
from app.kernel.actions.payloads import LONGEST_KEY, RecordKey
from app.processes.incidents.monitoring.alert import Alert, AlertStatus
from app.processes.incidents.records import Effect
from app.webhooks.mapping.updates import AlertSignal
from app.webhooks.sources.records import WebhookSource

_KEY = TypeAdapter[str](RecordKey)
#: Characters that a key must not contain, as in `NOT_IN_A_KEY` of the payloads.
_NOT_IN_A_KEY = re.compile(r"[,/\\]")
# Impact if a tool does not send it: the middle.
USUAL_IMPACT = Impact.department
USUAL_URGENCY = Urgency.hindered


def alert_of(source: WebhookSource, news: AlertSignal) -> Alert:
    """Return the alert in the news."""
    changed_at = (
        news.cleared_at if news.status == "cleared" and news.cleared_at is not None else news.alerted_at
    )
    return Alert(
        source=str(source.key),
        dedup_key=news.dedup_key,
        status=AlertStatus(news.status),
        title=news.title,
        description=news.description,
        alerted_at=changed_at or news.occurred_at,
        impact=news.impact or source.impact or USUAL_IMPACT,
        urgency=news.urgency or source.urgency or USUAL_URGENCY,
        effect=news.effect or source.effect or Effect.degraded,
        service=_key(news, "service") or source.service,
        ci=_key(news, "ci"),
        category=_key(news, "category") or source.category,
        labels=news.labels or None,
    )


def _key(news: AlertSignal, field: str) -> str | None:
    """Return the key that the tool names in the field, with `-` for what no key may have; None, and a mark,
    if nothing of it can be a key.
    """
    named: str | None = getattr(news, field)
    if named is None:
        return None
    try:
        return _KEY.validate_python(named)
    except ValidationError:
        pass
    try:
        key = _KEY.validate_python(_NOT_IN_A_KEY.sub("-", named)[:LONGEST_KEY])
    except ValidationError:
        news.altered[field] = [Alteration.left_out.value]
        return None
    news.altered[field] = [Alteration.cut.value if len(named) > LONGEST_KEY else Alteration.one_line.value]
    return key
