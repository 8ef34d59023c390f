"""Route on which monitoring tools send alerts: `/v1/alerts`.

An alert that fires joins its open incident; if there is none, an incident is reported. An alert that clears
resolves its incident if work has not started, and otherwise adds a comment. One that was
acknowledged in its tool adds a comment.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import Ledger, context_of
from app.api.contract.openapi import problems
from app.api.records.actions import IdempotencyKeyHeader as IdempotencyHeader
from app.api.records.shapes import OutputModel, Renderer
from app.api.requests import idempotency
from app.common.people import Role
from app.kernel.actions.actor_policy import integration
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.monitoring.alert import Alert, check_posted_alert
from app.processes.incidents.monitoring.handling import AlertOutcome, handle_alert
from app.processes.incidents.queries import IncidentOut

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])


class AlertOut(OutputModel):
    """The effect of an alert, and its incident."""

    outcome: AlertOutcome
    incident: IncidentOut | None = Field(description="The incident; null if the alert was ignored.")


@router.post(
    "",
    operation_id="send_alert",
    summary="Send an alert",
    response_model=AlertOut,
    responses=problems(400, 403, 409, 413, 415, 422)
    | {200: {"headers": {"Content-Language": {}, "Idempotent-Replayed": {}}}},
)
async def send_alert(
    request: Request, ledger: Ledger, alert: Alert, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Handle an alert: firing, it joins its open incident or reports one; cleared, it resolves the incident
    or adds a comment; acknowledged, it adds one.
    """
    context = context_of(request)
    if Role.integration not in context.caller.role_codes:
        raise ledger.forbidden(integration, context.language)
    check_posted_alert(alert, context)
    key = await idempotency.key_of(ledger, request, "send_alert", idempotency_key)
    outcome, done = await handle_alert(ledger, alert, context, key)
    answer = None
    if done is not None:
        renderer = Renderer(ledger, LIFECYCLE, IncidentOut, context.caller, context.language)
        answer = await renderer.render_one(done.record, done.audience)
    headers = {"Content-Language": context.language}
    if done is not None and done.replayed:
        headers["Idempotent-Replayed"] = "true"
    body = to_json({"outcome": outcome, "incident": answer})
    return Response(body, headers=headers, media_type="application/json")
