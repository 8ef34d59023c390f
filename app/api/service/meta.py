"""The service itself: its liveness, readiness, metrics and description."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.contract.openapi import in_language, problems
from app.api.contract.problems import RETRY_SECONDS
from app.api.direct import Router
from app.api.listings.list_queries import LARGEST_PAGE
from app.api.open_actions import action_link
from app.api.records.shapes import OutputModel
from app.api.requests.accept import language_for
from app.api.service import metrics
from app.api.service.readiness import Readiness
from app.common.people import Role
from app.common.times.clocks import ClockEventType
from app.i18n import LANGUAGES
from app.kernel.actions.actor_policy import role
from app.kernel.actions.describe import source_states, target_state
from app.kernel.actions.lifecycle import Lifecycle
from app.log import read

router = Router(tags=["service"])
MAY_SCRAPE = role(Role.admin, Role.auditor, Role.integration)


class Alive(OutputModel):
    """The answer of a live process."""

    alive: bool


class Ready(OutputModel):
    """Whether the service can work, and what is missing if not."""

    ready: bool
    missing: list[str] = Field(
        description="Codes of everything that is missing: `database` (it does not answer), `schema` "
        "(older than this program needs, or none), `writes` (it takes none: it is read only, "
        "or its disk is full), `writer` (this process takes no more commands)."
    )


class StateOut(OutputModel):
    """A state that a record can be in."""

    state: str
    label: str = Field(description="Label, in the language asked for.")


class ActionOut(OutputModel):
    """An action of a lifecycle, whoever may carry it out."""

    action: str
    label: str = Field(description="Label, in the language asked for.")
    event: str = Field(description="The type of the event that it gives.")
    events: list[str] = Field(description="All that it can give, where that depends on what comes of it.")
    sources: list[str] = Field(description="The states that it is open in; none for the one from nothing.")
    target: str = Field(description="The state that it leads to; `stays`, or `where it was`.")
    href: str = Field(description="The address that it is sent to; `{id}` stands for the record.")
    method: str = Field(description="The method that it is sent by.")
    body_schema: str = Field(
        serialization_alias="schema", description="The name of its body's schema in the contract."
    )


class LifecycleOut(OutputModel):
    """A kind of record, with its states and actions."""

    kind: str
    path: str = Field(description="Path of its records.")
    label: str = Field(description="Label, in the language asked for.")
    states: list[StateOut]
    actions: list[ActionOut]


class EventTypeOut(OutputModel):
    """A type of event that no action gives."""

    event: str
    label: str = Field(description="Label in a ticket's history, in the language asked for.")


class RoleOut(OutputModel):
    """A role that persons hold."""

    role: Role
    label: str = Field(description="Label that the organisation gives it, in the language asked for.")


class LimitsOut(OutputModel):
    """The limits of requests and answers."""

    body_bytes: int = Field(description="The largest body of a request.")
    page_size: int = Field(description="The largest page of a list.")
    requests: int = Field(description="Requests of one key that a process takes in `request_seconds`.")
    request_seconds: int


class Meta(OutputModel):
    """This installation: version, settings that clients need, limits, roles and lifecycles."""

    version: str = Field(description="Version of the program.")
    position: int = Field(description="Position of the newest event in the log.")
    time_zone: str = Field(description="The organisation's, in which periods are cut.")
    currency: str = Field(description="The organisation's (ISO 4217), in which figures of cost are.")
    languages: list[str] = Field(description="Languages that Accept-Language can ask for.")
    limits: LimitsOut
    roles: list[RoleOut]
    lifecycles: list[LifecycleOut]
    clock_events: list[EventTypeOut] = Field(
        description="Types of events of the clocks of service levels; they stand among the events of "
        "their tickets."
    )


@router.get("/livez", operation_id="get_liveness", summary="Check the liveness")
async def get_liveness() -> Alive:
    """Return whether the process answers."""
    return Alive(alive=True)


@router.get(
    "/readyz",
    operation_id="get_readiness",
    summary="Check the readiness",
    response_model=Ready,
    responses={
        503: {
            "model": Ready,
            "description": "Not ready; `missing` says why.",
            "headers": {"Retry-After": {}},
        }
    },
)
async def get_readiness(request: Request) -> Response:
    """Return whether the service can work: it writes a row to find out."""
    readiness: Readiness = request.app.state.readiness
    missing = await readiness.missing(ledger_of(request))
    body = to_json({"ready": not missing, "missing": missing})
    headers = {"Retry-After": str(RETRY_SECONDS)} if missing else None
    return Response(body, 503 if missing else 200, headers, "application/json")


@router.get("/metrics", operation_id="get_metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Return this process's metrics for Prometheus, with the KPIs that the caller may see."""
    ledger = ledger_of(request)
    # Where it is open nobody is asked for a key, so nobody is known who may see a KPI.
    caller = None if ledger.settings.open_metrics else caller_of(request)
    if caller is not None and not caller.role_codes & MAY_SCRAPE.roles:
        raise ledger.forbidden(MAY_SCRAPE, language_for(request))
    registry: metrics.Metrics = request.app.state.metrics
    return Response(await registry.text(ledger, caller, utc_now()), media_type=metrics.MEDIA_TYPE)


@router.get(
    "/v1/meta",
    operation_id="get_meta",
    summary="Describe the installation",
    response_model=Meta,
    responses=in_language() | problems(),
)
async def get_meta(request: Request) -> Response:
    """Return the installation's version, the newest position of its log, its settings, limits, roles and
    lifecycles.
    """
    ledger, language = ledger_of(request), language_for(request)
    settings = ledger.settings
    meta = Meta(
        version=request.app.version,
        position=await read.head(ledger.db),
        time_zone=settings.time_zone,
        currency=settings.currency,
        languages=list(LANGUAGES),
        limits=LimitsOut(
            body_bytes=settings.body_limit,
            page_size=LARGEST_PAGE,
            requests=settings.rate_limit,
            request_seconds=settings.rate_seconds,
        ),
        roles=[RoleOut(role=role, label=ledger.role_labels.label(role, language)) for role in Role],
        lifecycles=[_lifecycle_out(lifecycle, language) for lifecycle in ledger.lifecycles.values()],
        clock_events=[
            EventTypeOut(event=event_type.value, label=event_type.label(language))
            for event_type in ClockEventType
        ],
    )
    headers = {"Content-Language": language, "Vary": "Authorization, Accept-Language"}
    return Response(to_json(meta), headers=headers, media_type="application/json")


def _lifecycle_out(lifecycle: Lifecycle[Any], language: str) -> LifecycleOut:
    return LifecycleOut(
        kind=lifecycle.kind,
        path=f"/v1/{lifecycle.plural}",
        label=lifecycle.label(language),
        states=[StateOut(state=state.value, label=state.label(language)) for state in lifecycle.states],
        actions=[
            ActionOut(
                action=row.name,
                label=row.label(language),
                event=row.event,
                events=list(row.events),
                sources=source_states(lifecycle, row),
                target=target_state(row),
                **action_link(lifecycle, row)._asdict(),
            )
            for row in lifecycle.rows
        ],
    )
