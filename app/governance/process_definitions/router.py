"""Routes of definitions of processes: `/v1/process_definitions`, and their map."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.contract.openapi import in_language, problems
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.page_language import PageLanguageQuery, chosen_language
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.edit import mount_edit
from app.api.records.reads import mount_reads, renderer_of
from app.api.records.shapes import OutputModel
from app.api.routes import Routes
from app.foundation.process_definitions.lookups import published_definitions, unmatched_names
from app.governance.process_definitions.lifecycle import LIFECYCLE
from app.governance.process_definitions.map import CORE_PERCENT, mapped
from app.governance.process_definitions.map_drawing import draw
from app.governance.process_definitions.queries import (
    CHILD_LISTINGS,
    LISTING,
    ProcessDefinitionOut,
    ProcessInterfaceOut,
)
from app.governance.process_definitions.routes import lifecycles, pages
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.refusals import Forbidden
from app.kpis.drawing.router import POLICY, SVG

router = Router(prefix="/v1/process_definitions", tags=["processes"], route_class=DirectRoute)
JSON = "application/json"
DRAWING: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {SVG: {"schema": {"type": "string"}}}}
}


class MappedProcessOut(OutputModel):
    """A process on the map."""

    number: str = Field(description="The number of its published definition.")
    process: str = Field(description="The process, by its name.")
    title: str = Field(description="The title of the process.")
    level: int = Field(description="The level, from 1 to 3.")
    parent: str | None = Field(description="The process that it is a part of; null: none.")
    depth: int = Field(description="Number of processes above it on the map.")
    score: float = Field(
        description="The mean of its shares of cost, growth, revenue and value, in per cent."
    )
    is_core: bool = Field(description="True if it is a core process, by its score.")
    interfaces: list[ProcessInterfaceOut] = Field(description="The processes that it hands over to.")


class ProcessMap(OutputModel):
    """The tree of processes, each behind its parent."""

    items: list[MappedProcessOut] = Field(description="The processes that have a published definition.")


class ProcessMapQuery(PageLanguageQuery):
    """The map that is asked for: how much of it is core, and its format."""

    core_percent: int = Field(
        CORE_PERCENT,
        ge=0,
        le=100,
        description="The share of the processes that is core at most, in per cent.",
    )
    form: Literal["json", "svg"] = Field("json", alias="format", description="The format.")


# Before the route of one definition, which would take `map` for its name.
@router.get(
    "/map",
    operation_id="get_process_map",
    summary="Get the map of processes",
    response_model=ProcessMap,
    responses=problems(403, 422) | DRAWING,
)
async def get_process_map(request: Request, query: Annotated[ProcessMapQuery, Query()]) -> Response:
    """Get the map of processes: the tree of those that are defined, which hand over to which, and which are
    core; with `format=svg` as a drawing. For staff.
    """
    renderer = renderer_of(request, LISTING)
    if not renderer.caller.is_staff:
        raise Forbidden({"who": staff.phrase(renderer.language, renderer.ledger.role_labels)})
    places = mapped(await published_definitions(renderer.ledger.db.rows), query.core_percent)
    language = chosen_language(request, query.lang)
    headers = {**VARY, "Content-Language": language}
    if query.form == "svg":
        return Response(draw(places, language), headers=headers | POLICY, media_type=SVG)
    items = [
        {
            **{name: getattr(place.definition, name) for name in ("number", "process", "title", "level")},
            "parent": place.parent,
            "depth": place.depth,
            "score": place.score,
            "is_core": place.is_core,
            "interfaces": list(place.interfaces),
        }
        for place in places
    ]
    return Response(to_json({"items": items}), headers=headers, media_type=JSON)


class UnmatchedNameOut(OutputModel):
    """A name of a process that no definition has."""

    name: str = Field(description="The name, as it was written.")
    uses: dict[str, int] = Field(description="Number of records that use it, by their kind.")
    near: list[str] = Field(description="Processes that are called almost so.")


class UnmatchedNames(OutputModel):
    """The names of processes in use that mean no process which is defined."""

    items: list[UnmatchedNameOut] = Field(description="The names, in their order.")


@router.get(
    "/unmatched_names",
    operation_id="list_unmatched_process_names",
    summary="List unmatched names of processes",
    response_model=UnmatchedNames,
    responses=problems(403),
)
async def list_unmatched_process_names(request: Request) -> Response:
    """List the names of processes in use that mean no process which is defined, with those that are written
    almost so. A definition takes them by `take_names`. For staff.
    """
    renderer = renderer_of(request, LISTING)
    if not renderer.caller.is_staff:
        raise Forbidden({"who": staff.phrase(renderer.language, renderer.ledger.role_labels)})
    names = await unmatched_names(renderer.ledger.db.rows)
    items = [
        {"name": unmatched.name, "uses": dict(unmatched.uses), "near": list(unmatched.near)}
        for unmatched in names
    ]
    return Response(to_json({"items": items}), headers=VARY, media_type="application/json")


mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ProcessDefinitionOut)
mount_edit(router, LIFECYCLE, ProcessDefinitionOut)
for _listing in CHILD_LISTINGS:
    mount_child_listing(router, LIFECYCLE, ProcessDefinitionOut, _listing)


ROUTES = Routes((lifecycles.router, router, pages.router), (LISTING,))
