"""The service itself: is it alive, is it ready, what is it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.openapi import problems
from app.api.shapes import Out
from app.db import DatabaseGone
from app.kernel.ledger import Ledger
from app.log import read

router = APIRouter(tags=["service"])
# Who asks whether we are ready waits a few seconds at the most, and then counts us as dead.
READY_SECONDS = 2.0


class Alive(Out):
    """The process answers."""

    alive: bool


class Ready(Out):
    """Whether the service can work, and what is missing if not."""

    ready: bool
    missing: list[str] = Field(description="What is not there: `database`.")


class Meta(Out):
    """What this installation is."""

    version: str = Field(description="Of the program.")
    position: int = Field(description="Of the newest event in the log.")
    time_zone: str = Field(description="The organisation's, in which periods are cut.")


@router.get("/livez", operation_id="get_liveness")
async def get_liveness() -> Alive:
    """Whether the process answers."""
    return Alive(alive=True)


@router.get(
    "/readyz",
    operation_id="get_readiness",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "Not ready; `missing` says why."}},
)
async def get_readiness(request: Request) -> Response:
    """Whether the service can work."""
    ledger: Ledger = request.app.state.ledger
    missing: list[str] = []
    try:
        await read.head(ledger.db, seconds=READY_SECONDS)
    except DatabaseGone:
        missing.append("database")
    body: dict[str, Any] = {"ready": not missing, "missing": missing}
    return Response(to_json(body), 503 if missing else 200, media_type="application/json")


@router.get("/v1/meta", operation_id="get_meta", responses=problems())
async def get_meta(request: Request) -> Meta:
    """What this installation is, and how far its log goes."""
    ledger: Ledger = request.app.state.ledger
    return Meta(
        version=request.app.version,
        position=await read.head(ledger.db),
        time_zone=ledger.settings.time_zone,
    )
