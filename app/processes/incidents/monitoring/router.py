"""Route on which monitoring tools send alerts: `/v1/alerts`.

An alert that fires joins its open incident; if there is none, an incident is reported. An alert that clears
resolves its incident if work has not started, and otherwise adds a comment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api import idempotency
from app.api.actions import ActionOutcome, perform_idempotently, replay_outcome
from app.api.actions import IdempotencyKeyHeader as IdempotencyHeader
from app.api.auth import Ledger, context_of
from app.api.openapi import problems
from app.api.shapes import OutputModel, Renderer
from app.common.children import Visibility
from app.common.people import Role
from app.common.priority import Impact, Urgency
from app.common.records import CodeEnum
from app.common.tickets import Channel
from app.i18n import translate
from app.kernel.actor_policy import integration
from app.kernel.context import CommandMetadata
from app.kernel.dating import FUTURE_TOLERANCE
from app.kernel.payloads import LONGEST_PARAGRAPH, FreeText, Instant, Payload, RecordKey, ShortText, Title
from app.kernel.perform import ATTEMPTS, Command, IdempotencyKey
from app.kernel.refusals import ActionUnavailable, RetriesExhausted, VersionMismatch, WrongValue
from app.log import read
from app.processes.incidents.checks import LONGEST_UNREPORTED_DAYS
from app.processes.incidents.lifecycle import LIFECYCLE, ReportIncident, ResolveIncident
from app.processes.incidents.monitoring.alerts import RepeatAlertIncident
from app.processes.incidents.queries import AlertedIncident, IncidentOut, find_alerted_incident
from app.processes.incidents.records import Effect, ResolutionCode
from app.ticketing.comments import CommentTicket

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])


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


class AlertOut(OutputModel):
    """The effect of an alert, and its incident."""

    outcome: AlertOutcome
    incident: IncidentOut | None = Field(description="Null where it was ignored.")


@router.post(
    "",
    operation_id="send_alert",
    response_model=AlertOut,
    responses=problems(400, 403, 409, 413, 415, 422)
    | {200: {"headers": {"Content-Language": {}, "Idempotent-Replayed": {}}}},
)
async def send_alert(
    request: Request, ledger: Ledger, alert: Alert, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Handle an alert: firing, it joins its open incident or reports one; cleared, it resolves the incident
    or adds a comment.
    """
    context = context_of(request)
    if Role.integration not in context.caller.role_codes:
        raise ledger.forbidden(integration, context.language)
    _check_alert(alert, context)
    key = await idempotency.key_of(ledger, request, "send_alert", idempotency_key)
    outcome, done = await _process_alert(ledger, alert, context, key)
    shown = None
    if done is not None:
        renderer = Renderer(ledger, LIFECYCLE, IncidentOut, context.caller, context.language)
        shown = await renderer.render_one(done.record, done.audience)
    headers = {"Content-Language": context.language}
    if done is not None and done.replayed:
        headers["Idempotent-Replayed"] = "true"
    body = to_json({"outcome": outcome, "incident": shown})
    return Response(body, headers=headers, media_type="application/json")


def _check_alert(alert: Alert, metadata: CommandMetadata) -> None:
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


async def _process_alert(
    ledger: Any, alert: Alert, metadata: CommandMetadata, key: IdempotencyKey | None
) -> tuple[AlertOutcome, ActionOutcome | None]:
    """Perform the action that the alert calls for, once per idempotency key. Concurrent requests may do the
    same.
    """
    if key is not None and (sent := await _earlier_outcome(ledger, metadata, key)) is not None:
        return sent
    assert metadata.caller.person_id is not None, "an integration is an account"
    for _ in range(ATTEMPTS):
        found = await find_alerted_incident(
            ledger.db, metadata.caller.person_id, alert.source, alert.dedup_key
        )
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
    ledger: Any, metadata: CommandMetadata, key: IdempotencyKey
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
    when = metadata.now if alert.alerted_at is None else min(alert.alerted_at, metadata.now)
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
