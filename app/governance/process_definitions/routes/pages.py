"""Routes of what is printed of definitions of processes: the page of one of them, and its flow."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from starlette.responses import Response

from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.page_language import PageLanguageQuery, chosen_language
from app.api.pages.page_headers import HEADERS
from app.api.records.reads import Name, load_visible, renderer_of
from app.foundation.process_definitions.expected_paths import SHIPPED_PATHS, ExpectedPath
from app.foundation.process_definitions.lookups import path_steps, published_definitions
from app.foundation.process_definitions.records import ProcessDefinition
from app.governance.process_definitions import bpmn
from app.governance.process_definitions.definition_page import PrintedDefinition, page_of
from app.governance.process_definitions.flow import definition_as_bpmn
from app.governance.process_definitions.map import mapped
from app.governance.process_definitions.queries import LISTING
from app.kernel.actions.lifecycle import Lifecycle

router = Router(prefix="/v1/process_definitions", tags=["processes"], route_class=DirectRoute)
HTML = "text/html"
PAGE: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {HTML: {"schema": {"type": "string"}}}}
}
DRAWN: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {bpmn.MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


@router.endpoint("/{id}/page", "Print a process definition", refused=(404, 422), responses=PAGE)
async def print_process_definition(
    request: Request, name: Name, query: Annotated[PageLanguageQuery, Query()]
) -> Response:
    """Return a definition as a page to print: its contents, the path of its cases, their lifecycle, and the
    surrounding part of the process map.
    """
    renderer = renderer_of(request, LISTING)
    renderer.language, renderer.is_past = (
        chosen_language(request, query.lang),
        True,
    )  # a page offers no actions
    loaded = await load_visible(renderer, name)
    definition, ledger = loaded.record, renderer.ledger
    lifecycle = ledger.lifecycles.get(str(definition.process))
    # People who see a definition only as its owner do not see those of others.
    definitions = await published_definitions(ledger.db.rows) if renderer.caller.is_staff else []
    printed = PrintedDefinition(
        record=definition,
        definition=await renderer.render_one(definition, loaded.audience),
        path=_path_of(definition),
        lifecycle=lifecycle if isinstance(lifecycle, Lifecycle) else None,
        places=mapped(definitions),
        role_labels=ledger.role_labels,
        zone=ZoneInfo(ledger.settings.time_zone),
    )
    headers = {**HEADERS, **VARY, "Content-Language": renderer.language}
    return Response(page_of(printed, renderer.language), headers=headers, media_type=HTML)


@router.endpoint("/{id}/bpmn", "Draw a process definition", refused=(404, 422), responses=DRAWN)
async def draw_process_definition(
    request: Request, name: Name, query: Annotated[PageLanguageQuery, Query()]
) -> Response:
    """Return the activities of a definition as BPMN 2.0: their order, roles, inputs and outputs."""
    renderer = renderer_of(request, LISTING)
    language = chosen_language(request, query.lang)
    loaded = await load_visible(renderer, name)
    content = definition_as_bpmn(loaded.record, renderer.ledger.role_labels, language)
    headers = {**VARY, "Content-Language": language}
    return Response(content, headers=headers, media_type=bpmn.MEDIA_TYPE)


def _path_of(definition: ProcessDefinition) -> ExpectedPath | None:
    """Return the path that this edition expects of cases, or the shipped one."""
    process = str(definition.process)
    if not definition.expected_path:
        return SHIPPED_PATHS.get(process)
    return ExpectedPath(process, path_steps(definition.expected_path), str(definition.number))
