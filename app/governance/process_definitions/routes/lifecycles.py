"""Routes of the lifecycles of the code, `/v1/process_definitions/lifecycles`: definitions of their own kind,
computed from their tables and never drawn a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import ledger_of
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.records.shapes import OutputModel
from app.api.requests.accept import negotiate
from app.governance.process_definitions import bpmn
from app.kernel.actions import describe
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import NotFound

router = Router(prefix="/v1/process_definitions", tags=["processes"], route_class=DirectRoute)
JSON, MARKDOWN, MERMAID = "application/json", "text/markdown", "text/vnd.mermaid"


#: The form of a lifecycle.
LifecycleFormat = Literal["json", "md", "mmd", "bpmn"]
MEDIA_TYPES: Mapping[LifecycleFormat, str] = MappingProxyType(
    {
        "json": JSON,
        "md": MARKDOWN,
        "mmd": MERMAID,
        "bpmn": bpmn.MEDIA_TYPE,
    }
)
WRITERS: Mapping[LifecycleFormat, Callable[[Lifecycle[Any]], str]] = MappingProxyType(
    {
        "md": describe.as_markdown,
        "mmd": describe.as_mermaid,
        "bpmn": bpmn.as_bpmn,
    }
)


class LifecycleStub(OutputModel):
    """A kind of record whose lifecycle is defined in the code."""

    kind: str = Field(description="Kind of the records.")
    plural: str = Field(description="Name of the records in addresses.")
    title_en: str = Field(description="Name of the kind in English.")
    title_zh: str = Field(description="Name of the kind in Chinese.")
    states: int = Field(description="Number of states.")
    steps: int = Field(description="Number of actions.")


class LifecycleList(OutputModel):
    """The lifecycles that are defined in the code."""

    items: list[LifecycleStub] = Field(description="One lifecycle for each kind of record, sorted by kind.")


class LifecycleStateOut(OutputModel):
    """A state of a lifecycle."""

    state: str = Field(description="Code of the state.")
    en: str = Field(description="Label of the state in English.")
    zh: str = Field(description="Label of the state in Chinese.")


class LifecycleStep(OutputModel):
    """An action of a lifecycle."""

    action: str = Field(description="Name of the action in its address.")
    en: str = Field(description="Label of the action in English.")
    zh: str = Field(description="Label of the action in Chinese.")
    summary: str = Field(description="Meaning of the action.")
    from_: list[str] = Field(
        serialization_alias="from",
        description="States in which the action is possible; empty for the action that creates the record.",
    )
    to: str = Field(description="State to which the action leads, or `stays`.")
    actors: str = Field(description="Roles and persons who may carry out the action.")
    fields: list[str] = Field(description="Fields of the action's payload.")
    needed: list[str] = Field(description="Required fields of the payload.")
    event: str = Field(description="Type of the usual event.")
    events: list[str] = Field(description="Types of all events that the action can record.")


class LifecycleDefinition(OutputModel):
    """A lifecycle as its table in the code defines it."""

    kind: str = Field(description="Kind of the records.")
    plural: str = Field(description="Name of the records in addresses.")
    states: list[LifecycleStateOut] = Field(description="States of the lifecycle.")
    actions: list[LifecycleStep] = Field(description="Actions of the lifecycle, in the order of the table.")


ALSO: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The lifecycle in the requested format.",
        "content": {
            media_type: {"schema": {"type": "string"}}
            for media_type in MEDIA_TYPES.values()
            if media_type != JSON
        },
    }
}


@router.endpoint("/lifecycles", "List lifecycles", LifecycleList)
async def list_lifecycles(request: Request) -> Response:
    """List the lifecycles of the code, each of which defines how records of a kind are handled."""
    items = [
        {
            "kind": lifecycle.kind,
            "plural": lifecycle.plural,
            "title_en": lifecycle.kind.replace("_", " ").capitalize(),
            "title_zh": lifecycle.zh,
            "states": len(lifecycle.states),
            "steps": len(lifecycle.rows),
        }
        for lifecycle in sorted(ledger_of(request).lifecycles.values(), key=lambda lifecycle: lifecycle.kind)
    ]
    return Response(to_json({"items": items}), headers=VARY, media_type=JSON)


@router.endpoint(
    "/lifecycles/{kind}", "Get a lifecycle", LifecycleDefinition, refused=(404, 422), responses=ALSO
)
async def get_lifecycle(
    request: Request,
    kind: Annotated[str, Path(max_length=100, description="Kind of the records, such as `incident`.")],
    form: Annotated[
        LifecycleFormat | None,
        Query(
            alias="format",
            description="Format of the answer: JSON, Markdown, a Mermaid diagram or BPMN 2.0; if left "
            "out, the header `Accept` decides.",
        ),
    ] = None,
) -> Response:
    """Return a lifecycle as JSON, as Markdown to read, as a drawing (Mermaid), or as BPMN 2.0 for other
    tools.
    """
    lifecycle = ledger_of(request).lifecycles.get(kind)
    if lifecycle is None:
        raise NotFound()
    chosen = form or _preferred(request)
    content = to_json(_as_data(lifecycle)) if chosen == "json" else WRITERS[chosen](lifecycle)
    return Response(content, headers=VARY, media_type=MEDIA_TYPES[chosen])


def _preferred(request: Request) -> LifecycleFormat:
    """Return the form that the client prefers by `Accept`."""
    media_type = negotiate(request.headers.get("accept"), tuple(MEDIA_TYPES.values()))
    return next((form for form, offered in MEDIA_TYPES.items() if offered == media_type), "json")


def _as_data(lifecycle: Lifecycle[Any]) -> dict[str, Any]:
    document = describe.as_data(lifecycle)
    for step, row in zip(document["actions"], lifecycle.rows, strict=True):
        fields = row.body.model_fields.items()
        step["actors"], step["fields"] = step.pop("who"), step.pop("given")
        step["needed"] = sorted(name for name, declared in fields if declared.is_required())
    return document
