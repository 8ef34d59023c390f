"""Permission of deployments, for pipelines that ask before they deploy."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.filters import CommaSeparated
from app.api.records.reads import load_visible
from app.api.records.shapes import OutputModel, Renderer
from app.common.people import Role
from app.foundation.environments import PRODUCTION
from app.foundation.services.lookups import service_key
from app.kernel.access.reads import load
from app.kernel.actions.actor_policy import integration, staff
from app.kernel.actions.payloads import LONGEST_KEY, LONGEST_LIST, Instant
from app.kernel.actions.refusals import Forbidden, WrongValue
from app.kernel.visible_records import is_visible
from app.log.canonical import instant
from app.ticketing.going_out_lookups import (
    GoingOutObstacle,
    GoingOutTime,
    Obstacle,
    obstacles_of_deployment,
    obstacles_of_release,
)

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]


class PermissionQuery(BaseModel):
    """The deployment whose permission is asked for: its service or release, environment and time."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    service: Name | None = Field(
        default=None, description="Key of the service; required without `release`.", examples=["mail"]
    )
    release: Name | None = Field(
        default=None, description="Release whose service and changes are deployed: its id or number."
    )
    changes: Annotated[list[Name] | None, CommaSeparated] = Field(
        default=None,
        max_length=LONGEST_LIST,
        description="Changes in the deployment: ids or numbers.",
        examples=[["CHG-2026-000123"]],
    )
    environment: Name = Field(
        default=PRODUCTION,
        description="Environment of the deployment; all except `production` are always permitted.",
    )
    at: Instant | None = Field(default=None, description="Time of the deployment; if left out, now.")


async def deployment_permission(renderer: Renderer, query: PermissionQuery, now: datetime) -> dict[str, Any]:
    """Return the answer DeploymentPermission. Raises Forbidden for callers who are neither staff nor a tool,
    WrongValue if neither service nor release is named, NotFound for a release that the caller may not see.
    """
    caller, time = renderer.caller, query.at or now
    if not (caller.is_staff or Role.integration in caller.role_codes):
        callers = (staff | integration).phrase(renderer.language, renderer.ledger.role_labels)
        raise Forbidden({"who": callers})
    if query.service is None and query.release is None:
        raise WrongValue(parameter="service", because="missing")
    release = None if query.release is None else await _release(renderer, query.release)
    service = None if release is None else release.service
    if query.service is not None:
        service = await service_key(renderer.ledger.db.rows, query.service)
    changes, obstacles = await _changes(renderer, query.changes or ())
    if release is not None:
        changes += release.change_ids or ()
    obstacles += obstacles_of_release(query.environment, release)
    obstacles += await obstacles_of_deployment(
        renderer.ledger.db.rows,
        query.environment,
        service,
        changes,
        GoingOutTime(time, time),
    )
    return {
        "permitted": not obstacles,
        "at": instant(time),
        "reasons": [_reason(obstacle, renderer.language) for obstacle in obstacles],
    }


async def _release(renderer: Renderer, name: str) -> Any:
    ledger = renderer.ledger
    releases = Renderer(ledger, ledger.lifecycles["release"], OutputModel, renderer.caller, renderer.language)
    return (await load_visible(releases, name)).record


async def _changes(renderer: Renderer, names: list[str] | tuple[()]) -> tuple[list[str], list[Obstacle]]:
    """Return the ids of the changes of these names, and an obstacle for each name without a change. A
    pipeline may name changes that it does not see, staff only those that they see.
    """
    ledger, caller = renderer.ledger, renderer.caller
    lifecycle = ledger.lifecycles["change"]
    ids: list[str] = []
    unknown: list[Obstacle] = []
    for name in dict.fromkeys(names):
        loaded = await load(ledger.db, lifecycle, name)
        is_tool = Role.integration in caller.role_codes
        if loaded is None or not (is_tool or is_visible(ledger, lifecycle, caller, list(loaded.audience))):
            unknown.append(Obstacle(GoingOutObstacle.unknown_change, name))
        else:
            ids.append(str(loaded.record.id))
    return ids, unknown


def _reason(obstacle: Obstacle, language: str) -> dict[str, Any]:
    return {
        "code": obstacle.because.value,
        "message": obstacle.because.label(language),
        "change": obstacle.change,
        "state": obstacle.state,
        "freeze": obstacle.freeze,
        "release": obstacle.release,
        "from_at": None if obstacle.from_at is None else instant(obstacle.from_at),
        "until_at": None if obstacle.until_at is None else instant(obstacle.until_at),
    }
