"""The endpoints of targets: `PUT /v1/kpis/{key}/target`, and all targets under `/v1/kpi_targets`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Path, Request
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of
from app.api.commands.performing import perform_idempotently
from app.api.contract.responses import action_responses
from app.api.direct import Router
from app.api.records.actions import IdempotencyKeyHeader, IfMatch, action_response, mount_actions
from app.api.records.reads import mount_reads
from app.api.records.shapes import Renderer
from app.api.requests.etag import versions_of
from app.api.requests.request_keys import key_of
from app.api.routes import Routes
from app.kernel.actions.refusals import NotFound, VersionMismatch
from app.kernel.commands.command import Command
from app.kpis.catalogue import KPIS
from app.kpis.targets.lifecycle import LIFECYCLE, AddKpiTarget, ReviseKpiTarget
from app.kpis.targets.queries import KPI_TARGETS, KpiTargetOut
from app.kpis.targets.records import KpiTarget
from app.log.ids import uuid7

router = Router(prefix="/v1", tags=["kpis"])
mount_reads(router, KPI_TARGETS, prefix="/kpi_targets")
mount_actions(router, LIFECYCLE, KpiTargetOut, prefix="/kpi_targets")

KpiKey = Annotated[
    str,
    Path(alias="key", max_length=100, description="Key of the KPI, such as `incident_resolution_seconds`."),
]
# The active target added last, whether or not there were earlier ones.
SELECT_NEWEST_ACTIVE = """
select id from fold.kpi_target where kpi = %s and state = 'active' order by added_at desc, id desc limit 1"""
_HEADERS: dict[str, Any] = {"ETag": {}, "Content-Language": {}, "Idempotent-Replayed": {}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The target replaced an earlier one.", "headers": _HEADERS},
    201: {"description": "The target is the first one.", "headers": _HEADERS, "model": KpiTargetOut},
}


@router.endpoint(
    "/kpis/{key}/target",
    "Set a KPI target",
    KpiTargetOut,
    method="PUT",
    responses=action_responses(LIFECYCLE["revise"]) | RESPONSES,
)
async def set_kpi_target(
    request: Request,
    ledger: RequestLedger,
    key: KpiKey,
    body: Annotated[ReviseKpiTarget, Body()],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Set the KPI's target from now on, or for a period. Earlier periods keep their targets."""
    if key not in KPIS:
        raise NotFound()
    context = context_of(request)
    policy = LIFECYCLE["revise"].policy
    if not policy.allows(context.caller, KpiTarget(id=uuid7())):
        raise ledger.forbidden(policy, context.language)
    name = await ledger.db.value(SELECT_NEWEST_ACTIVE, (key,))
    if name is None and if_match is not None:
        raise VersionMismatch(more={"version": 0})
    row = LIFECYCLE["add" if name is None else "revise"]
    payload = AddKpiTarget(kpi=key, **body.model_dump()) if name is None else body
    # The same command comes the first time to a KPI without a target, and again to one that has it.
    known_by = await key_of(ledger, request, "set_kpi_target", idempotency_key)
    command = Command(LIFECYCLE, row, name and str(name), payload, context, versions_of(if_match), known_by)
    carried_out = await perform_idempotently(ledger, command)
    shows = Renderer(ledger, LIFECYCLE, KpiTargetOut, context.caller, context.language)
    return action_response(
        shows, carried_out, await shows.render_one(carried_out.record, carried_out.audience)
    )


ROUTES = Routes((router,), without_views=(KPI_TARGETS,))
