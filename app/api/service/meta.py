"""The service itself: its liveness, readiness, metrics and description."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.contract.problems import RETRY_SECONDS
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings.list_queries import LARGEST_PAGE
from app.api.listings.page_responses import VARY
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
    """The answer of a process that is running."""

    alive: bool = Field(description="Always true: a process that does not run does not answer.")


class Ready(OutputModel):
    """The readiness of the service, and what it lacks."""

    ready: bool = Field(description="True if the service can work.")
    missing: list[str] = Field(
        description="Codes of what the service lacks: `database` (does not answer), `schema` (missing, "
        "or older than this program needs), `writes` (the database is read-only or its "
        "disk is full), `writer` (this process no longer accepts commands)."
    )


class StateOut(OutputModel):
    """A state that a record can be in."""

    state: str = Field(description="Code of the state.")
    label: str = Field(description="Label of the state, in the requested language.")


class ActionOut(OutputModel):
    """An action of a lifecycle, for all roles."""

    action: str = Field(description="Name of the action in its address.")
    label: str = Field(description="Label of the action, in the requested language.")
    event: str = Field(description="Type of the event that the action records.")
    events: list[str] = Field(
        description="Types of all events that the action can record, depending on its outcome."
    )
    sources: list[str] = Field(
        description="States in which the action is possible; empty for the action that creates the record."
    )
    target: str = Field(
        description="State to which the action leads; `stays` if it does not change the state, `where "
        "it was` for the state before a hold."
    )
    href: str = Field(description="Address to send the action to, with `{id}` for the record.")
    method: str = Field(description="HTTP method of the action.")
    body_schema: str = Field(
        serialization_alias="schema", description="Name of the schema of the action's body in the contract."
    )


class LifecycleOut(OutputModel):
    """A kind of record, with its states and actions."""

    kind: str = Field(description="Kind of the records, such as `incident`.")
    path: str = Field(description="Path of the records of this kind.")
    label: str = Field(description="Label of the kind, in the requested language.")
    states: list[StateOut] = Field(description="States of the lifecycle.")
    actions: list[ActionOut] = Field(description="Actions of the lifecycle.")


class EventTypeOut(OutputModel):
    """A type of event that no action records."""

    event: str = Field(description="Type of the event, as in `type` of events.")
    label: str = Field(description="Label in the history of a ticket, in the requested language.")


class RoleOut(OutputModel):
    """A role that persons can have."""

    role: Role
    label: str = Field(description="Label of the role in this organisation, in the requested language.")


class LimitsOut(OutputModel):
    """The limits of requests and answers."""

    body_bytes: int = Field(description="Largest size of a request body, in bytes.")
    page_size: int = Field(description="Largest number of entries on a page of a list.")
    requests: int = Field(
        description="Number of requests of one key that a process accepts in `request_seconds`."
    )
    request_seconds: int = Field(description="Number of seconds in which `requests` are counted.")


class Meta(OutputModel):
    """This installation: its version, limits, roles and lifecycles, and the settings that clients need."""

    version: str = Field(description="Version of the program.")
    position: int = Field(description="Position of the newest event in the log.")
    time_zone: str = Field(
        description="Time zone of the organisation, in which periods of figures begin and end."
    )
    currency: str = Field(description="Currency of the organisation (ISO 4217), in which costs are reported.")
    languages: list[str] = Field(description="Languages that Accept-Language can request.")
    limits: LimitsOut
    roles: list[RoleOut] = Field(description="Roles that persons can have.")
    lifecycles: list[LifecycleOut] = Field(description="Lifecycles of all kinds of records.")
    clock_events: list[EventTypeOut] = Field(
        description="Types of the events of service level clocks, which appear among the events of "
        "their tickets."
    )


@router.get("/livez", summary="Get the liveness")
async def get_liveness() -> Alive:
    """Return an answer if the process is running."""
    return Alive(alive=True)


@router.get(
    "/readyz",
    summary="Get the readiness",
    response_model=Ready,
    responses={
        503: {
            "model": Ready,
            "description": "Not ready; `missing` lists what is lacking.",
            "headers": {"Retry-After": {}},
        }
    },
)
async def get_readiness(request: Request) -> Response:
    """Return the readiness of the service, after writing a row to test it."""
    readiness: Readiness = request.app.state.readiness
    missing = await readiness.missing(ledger_of(request))
    body = to_json({"ready": not missing, "missing": missing})
    headers = {"Retry-After": str(RETRY_SECONDS)} if missing else None
    return Response(body, 503 if missing else 200, headers, "application/json")


@router.get("/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Return this process's metrics for Prometheus, with the KPIs that the caller may see."""
    ledger = ledger_of(request)
    # With open metrics no key is required, so there is no caller who could be allowed to see a KPI.
    caller = None if ledger.settings.open_metrics else caller_of(request)
    if caller is not None and not caller.role_codes & MAY_SCRAPE.roles:
        raise ledger.forbidden(MAY_SCRAPE, language_for(request))
    registry: metrics.Metrics = request.app.state.metrics
    return Response(await registry.text(ledger, caller, utc_now()), media_type=metrics.MEDIA_TYPE)


@router.endpoint("/v1/meta", "Get the installation", Meta, responses=in_language())
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
    headers = {"Content-Language": language, **VARY}
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
