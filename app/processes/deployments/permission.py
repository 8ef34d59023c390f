"""Whether a deployment may go out, for pipelines that ask before they deploy."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.filters import CommaSeparated
from app.api.records.reads import load_visible
from app.api.records.shapes import OutputModel, Renderer
from app.common.people import Role
from app.kernel.access.reads import load
from app.kernel.actions.actor_policy import integration, staff
from app.kernel.actions.payloads import LONGEST_KEY, LONGEST_LIST, Instant
from app.kernel.actions.refusals import Forbidden, WrongValue
from app.kernel.commands.references import is_visible
from app.log.canonical import instant
from app.ticketing.going_out_lookups import PRODUCTION, GoingOutObstacle, Obstacle, obstacles_of_deployment

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]


class PermissionQuery(BaseModel):
    """What would be deployed, where and when."""

    model_config = ConfigDict(extra="forbid")

    service: Name | None = Field(
        default=None, description="The key of the service; that or `release` is given.", examples=["mail"]
    )
    release: Name | None = Field(
        default=None, description="The release: its id or number. Its service and changes are asked for."
    )
    changes: Annotated[list[Name] | None, CommaSeparated] = Field(
        default=None,
        max_length=LONGEST_LIST,
        description="The changes in it: ids or numbers.",
        examples=[["CHG-2026-000123"]],
    )
    environment: Name = Field(
        default=PRODUCTION, description="Where: all that is not `production` is permitted."
    )
    at: Instant | None = Field(default=None, description="When, if not now.")


async def deployment_permission(renderer: Renderer, query: PermissionQuery, now: datetime) -> dict[str, Any]:
    """Return whether what is asked for may go out, with the reasons why not. Raises Forbidden for whoever is
    neither staff nor a tool, WrongValue if neither service nor release is named, NotFound for a release that
    the caller does not see.
    """
    caller, at = renderer.caller, query.at or now
    if not (caller.is_staff or Role.integration in caller.role_codes):
        who = (staff | integration).phrase(renderer.language, renderer.ledger.role_labels)
        raise Forbidden({"who": who})
    if query.service is None and query.release is None:
        raise WrongValue(parameter="service", because="missing")
    release = None if query.release is None else await _release(renderer, query.release)
    service = query.service or (None if release is None else release.service)
    changes, found = await _changes(renderer, query.changes or ())
    if release is not None:
        changes += release.change_ids or ()
    found += await obstacles_of_deployment(renderer.ledger.db.rows, query.environment, service, changes, at)
    return {
        "permitted": not found,
        "at": instant(at),
        "reasons": [_reason(one, renderer.language) for one in found],
    }


async def _release(renderer: Renderer, name: str) -> Any:
    ledger = renderer.ledger
    shown = Renderer(ledger, ledger.lifecycles["release"], OutputModel, renderer.caller, renderer.language)
    return (await load_visible(shown, name)).record


async def _changes(renderer: Renderer, names: list[str] | tuple[()]) -> tuple[list[str], list[Obstacle]]:
    """Return the ids of the changes of these names, and what says that there is none of a name. A pipeline
    names changes that it does not see; staff only those that they see.
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


def _reason(found: Obstacle, language: str) -> dict[str, Any]:
    return {
        "code": found.because.value,
        "message": found.because.label(language),
        "change": found.change,
        "state": found.state,
        "freeze": found.freeze,
        "from_at": None if found.from_at is None else instant(found.from_at),
        "until_at": None if found.until_at is None else instant(found.until_at),
    }
