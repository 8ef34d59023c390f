"""Messages by a template of the subscription's own, to whatever takes a request."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic_core import from_json

from app.api.requests.json_output import dump_json
from app.platform.outward import LONGEST_URL, OutwardClient
from app.subscriptions.formats.chat import VENDOR_CODE, text_of
from app.subscriptions.formats.message import (
    USER_AGENT,
    Delivered,
    DeliveryTarget,
    EventMessage,
    MessageFormat,
    OutgoingRequest,
    SubscriptionTarget,
)
from app.subscriptions.secrets import TEMPLATE_PURPOSE, decrypt
from app.subscriptions.templates.bounded_renderer import BoundedRenderer
from app.subscriptions.templates.render import FAILED, RenderedRequest, TemplateFailed

#: Renderer of this process; it starts only when a subscription has a template.
RENDERER: Final = BoundedRenderer()


class TemplateFormat(MessageFormat):
    """Requests that a template makes of events."""

    async def deliver(
        self, client: OutwardClient, target: SubscriptionTarget, message: EventMessage, now: datetime
    ) -> Delivered | None:
        """Deliver the message according to the template. Raises TemplateFailed, RequestFailed,
        UnusableAddress.
        """
        subscription = target.subscription
        template = decrypt(target.ledger, TEMPLATE_PURPOSE, subscription.sealed_template or "")
        rendered = await RENDERER.render(subscription.id, template, values_of(target, message))
        request = request_of(target, rendered)
        headers = {"user-agent": USER_AGENT} | dict(request.headers)
        answer = await client.request(request.method, request.url, headers, request.body)
        code, detail = self.failure(answer), None
        if code is None:
            try:
                if not await RENDERER.is_success(subscription.id, template, answer.status, answer.body):
                    code = VENDOR_CODE
            except TemplateFailed as failed:
                code, detail = failed.code, failed.key or None
        return Delivered(answer, len(request.body), code, detail=detail)


def values_of(target: DeliveryTarget, message: EventMessage) -> dict[str, Any]:
    """Return the values of the variables that a template sees."""
    subject = message.subject
    content: Mapping[str, Any] = from_json(dump_json(message.content))
    return {
        "message": {
            "id": message.id,
            "type": message.type,
            "occurred_at": message.occurred_at,
            "language": target.language,
            "sentence": text_of(message, target.language),
            "number": None if subject is None else subject.number,
            "title": None if subject is None else subject.title,
            "url": None if subject is None else subject.url,
            "label": message.type if subject is None else subject.label(target.language),
        },
        "event": content["event"],
        "names": content["names"],
        "record": content["record"],
        "secret": target.secrets[0],
    }


def request_of(target: DeliveryTarget, rendered: RenderedRequest) -> OutgoingRequest:
    """Return the request to that target. Raises TemplateFailed."""
    url = target.url
    if rendered.query:
        url += ("&" if "?" in url else "?") + rendered.query
    if len(url) > LONGEST_URL:
        raise TemplateFailed(
            FAILED, "query", f"the address with the query is longer than {LONGEST_URL:,} characters"
        )
    headers = dict(rendered.headers)
    if rendered.authorization is not None:
        headers["authorization"] = _authorization(rendered.authorization, target.secrets[0])
    return OutgoingRequest(url, rendered.body, headers, rendered.method)


def _authorization(scheme: str, secret: str) -> str:
    if not secret.isascii() and scheme != "basic":
        raise TemplateFailed(
            FAILED, "authorization", "the secret contains characters that are not allowed in a header"
        )
    if scheme == "basic":
        return "Basic " + base64.b64encode(secret.encode()).decode("ascii")
    return f"Bearer {secret}"


TEMPLATE = TemplateFormat()
