"""Routes of definitions of processes: `/v1/process_definitions`, and their map."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.contract.responses import in_language
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
from app.kpis.drawing.router import POLICY, SVG

router = Router(prefix="/v1/process_definitions", tags=["processes"], route_class=DirectRoute)
JSON = "application/json"
DRAWING: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {SVG: {"schema": {"type": "string"}}}}
}


class MappedProcessOut(OutputModel):
    """A process on the map."""

    number: str = Field(description="Number of the published definition.")
    process: str = Field(description="Name of the process.")
    title: str = Field(description="Title of the process.")
    level: int = Field(description="Level of the process, from 1 to 3.")
    parent: str | None = Field(description="Process of which this one is a part; null if it is part of none.")
    depth: int = Field(description="Number of processes above this one on the map.")
    score: float = Field(description="Mean of the shares of cost, growth, revenue and value, in per cent.")
    is_core: bool = Field(description="True if the process is a core process by its score.")
    interfaces: list[ProcessInterfaceOut] = Field(description="Processes to which cases are handed over.")


class ProcessMap(OutputModel):
    """The tree of processes, each after its parent."""

    items: list[MappedProcessOut] = Field(description="Processes with a published definition.")


class ProcessMapQuery(PageLanguageQuery):
    """The map that is asked for: how much of it is core, and its format."""

    core_percent: int = Field(
        CORE_PERCENT,
        ge=0,
        le=100,
        description="Largest share of the processes that may be core processes, in per cent.",
    )
    form: Literal["json", "svg"] = Field("json", alias="format", description="Format of the answer.")


# Before the route of one definition, which would take `map` for its name.
@router.endpoint("/map", "Get the process map", ProcessMap, refused=(422,), responses=DRAWING)
async def get_process_map(request: Request, query: Annotated[ProcessMapQuery, Query()]) -> Response:
    """Return the tree of defined processes, with their handovers and the core processes; as a drawing with
    `format=svg`. For staff.
    """
    renderer = renderer_of(request, LISTING)
    renderer.require_staff()
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
    """A process name in use that no definition has."""

    name: str = Field(description="Name, as it was written.")
    uses: dict[str, int] = Field(description="Number of records that use the name, by kind.")
    near: list[str] = Field(description="Processes with similar names.")


class UnmatchedNames(OutputModel):
    """The process names in use that no definition has."""

    items: list[UnmatchedNameOut] = Field(description="Names in alphabetical order.")


@router.endpoint("/unmatched_names", "List unmatched process names", UnmatchedNames)
async def list_unmatched_process_names(request: Request) -> Response:
    """List the process names in use that no definition has, each with similar names. A definition can take
    them over with `take_names`. For staff.
    """
    renderer = renderer_of(request, LISTING)
    renderer.require_staff()
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
