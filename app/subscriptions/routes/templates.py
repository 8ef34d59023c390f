"""Routes of templates: the text of one, and a preview of the request that an event would be sent by."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of
from app.api.direct import Router
from app.api.records.reads import Name
from app.foundation.people.fields import Locale
from app.kernel.actions.refusals import NotFound, WrongValue
from app.subscriptions.queries import SubscriptionPreviewOut, SubscriptionTemplateOut
from app.subscriptions.records import DeliveryFormat
from app.subscriptions.routes.access import managed_subscription
from app.subscriptions.routes.subscriptions import PREFIX, TemplateText
from app.subscriptions.secrets import TEMPLATE_PURPOSE, decrypt
from app.subscriptions.templates.parse import TemplateRefused, parse_template
from app.subscriptions.templates.preview import event_to_preview, preview_of

LARGEST_POSITION = 2**53 - 1

router = Router(prefix="/v1", tags=["subscriptions"])


class PreviewChoice(BaseModel):
    """The event and the template to preview."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    position: Annotated[int, Field(ge=1, le=LARGEST_POSITION, strict=True)] | None = Field(
        default=None,
        description="Position of the event in the log; null for the newest event that would be sent, or "
        "for a test event if there is none.",
    )
    template: TemplateText | None = Field(
        default=None, description="Template to try; null to use the subscription's template."
    )
    language: Locale | None = Field(
        default=None, description="Language of the labels; null to use the subscription's language."
    )


@router.endpoint(
    f"{PREFIX}/{{id}}/template", "Get a subscription's template", SubscriptionTemplateOut, refused=(404, 422)
)
async def get_subscription_template(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Return the template of a subscription, for callers who may change it. The template is null if not
    needed.
    """
    encrypted = (await managed_subscription(request, name)).sealed_template
    return _json({"template": None if encrypted is None else decrypt(ledger, TEMPLATE_PURPOSE, encrypted)})


@router.endpoint(
    f"{PREFIX}/{{id}}/preview",
    "Preview a subscription's request",
    SubscriptionPreviewOut,
    method="POST",
    refused=(404,),
)
async def preview_subscription(
    request: Request, ledger: RequestLedger, name: Name, body: PreviewChoice
) -> Response:
    """Preview the request that would deliver an event, without sending it. The secret, values made with it,
    and the address except for its origin are left out.
    """
    subscription, context = await managed_subscription(request, name), context_of(request)
    if subscription.format is DeliveryFormat.tool:
        raise WrongValue(pointer="", because="no_preview_of_tools")
    if subscription.format is not DeliveryFormat.template and body.template is not None:
        raise WrongValue(pointer="/template", because="template_of_format")
    template = body.template
    if template is None and subscription.sealed_template is not None:
        template = decrypt(ledger, TEMPLATE_PURPOSE, subscription.sealed_template)
    elif template is not None:
        try:
            parse_template(template)
        except TemplateRefused as error:
            raise WrongValue({"why": error.why}, pointer="/template", because="wrong_template") from error
    previewed = await event_to_preview(ledger, subscription, context.caller, body.position, context.now)
    if previewed is None:
        raise NotFound()
    language = body.language or subscription.language or "en"
    return _json(await preview_of(subscription, template or "", language, previewed, context.now))


def _json(content: Any) -> Response:
    return Response(to_json(content), media_type="application/json")
