"""The HTTP application: routers, middleware, and services that live as long as the process."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import BaseRoute

from app.api.authentication.auth import AuthMiddleware
from app.api.authentication.issuer import IdentityProvider
from app.api.authentication.key_use import KeyUse
from app.api.branding import router as branding
from app.api.contract import openapi, problems
from app.api.listings.name_routes import router_of as names_of
from app.api.records import bulk
from app.api.replica_reads import WrittenPosition
from app.api.requests.cors import Cors
from app.api.requests.middleware import BodyLimitMiddleware, ErrorMiddleware, RequestContextMiddleware
from app.api.route_index import RouteIndex, RouteTable
from app.api.routes import routes_of
from app.api.service import feed, live, me, meta, pages, problem_pages, uploads
from app.api.service.metrics import Metrics
from app.api.service.own_disk import OwnDisk
from app.api.service.readiness import Readiness
from app.api.service.static_files import preload
from app.api.sign_in import first_sign_in
from app.api.sign_in import router as sign_in
from app.api.sign_in.code_flow import CodeFlow
from app.assistants import router as assistants
from app.attention import router as attention
from app.conformance import router as conformance
from app.dashboard import addresses, saved_selections
from app.dashboard import router as dashboard
from app.desk.contract import screen_contract
from app.desk.navigation import NavigationArea
from app.desk.operation_calls import CallRefused
from app.desk.pages import router as desk
from app.desk.pages.context import SignInNeeded
from app.desk.portal import router as portal
from app.exchange import router as imports
from app.exchange.jobs import router as bulk_jobs
from app.foundation.people.preferences import router as preferences
from app.foundation.views.router import router_of as views_of
from app.foundation.views.routes.columns import columns_router
from app.foundation.views.routes.counts import counts_router
from app.governance.surveys.routes import answer_page
from app.html.templates import compile_templates
from app.kernel import ledger
from app.kpis import router as kpis
from app.kpis.cases.router import kpis_of_cases_router
from app.kpis.columns.mirror import columns_read
from app.kpis.drawing import router as kpi_charts
from app.kpis.gauges import KpiGauges
from app.kpis.questions.question import CannotAnswer
from app.kpis.shared_overviews import SharedOverviews
from app.notifications.routes import installation_settings, unsent_mails
from app.notifications.routes.record_notices import record_notices_router
from app.platform.failures import DatabaseUnavailable
from app.platform.settings import Settings
from app.processes.incidents.monitoring import router as monitoring
from app.registry import AREA_OF_KIND, LIFECYCLES, LIFECYCLES_BY_KIND, PROCESSES, Area
from app.scim import router as scim
from app.sealing import router as sealing
from app.service_levels.clocks.answers import routes as clocks
from app.service_reports import router as service_reports
from app.service_status import router as service_statuses
from app.summaries import router as summaries
from app.ticketing.routes import complaints, decisions, rating_page, team_work, work
from app.ticketing.routes.text_blocks import text_blocks_router
from app.webhooks.adapters import adapter_titles
from app.webhooks.intake.quotas import WebhookQuotas

SERVED = tuple(routes_of(f"{process.package}.{process.routes}") for process in PROCESSES)
#: All lists of records, also those of which no views are saved.
LISTINGS = tuple(listing for routes in SERVED for listing in (*routes.listings, *routes.without_views))
ROUTERS = (
    service_statuses.router,  # before the catalogue, of which a route would take `status` for a name
    *(router for routes in SERVED for router in routes.routers),
    monitoring.router,
    bulk.router_of(LIFECYCLES),
    clocks.router,
    clocks.open_clocks,
    service_reports.router,
    kpis.router,
    attention.router,
    kpi_charts.router,
    conformance.router,
    views_of(
        tuple(listing for routes in SERVED for listing in routes.listings),
        {addresses.KIND: saved_selections.VIEWS},
    ),
    counts_router(LISTINGS),
    columns_router(LISTINGS),
    names_of(LISTINGS),
    record_notices_router(LIFECYCLES),
    text_blocks_router(LIFECYCLES),
    kpis_of_cases_router(LIFECYCLES),
    unsent_mails.router,
    installation_settings.router,
    imports.router,
    bulk_jobs.router,
    feed.router,
    live.router,
    sealing.router,
    preferences.router,
    summaries.router,
    me.router,
    work.router,
    complaints.router,
    decisions.router,
    team_work.router,
    rating_page.router,
    answer_page.router,
    uploads.router,
    meta.router,
    problem_pages.router,
    pages.router,
    branding.router,
    sign_in.router,
    first_sign_in.router,
    *dashboard.ROUTERS,
    *desk.ROUTERS,
    *portal.ROUTERS,
    assistants.router,
    scim.router,
)
AREAS = tuple(
    NavigationArea(
        area.name, area.value, tuple(kind for kind, its_area in AREA_OF_KIND.items() if its_area is area)
    )
    for area in Area
)
ROUTES: tuple[BaseRoute, ...] = tuple(route for router in ROUTERS for route in router.routes)
VERSION = version("ledgerdesk")
SUMMARY = "An IT service management backend whose ledger is the truth"


def application(url: str, secrets_dir: Path, settings: Settings, *, data_dir: Path | None = None) -> FastAPI:
    """Return the application on that database, whose ledger is opened at startup. `data_dir`: the folder of
    an embedded database.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Before requests are accepted, since compressing files would keep them waiting.
        pages.preload()
        preload((*dashboard.PRELOADED, *desk.PRELOADED))
        compile_templates()
        with contextlib.suppress(FileNotFoundError):  # logged already
            screen_contract()
        async with contextlib.AsyncExitStack() as services:
            opening = ledger.open_ledger(url, secrets_dir, LIFECYCLES_BY_KIND, settings, patient=True)
            try:
                opened = await services.enter_async_context(opening)
            except DatabaseUnavailable as error:
                app.state.start_failure = error
                raise
            await services.enter_async_context(
                assistants.assistants_served(app, is_served=settings.assistants)
            )
            await services.enter_async_context(columns_read(settings.columns_dir))
            app.state.ledger = opened
            app.state.event_streams = live.EventStreams(opened, app.state.metrics)
            noting = asyncio.create_task(app.state.key_use.run(opened.db), name="the use of keys")
            yield
            noting.cancel()
            await asyncio.gather(noting, return_exceptions=True)
            await app.state.kpi_gauges.close()
            if app.state.issuer is not None:
                await app.state.issuer.close()

    app = build_app(lifespan=lifespan, settings=settings)
    app.state.disk = OwnDisk(data_dir)
    return app


@functools.cache
def _routes() -> RouteTable:
    """Return the table of all routes: once in a process, however many applications it has."""
    return RouteTable(ROUTES)


#: Default settings, independent of the environment.
DEFAULT_SETTINGS = Settings.model_construct()


def build_app(*, lifespan: object = None, settings: Settings = DEFAULT_SETTINGS) -> FastAPI:
    """Return the application with routes and middleware; without a lifespan it can only describe its
    contract.
    """
    app = FastAPI(
        title="Ledgerdesk",
        summary=SUMMARY,
        version=VERSION,
        openapi_url=None,  # pages.py serves the document that the build has made
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,  # type: ignore[arg-type]  # one of ours, or None
    )
    routes = _routes()
    app.router.routes.extend(ROUTES)
    problems.add_to(app)
    app.add_exception_handler(CannotAnswer, kpis.cannot_answer)
    app.add_exception_handler(CallRefused, desk.call_refused)
    app.add_exception_handler(SignInNeeded, desk.sign_in_needed)
    app.state.kpi_gauges = KpiGauges()
    app.state.kpi_overviews = SharedOverviews()
    app.state.areas = AREAS
    app.state.adapter_titles = adapter_titles
    app.state.metrics = Metrics(app.version, app.state.kpi_gauges, has_replica=settings.read_url is not None)
    # The middleware added last is the outermost.
    app.state.key_use = KeyUse()
    app.state.webhook_quotas = WebhookQuotas(settings.webhook_rate_limit, settings.wrong_keys)
    app.state.rating_quota = rating_page.quota()
    app.state.survey_quota = answer_page.quota()
    app.state.readiness = Readiness()
    #: Why the application could not start; the server only knows that it did not.
    app.state.start_failure = None
    app.state.disk = OwnDisk(None)
    app.state.assistants = None
    app.state.issuer = None if settings.oidc_issuer is None else IdentityProvider(settings)
    app.state.code_flow = None
    if app.state.issuer is not None and settings.oidc_client_id is not None:
        app.state.code_flow = CodeFlow(settings, app.state.issuer)
    app.add_middleware(AuthMiddleware, settings=settings, use=app.state.key_use, issuer=app.state.issuer)
    app.add_middleware(
        BodyLimitMiddleware, body_limit=settings.body_limit, upload_limit=settings.upload_limit
    )
    app.add_middleware(ErrorMiddleware)
    if settings.read_url is not None:
        app.add_middleware(WrittenPosition)
    app.add_middleware(scim.ScimErrors)
    if settings.trusted_origins:
        app.add_middleware(Cors, origins=settings.trusted_origins)
    app.add_middleware(RequestContextMiddleware, metrics=app.state.metrics)
    app.router.middleware_stack = RouteIndex(app.router, routes)
    app.openapi = functools.cache(lambda: openapi.document(app, live.STREAMED))  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app
