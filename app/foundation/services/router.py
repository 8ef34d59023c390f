"""Routes of the catalogue: `/v1/services`, `/v1/catalogue_items`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings.page_responses import VARY
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.records.shapes import OutputModel
from app.api.requests.faults import Fault
from app.api.routes import Routes
from app.foundation.services import items, services
from app.foundation.services.answers import answer_errors
from app.foundation.services.queries import (
    CATALOGUE_ITEMS,
    SERVICES,
    CatalogueItemOut,
    ServiceOut,
    ServiceRenderer,
)
from app.i18n import translate
from app.kernel.actions.forms import Answers

router = Router(prefix="/v1", tags=["catalogue"])
mount_reads(router, SERVICES, prefix="/services")
mount_reads(router, CATALOGUE_ITEMS, prefix="/catalogue_items")
mount_actions(router, services.LIFECYCLE, ServiceOut, prefix="/services", renderer=ServiceRenderer)
mount_edit(router, services.LIFECYCLE, ServiceOut, prefix="/services", renderer=ServiceRenderer)
mount_actions(router, items.LIFECYCLE, CatalogueItemOut, prefix="/catalogue_items")
mount_edit(router, items.LIFECYCLE, CatalogueItemOut, prefix="/catalogue_items")


class CheckAnswers(BaseModel):
    """Answers to the form of an item."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    answers: Answers | None = Field(default=None, description="Answers as in a request.")


class CheckedAnswers(OutputModel):
    """The result of checking answers against the present form of the catalogue item."""

    fit: bool = Field(
        description="True if a request with these answers would be accepted, as far as the answers are "
        "concerned."
    )
    errors: list[Fault] = Field(description="Faults of the answers, in the order of the form: the first 50.")


@router.endpoint(
    "/catalogue_items/{id}/check",
    "Check answers to a form",
    CheckedAnswers,
    method="POST",
    refused=(404,),
    responses=in_language(),
)
async def check_catalogue_item_answers(
    request: Request, name: Name, body: Annotated[CheckAnswers, Body()]
) -> Response:
    """Check answers against the item's form, as a request would. Nothing is stored."""
    renderer = renderer_of(request, CATALOGUE_ITEMS)
    item = (await load_visible(renderer, name)).record
    language = renderer.language
    errors = [
        Fault(
            pointer=error.pointer,
            code=error.because,
            message=translate(language, "value", error.because, error.words),
        )
        for error in answer_errors(item, body.answers)
    ]
    headers = {**VARY, "Content-Language": language}
    checked = CheckedAnswers(fit=not errors, errors=errors)
    return Response(to_json(checked), headers=headers, media_type="application/json")


ROUTES = Routes(
    (router,),
    (
        SERVICES,
        CATALOGUE_ITEMS,
    ),
)
