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

from app.api import bulk, feed, me, meta, openapi, pages, problem_pages, problems, uploads
from app.api.auth import AuthMiddleware
from app.api.cors import Cors
from app.api.direct import be_strict
from app.api.issuer import IdentityProvider
from app.api.key_use import KeyUse
from app.api.metrics import Metrics
from app.api.middleware import BodyLimitMiddleware, ErrorMiddleware, RequestContextMiddleware
from app.api.own_disk import OwnDisk
from app.api.readiness import Readiness
from app.api.route_index import RouteIndex, RouteTable
from app.api.static_files import preload
from app.dashboard import page as dashboard
from app.exchange import router as imports
from app.exchange.jobs import router as bulk_jobs
from app.foundation.assignment import queries as assignment_queries
from app.foundation.assignment import router as assignment_rules
from app.foundation.calendars import queries as calendar_queries
from app.foundation.calendars import router as calendars
from app.foundation.categories import queries as category_queries
from app.foundation.categories import router as categories
from app.foundation.checklists import queries as checklist_queries
from app.foundation.checklists import router as checklists
from app.foundation.cis import queries as ci_queries
from app.foundation.cis import router as cis
from app.foundation.costs import router as costs
from app.foundation.custom import queries as custom_queries
from app.foundation.custom import router as custom_fields
from app.foundation.decisions import queries as decision_queries
from app.foundation.decisions import router as approvals
from app.foundation.escalation import queries as escalation_queries
from app.foundation.escalation import router as escalation_rules
from app.foundation.people import queries as people_queries
from app.foundation.people import router as people
from app.foundation.people.preferences import router as preferences
from app.foundation.priorities import queries as priority_queries
from app.foundation.priorities import router as priorities
from app.foundation.rota import queries as rota_queries
from app.foundation.rota import router as rota
from app.foundation.services import queries as catalogue_queries
from app.foundation.services import router as catalogue
from app.foundation.views.router import router_of as views_of
from app.html.templates import compile_templates
from app.kernel import ledger
from app.kpis import router as kpis
from app.kpis.budgets import router as kpi_budgets
from app.kpis.drawing import router as kpi_charts
from app.kpis.effects import router as effects
from app.kpis.gauges import KpiGauges
from app.kpis.questions.question import CannotAnswer
from app.kpis.rebases import router as kpi_rebases
from app.kpis.reconciliations import router as reconciliations
from app.kpis.signals import router as kpi_signals
from app.kpis.targets import router as kpi_targets
from app.meetings import queries as meeting_queries
from app.meetings import router as meetings
from app.notifications import router as notices
from app.notifications.routes.record_notices import record_notices_router
from app.processes.articles import queries as article_queries
from app.processes.articles import router as articles
from app.processes.changes import planning_queries as change_planning_queries
from app.processes.changes import planning_router as change_planning
from app.processes.changes import queries as change_queries
from app.processes.changes import router as changes
from app.processes.changes.calendar import router as change_calendar
from app.processes.deployments import queries as deployment_queries
from app.processes.deployments import router as deployments
from app.processes.improvement_assessments import queries as improvement_assessment_queries
from app.processes.improvement_assessments import router as improvement_assessments
from app.processes.improvement_plans import queries as improvement_plan_queries
from app.processes.improvement_plans import router as improvement_plans
from app.processes.improvement_suggestions import queries as improvement_suggestion_queries
from app.processes.improvement_suggestions import router as improvement_suggestions
from app.processes.improvements import queries as improvement_queries
from app.processes.improvements import router as improvements
from app.processes.incidents import queries as incident_queries
from app.processes.incidents import router as incidents
from app.processes.incidents.monitoring import router as monitoring
from app.processes.problems import queries as problem_queries
from app.processes.problems import router as problem_records
from app.processes.releases import queries as release_queries
from app.processes.releases import router as releases
from app.processes.requests import queries as request_queries
from app.processes.requests import router as requests
from app.processes.trainings import queries as training_queries
from app.processes.trainings import router as trainings
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from app.service_levels.agreements import queries as agreement_queries
from app.service_levels.agreements import router as agreements
from app.service_levels.clocks.answers import routes as clocks
from app.service_levels.plans import queries as service_level_plan_queries
from app.service_levels.plans import router as service_level_plans
from app.service_reports import router as service_reports
from app.service_status import router as service_statuses
from app.settings import Settings
from app.ticketing.routes import complaints, decisions, rating_page, team_work, work
from app.webhooks import router as webhooks
from app.webhooks.sources import queries as webhook_queries

#: The lists that saved views exist for.
LISTINGS = (
    request_queries.LISTING,
    incident_queries.LISTING,
    article_queries.LISTING,
    release_queries.LISTING,
    release_queries.STAGE_SETS,
    deployment_queries.LISTING,
    meeting_queries.LISTING,
    problem_queries.LISTING,
    problem_queries.CANDIDATES,
    change_queries.LISTING,
    change_planning_queries.TEMPLATES,
    change_planning_queries.RISK_QUESTIONNAIRES,
    change_planning_queries.FREEZES,
    agreement_queries.LISTING,
    service_level_plan_queries.LISTING,
    improvement_plan_queries.LISTING,
    improvement_suggestion_queries.LISTING,
    improvement_assessment_queries.LISTING,
    improvement_queries.LISTING,
    training_queries.LISTING,
    people_queries.PERSONS,
    people_queries.TEAMS,
    people_queries.GROUPS,
    people_queries.KEYS,
    rota_queries.SHIFTS,
    rota_queries.STAND_INS,
    assignment_queries.ASSIGNMENT_RULES,
    decision_queries.APPROVAL_RULES,
    decision_queries.DEPUTIES,
    escalation_queries.ESCALATION_RULES,
    custom_queries.CUSTOM_FIELDS,
    ci_queries.CIS,
    category_queries.CATEGORIES,
    priority_queries.PRIORITY_MATRICES,
    catalogue_queries.SERVICES,
    catalogue_queries.CATALOGUE_ITEMS,
    checklist_queries.CHECKLISTS,
    calendar_queries.CALENDARS,
    ci_queries.BASELINES,
    ci_queries.VERIFICATIONS,
    webhook_queries.WEBHOOK_SOURCES,
)
ROUTERS = (
    requests.router,
    incidents.router,
    monitoring.router,
    bulk.router_of(LIFECYCLES),
    articles.router,
    articles.suggestions,
    releases.router,
    releases.stage_sets,
    deployments.router,
    problem_records.router,
    problem_records.candidates,
    problem_records.known_errors,
    change_calendar.router,  # before that of one change, which would take `calendar` for its name
    changes.router,
    change_planning.change_templates,
    change_planning.risk_questionnaires,
    change_planning.freezes,
    changes.suspected_changes,
    agreements.router,
    clocks.router,
    clocks.open_clocks,
    service_reports.router,
    service_level_plans.router,
    improvement_plans.router,
    improvement_suggestions.router,
    improvement_assessments.router,
    improvements.router,
    trainings.router,
    meetings.router,
    kpis.router,
    kpi_targets.router,
    kpi_budgets.router,
    reconciliations.router,
    effects.router,
    kpi_signals.router,
    kpi_charts.router,
    kpi_rebases.router,
    people.router,
    views_of(LISTINGS),
    rota.router,
    assignment_rules.router,
    escalation_rules.router,
    checklists.router,
    costs.router,
    custom_fields.router,
    cis.router,
    categories.router,
    service_statuses.router,  # before the catalogue, of which a route would take `status` for a name
    catalogue.router,
    calendars.router,
    cis.baselines_router,
    cis.verifications_router,
    priorities.router,
    notices.router,
    record_notices_router(LIFECYCLES),
    webhooks.router,
    imports.router,
    bulk_jobs.router,
    feed.router,
    preferences.router,
    me.router,
    work.router,
    complaints.router,
    decisions.router,
    approvals.rules_router,
    approvals.deputies_router,
    team_work.router,
    rating_page.router,
    uploads.router,
    meta.router,
    problem_pages.router,
    pages.router,
    dashboard.router,
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
        preload((*pages.PRELOADED, *dashboard.PRELOADED))
        compile_templates()
        async with ledger.open_ledger(url, secrets_dir, LIFECYCLES_BY_KIND, settings, patient=True) as opened:
            app.state.ledger = opened
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
    """Return the routes of all routers, made strict: once in a process, however many applications it has."""
    be_strict(ROUTES)
    return RouteTable(ROUTES)


#: Default settings, whatever the environment says.
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
        lifespan=lifespan,  # type: ignore[arg-type]  # one of ours, or none
    )
    routes = _routes()
    app.router.routes.extend(ROUTES)
    problems.add_to(app)
    app.add_exception_handler(CannotAnswer, kpis.cannot_answer)
    app.state.kpi_gauges = KpiGauges()
    app.state.metrics = Metrics(app.version, app.state.kpi_gauges)
    # The middleware added last is the outermost.
    app.state.key_use = KeyUse()
    app.state.webhook_quotas = webhooks.WebhookQuotas(settings.webhook_rate_limit, settings.wrong_keys)
    app.state.rating_quota = rating_page.quota()
    app.state.readiness = Readiness()
    app.state.disk = OwnDisk(None)
    app.state.issuer = None if settings.oidc_issuer is None else IdentityProvider(settings)
    app.add_middleware(AuthMiddleware, settings=settings, use=app.state.key_use, issuer=app.state.issuer)
    app.add_middleware(
        BodyLimitMiddleware, body_limit=settings.body_limit, upload_limit=settings.upload_limit
    )
    app.add_middleware(ErrorMiddleware)
    if settings.trusted_origins:
        app.add_middleware(Cors, origins=settings.trusted_origins)
    app.add_middleware(RequestContextMiddleware, metrics=app.state.metrics)
    app.router.middleware_stack = RouteIndex(app.router, routes)
    app.openapi = functools.cache(lambda: openapi.document(app))  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app
