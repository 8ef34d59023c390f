"""Routes of alerts: `/v1/alerts`, on which monitoring tools send them, and those of quiet windows.

An alert that fires joins its open incident; without one, an incident is reported. An alert that clears
resolves its incident if work has not started, and otherwise adds a comment. One that was acknowledged in its
tool adds a comment.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of
from app.api.direct import Router
from app.api.listings import cursors
from app.api.listings.list_queries import Paging
from app.api.records.actions import IdempotencyKeyHeader as IdempotencyHeader
from app.api.records.shapes import OutputModel, Renderer, page_of
from app.api.requests.request_keys import key_of
from app.api.unknown_keys import unknown_keys_of, warned_shape
from app.common.people import Role
from app.kernel.actions.actor_policy import integration, staff
from app.processes.incidents.alert_rules.lookups import active_alert_rules
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.monitoring.alert import Alert, check_posted_alert
from app.processes.incidents.monitoring.handling import AlertOutcome, AlertPolicy, handle_alert
from app.processes.incidents.monitoring.quiet_alerts import page_of_quiet_alerts
from app.processes.incidents.queries import IncidentOut

router = Router(prefix="/v1/alerts", tags=["alerts"])


class AlertOut(OutputModel):
    """The effect of an alert, and its incident."""

    outcome: AlertOutcome
    incident: IncidentOut | None = Field(description="Incident of the alert; null if the alert was ignored.")


class QuietAlertOut(OutputModel):
    """An alert that fired in a quiet window, in which alerts open no incidents."""

    id: UUID
    source: str = Field(description="Source of the alert: the name that the tool uses for itself.")
    dedup_key: str = Field(description="Name of the alert in the source.")
    title: str = Field(description="Alert in one line.")
    service: str | None = Field(description="Key of the service; null if it is not known.")
    ci: str | None = Field(description="Key of the configuration item; null if it is not known.")
    because: str = Field(
        description="Change or alert rule of the quiet window, such as `change/<id>` or `alert_rule/<id>`."
    )
    first_fired_at: datetime = Field(description="Time at which the alert first fired in the window.")
    last_fired_at: datetime = Field(description="Time at which the alert last fired.")
    fired_count: int = Field(description="Number of times that the alert fired, including repetitions.")
    heard_at: datetime = Field(description="Time at which the alert was last received.")
    until_at: datetime = Field(description="End of the quiet window.")
    cleared_at: datetime | None = Field(description="Time at which the alert cleared; null while it fires.")
    opened_at: datetime | None = Field(
        description="Time at which an incident was opened because the alert was still firing at the "
        "end of the window; null if not opened."
    )
    incident_id: UUID | None = Field(description="Identifier of the incident; null if not opened.")


@router.endpoint(
    "/quiet",
    "List quiet alerts",
    page_of(QuietAlertOut, "alerts that fired in quiet windows, the last received first"),
    refused=(400, 422),
)
async def list_quiet_alerts(
    request: Request, ledger: RequestLedger, paging: Annotated[Paging, Query()]
) -> Response:
    """List the alerts that fired in quiet windows without opening an incident, the last received first. They
    are kept for 30 days. For staff.
    """
    context = context_of(request)
    if not context.caller.is_staff:
        raise ledger.forbidden(staff, context.language)
    before = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
    if paging.cursor is not None:
        heard_at, last = cursors.read(paging.cursor, "quiet_alerts", ledger.vault.fingerprint)
        before = (datetime.fromisoformat(heard_at), UUID(last))
    rows = await page_of_quiet_alerts(ledger, before, paging.limit + 1)
    page, cursor = rows[: paging.limit], None
    if len(rows) > paging.limit:
        key = [page[-1]["heard_at"], str(page[-1]["id"])]
        cursor = cursors.write(key, "quiet_alerts", ledger.vault.fingerprint)
    return Response(to_json({"items": page, "next_cursor": cursor}), media_type="application/json")


@router.endpoint(
    "",
    "Send an alert",
    warned_shape(AlertOut),
    method="POST",
    refused=(409,),
    responses={200: {"headers": {"Content-Language": {}, "Idempotent-Replayed": {}}}},
)
async def send_alert(
    request: Request, ledger: RequestLedger, alert: Alert, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Send an alert. A firing alert joins its open incident or reports one; a cleared alert resolves the
    incident or adds a comment; an acknowledged alert adds a comment.
    """
    context = context_of(request)
    if Role.integration not in context.caller.role_codes:
        raise ledger.forbidden(integration, context.language)
    check_posted_alert(alert, context)
    key = await key_of(ledger, request, "send_alert", idempotency_key)
    policy = AlertPolicy(await active_alert_rules(ledger.db))
    outcome, done = await handle_alert(ledger, alert, context, key, policy)
    answer = None
    if done is not None:
        renderer = Renderer(ledger, LIFECYCLE, IncidentOut, context.caller, context.language)
        answer = await renderer.render_one(done.record, done.audience)
    headers = {"Content-Language": context.language}
    if done is not None and done.replayed:
        headers["Idempotent-Replayed"] = "true"
    members: dict[str, Any] = {"outcome": outcome, "incident": answer}
    if warnings := await unknown_keys_of(ledger, alert, LIFECYCLE.kind, context):
        members["warnings"] = warnings
    return Response(to_json(members), headers=headers, media_type="application/json")
