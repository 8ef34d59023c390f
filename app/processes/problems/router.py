"""Routes of problems, `/v1/problems`, of their candidates, `/v1/problem_candidates`, and of the known errors
that may help with an incident, `GET /v1/incidents/{id}/known_errors`.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings import cursors, page_responses
from app.api.listings.attachments import mount_attachments
from app.api.listings.list_queries import Paging
from app.api.listings.page_responses import VARY
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.records.shapes import OutputModel, Renderer, page_of
from app.api.routes import Routes
from app.kernel.access.visibility import sees_every_record
from app.kernel.actions.refusals import NotFound
from app.log.canonical import from_instant, instant
from app.processes.problems import candidates as candidate_lifecycle
from app.processes.problems.lifecycle import LIFECYCLE
from app.processes.problems.queries import (
    CANDIDATES,
    LISTING,
    CandidateCase,
    KnownErrors,
    ProblemCandidateOut,
    ProblemOut,
)
from app.processes.problems.queries import known_errors as known_errors_of
from app.processes.problems.recurrence import counted_incidents
from app.service_levels.clocks.answers.routes import mount_clocks
from app.ticketing.routes.children import mount_children

router = Router(prefix="/v1/problems", tags=["problems"], route_class=DirectRoute)
reads.mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_clocks(router, LISTING)
mount_actions(router, LIFECYCLE, ProblemOut)
mount_edit(router, LIFECYCLE, ProblemOut)
mount_children(router, LIFECYCLE, ProblemOut)

candidates = Router(prefix="/v1/problem_candidates", tags=["problems"], route_class=DirectRoute)
reads.mount_reads(candidates, CANDIDATES)
mount_actions(candidates, candidate_lifecycle.LIFECYCLE, ProblemCandidateOut)


@candidates.endpoint(
    "/{id}/cases",
    "List problem candidate cases",
    page_of(CandidateCase, "the incidents that a candidate counts, newest first"),
    refused=(400, 404, 422),
)
async def list_problem_candidate_cases(
    request: Request, name: reads.Name, query: Annotated[Paging, Query()]
) -> Response:
    """List the incidents of the candidate, for callers who see all incidents."""
    renderer = reads.renderer_of(request, CANDIDATES)
    candidate = (await reads.load_visible(renderer, name)).record
    ledger = renderer.ledger
    incidents = ledger.lifecycles["incident"]
    if not sees_every_record(renderer.caller, incidents, agents_see=ledger.settings.agents_see):
        raise NotFound()
    scope, sign, behind = f"cases of {candidate.row_key} {candidate.since_at}", ledger.vault.fingerprint, None
    if query.cursor is not None:
        opened_at, incident_id = cursors.read(query.cursor, scope, sign)
        behind = from_instant(opened_at), UUID(incident_id)
    rows = await counted_incidents(
        ledger.db.rows,
        candidate.dimension,
        candidate.value,
        candidate.since_at,
        limit=query.limit + 1,
        behind=behind,
    )
    cursor = None
    if len(rows) > query.limit:
        rows = rows[: query.limit]
        cursor = cursors.write([instant(rows[-1]["opened_at"]), str(rows[-1]["id"])], scope, sign)
    items = [{**row, "opened_at": instant(row["opened_at"])} for row in rows]
    headers = VARY | page_responses.link(request, cursor)
    page = to_json({"items": items, "next_cursor": cursor})
    return Response(page, headers=headers, media_type="application/json")


known_errors = Router(prefix="/v1/incidents", tags=["problems"], route_class=DirectRoute)


@known_errors.endpoint(
    "/{id}/known_errors",
    "List known errors of an incident",
    KnownErrors,
    refused=(404, 422),
    responses=in_language(),
)
async def list_incident_known_errors(request: Request, name: reads.Name) -> Response:
    """List the known errors that may have caused the incident; internal ones only for staff."""
    renderer = reads.renderer_of(request, LISTING)
    ledger, caller = ledger_of(request), caller_of(request)
    of_incident = Renderer(ledger, ledger.lifecycles["incident"], OutputModel, caller, renderer.language)
    incident = (await reads.load_visible(of_incident, name)).record
    known_errors = await known_errors_of(ledger.db, incident, for_staff=caller.is_staff_for(incident))
    headers = {**VARY, "Content-Language": renderer.language}
    return Response(to_json({"items": known_errors}), headers=headers, media_type="application/json")


ROUTES = Routes(
    (
        router,
        candidates,
        known_errors,
    ),
    (
        LISTING,
        CANDIDATES,
    ),
)
