"""An alert of a monitoring tool, however it comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.common.priorities.priority import Impact, Urgency
from app.common.records import CodeEnum, KeyRef
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import FreeText, Instant, RecordKey, ShortText, Title
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.processes.incidents.alert_rules.records import AlertRule
from app.processes.incidents.checks import LONGEST_UNREPORTED_DAYS
from app.processes.incidents.records import Effect

MOST_LABELS = 50
LabelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.:/-]{0,99}$")]
Labels = Annotated[dict[LabelName, ShortText], Field(max_length=MOST_LABELS)]


class AlertStatus(CodeEnum):
    """The status of an alert: it fires, a person has acknowledged it in the monitoring tool, or it has
    cleared.
    """

    firing = "firing", "Firing", "告警中"
    acknowledged = "acknowledged", "Acknowledged", "已确认"
    cleared = "cleared", "Cleared", "已恢复"


class Alert(BaseModel):
    """An alert of a monitoring tool. Alerts with the same `source` and `dedup_key` from the same account are
    one alert.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    source: RecordKey = Field(description="Source of the alert: the name that the tool uses for itself.")
    dedup_key: ShortText = Field(
        description="Name of the alert in the source, the same each time that it fires or clears."
    )
    status: AlertStatus = Field(
        description="Status of the alert: firing, acknowledged in the tool, or cleared."
    )
    title: Title = Field(description="Alert in one line, without names of persons, as lists show it.")
    description: FreeText | None = Field(default=None, description="Full text of the alert.")
    alerted_at: Instant | None = Field(
        default=None, description="Time of the status, at most 366 days ago; if left out, now."
    )
    impact: Impact | None = Field(
        default=None, description="Number of people affected; required if the alert fires."
    )
    urgency: Urgency | None = Field(
        default=None, description="Effect on their work; required if the alert fires."
    )
    effect: Effect | None = Field(
        default=None, description="Effect on the service; required if the alert fires."
    )
    service: Annotated[RecordKey | None, KeyRef("service")] = Field(
        default=None, description="Key of the service, if it is known."
    )
    ci: Annotated[RecordKey | None, KeyRef("ci")] = Field(
        default=None, description="Key of the configuration item, if it is known."
    )
    category: Annotated[RecordKey | None, KeyRef("category", per_process=True)] = Field(
        default=None, description="Key of the category, if it is known."
    )
    labels: Labels | None = Field(
        default=None,
        description="Labels of the alert, by which alert rules match and group it: values by name.",
    )


def check_posted_alert(alert: Alert, metadata: CommandMetadata) -> None:
    """Raise WrongValue if the alert's time is in the future or too long ago, or if a firing alert lacks a
    field.
    """
    if alert.alerted_at is not None and alert.alerted_at > metadata.now + CLOCK_TOLERANCE:
        raise WrongValue(pointer="/alerted_at", because="in_the_future")
    if alert.alerted_at is not None and alert.alerted_at < metadata.now - timedelta(LONGEST_UNREPORTED_DAYS):
        words = {"days": str(LONGEST_UNREPORTED_DAYS)}
        raise WrongValue(words, pointer="/alerted_at", because="long_before_the_report")
    if alert.status is AlertStatus.firing:
        for name in ("impact", "urgency", "effect"):
            if getattr(alert, name) is None:
                raise WrongValue(pointer=f"/{name}", because="missing")


def identity_of(alert: Alert, metadata: CommandMetadata) -> tuple[UUID, str, str]:
    """Return by what an alert is the same: the account that sends it, its source, its key there."""
    assert metadata.caller.person_id is not None, "an integration is an account"
    return metadata.caller.person_id, alert.source, alert.dedup_key


def time_of(alert: Alert, metadata: CommandMetadata) -> datetime:
    """Return when the alert took its status: the tool's time, else that of receipt, which `metadata` has."""
    return metadata.now if alert.alerted_at is None else min(alert.alerted_at, metadata.now)


def labels_of(alert: Alert) -> dict[str, str]:
    """Return the labels by which rules know the alert: its own; and its source, service, item and category,
    where it has one.
    """
    named = {"source": alert.source, "service": alert.service, "ci": alert.ci, "category": alert.category}
    return dict(alert.labels or {}) | {name: text for name, text in named.items() if text is not None}


def labels_text(alert: Alert) -> str | None:
    """Return the alert's own labels as a text: a name, `=` and a value in each line, or None."""
    lines = [f"{name}={' '.join(text.split())}" for name, text in sorted((alert.labels or {}).items())]
    return "\n".join(lines) or None


def routed(alert: Alert, rule: AlertRule) -> Alert:
    """Return the alert with the values of the rule that routes it."""
    names = ("service", "ci", "category", "impact", "urgency", "effect")
    routing = {name: getattr(rule, name) for name in names}
    return alert.model_copy(update={name: value for name, value in routing.items() if value is not None})
