"""The HTTP application: the routers, what surrounds them, and what lives as long as the process."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI

from app.api import meta, openapi, problems
from app.api.auth import Guard
from app.api.frame import Frame
from app.base.people import router as people
from app.kernel import ledger
from app.kpis import router as kpis
from app.kpis.question import CannotAnswer
from app.processes.incidents import router as incidents
from app.registry import BY_KIND
from app.settings import Settings

ROUTERS = (
    incidents.router,
    kpis.router,
    people.router,
    meta.router,
)
SUMMARY = "An IT service management backend whose ledger is the truth"


def application(url: str, secrets_dir: Path, settings: Settings) -> FastAPI:
    """The application on that database. It opens the ledger when it is started."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with ledger.opened(url, secrets_dir, BY_KIND, settings) as opened:
            app.state.ledger = opened
            yield

    return routed(lifespan=lifespan, body_limit=settings.body_limit)


def routed(*, lifespan: object = None, body_limit: int = 1_048_576) -> FastAPI:
    """The routes and what surrounds them; without a lifespan good for the contract only."""
    app = FastAPI(
        title="Ledgerdesk",
        summary=SUMMARY,
        version=version("ledgerdesk"),
        openapi_url="/openapi.json",
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,  # type: ignore[arg-type]  # one of ours, or none
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.add_to(app)
    app.add_exception_handler(CannotAnswer, kpis.cannot_answer)
    app.add_middleware(Guard)
    app.add_middleware(Frame, body_limit=body_limit)
    app.openapi = functools.cache(lambda: openapi.document(app))  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app
