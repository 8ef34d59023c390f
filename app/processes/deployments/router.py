"""Routes of deployments: `/v1/deployments`. A pipeline may report one run any number of times."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of
from app.api.commands.performing import ActionOutcome, perform_idempotently, replay_outcome
from app.api.contract.responses import action_responses
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.records.actions import IdempotencyKeyHeader, action_response, mount_actions, operation
from app.api.records.child_rows import mount_child_listing
from app.api.records.reads import load_visible, mount_reads, renderer_of
from app.api.records.shapes import Renderer
from app.api.requests import request_keys
from app.api.requests.request_keys import key_of
from app.api.routes import Routes
from app.api.unknown_keys import unknown_keys, warned_shape
from app.foundation.environments import environment_key
from app.foundation.services.lookups import service_key
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import NotFound, RetriesExhausted, WrongValue
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import ATTEMPTS
from app.processes.deployments.lifecycle import LIFECYCLE
from app.processes.deployments.lookups import find_reported_run
from app.processes.deployments.payloads import ReportDeployment
from app.processes.deployments.permission import PermissionQuery, deployment_permission
from app.processes.deployments.queries import (
    CAUSES,
    LISTING,
    DeploymentOut,
    DeploymentPermission,
)
from app.processes.deployments.runs import action_of_report

router = Router(prefix="/v1/deployments", tags=["deployments"], route_class=DirectRoute)


# Before the route of one deployment, which would take `permitted` for a deployment's id.
@router.endpoint("/permitted", "Get permission for a deployment", DeploymentPermission, refused=(404, 422))
async def get_deployment_permission(request: Request, query: Annotated[PermissionQuery, Query()]) -> Response:
    """Return whether a deployment is permitted, and the obstacles: changes that are not approved or outside
    their window, and freezes. For staff, and for pipelines before they deploy. A deployment that is reported
    without permission is recorded and flagged.
    """
    permission = await deployment_permission(renderer_of(request, LISTING), query, context_of(request).now)
    return Response(to_json(permission), headers=VARY, media_type="application/json")


mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, DeploymentOut, left_out=frozenset({"report"}))
mount_child_listing(router, LIFECYCLE, DeploymentOut, CAUSES)

_OPERATION = operation(LIFECYCLE, "report", DeploymentOut)
_HEADERS: dict[str, Any] = {"ETag": {}, "Content-Language": {}, "Idempotent-Replayed": {}}
_KNOWN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The run was reported before: the deployment, with new facts added.",
        "headers": _HEADERS,
        "model": warned_shape(DeploymentOut),
    }
}


@router.post("", **_OPERATION | {"responses": action_responses(LIFECYCLE["report"]) | _KNOWN})
async def report_deployment(
    request: Request,
    ledger: RequestLedger,
    body: Annotated[ReportDeployment, Body()],
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Report a deployment: it has begun or ended. Several reports of one run are the same deployment: its
    outcome is added once, and known facts are not changed.
    """
    context = context_of(request)
    key = await key_of(ledger, request, "report_deployment", idempotency_key)
    done = await _report(request, ledger, body, context, key)
    shows = Renderer(ledger, LIFECYCLE, DeploymentOut, context.caller, context.language)
    warnings = await unknown_keys(ledger, Command(LIFECYCLE, LIFECYCLE["report"], None, body, context))
    return action_response(shows, done, await shows.render_one(done.record, done.audience), warnings)


async def _report(
    request: Request,
    ledger: Any,
    body: ReportDeployment,
    metadata: CommandMetadata,
    key: IdempotencyKey | None,
) -> ActionOutcome:
    """Perform the action that the report calls for, once per idempotency key. The run may be reported by two
    requests at once.
    """
    if key is not None:
        earlier = await request_keys.find_outcome(ledger, metadata.caller.actor, key)
        if earlier is not None:
            return await replay_outcome(ledger, LIFECYCLE, earlier)
    for _ in range(ATTEMPTS):
        reported = await find_reported_run(ledger.db, body.pipeline, body.run)
        if reported is not None:
            return await _report_again(request, ledger, body, metadata, reported)
        try:
            command = Command(LIFECYCLE, LIFECYCLE["report"], None, body, metadata, None, key)
            return await perform_idempotently(ledger, command)
        except WrongValue as refused:
            if refused.because != "run_is_reported":
                raise
    raise RetriesExhausted()


async def _report_again(
    request: Request,
    ledger: Any,
    body: ReportDeployment,
    metadata: CommandMetadata,
    reported: dict[str, Any],
) -> ActionOutcome:
    """Add the outcome to the deployment that the run was `reported` as. Raises WrongValue if that is of
    another service or environment, or if the caller may not see it.
    """
    name = str(reported["id"])
    same_service = body.service is None or (
        await service_key(ledger.db.rows, body.service) == reported["service"]
    )
    if not (same_service and body.environment == environment_key(reported["environment"])):
        raise WrongValue({"other": name}, pointer="/run", because="run_of_another")
    try:
        loaded = await load_visible(renderer_of(request, LISTING), name)
    except NotFound as hidden:
        raise WrongValue({"other": name}, pointer="/run", because="run_is_reported") from hidden
    chosen = action_of_report(body, reported["outcome"])
    if chosen is None:
        return ActionOutcome(loaded.record, 200, loaded.audience)
    action, payload = chosen
    return await perform_idempotently(ledger, Command(LIFECYCLE, LIFECYCLE[action], name, payload, metadata))


ROUTES = Routes((router,), (LISTING,))
