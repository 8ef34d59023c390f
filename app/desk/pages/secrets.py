"""The page that shows a secret once: the answer to the form that made it, since no other answer has it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from app.api.open_actions import ActionLink
from app.desk.operation_calls import CallAnswer
from app.desk.pages.context import Desk
from app.desk.pages.records import RecordView

#: The header of an answer to a command that was carried out before.
REPLAYED = "idempotent-replayed"
#: The kind of records whose tools send to an address of ours, and that address of most of them.
WEBHOOK_SOURCE, USUAL_PATH = "webhook_source", "/v1/webhooks/{key}"


async def secret_page(
    desk: Desk, view: RecordView, link: ActionLink, answer: CallAnswer, done: str
) -> Response | None:
    """Return the page that shows what the action's answer shows once; None if it shows nothing of that kind.
    An answer to a form that was sent again has no secret: the page says that it was shown before.
    """
    fields = desk.contract.secret_fields(link.method, link.href, view.lifecycle.plural)
    secrets = [
        (desk.contract.field_label(name, schema, desk.language), str(view.record[name]))
        for name, schema in fields.items()
        if view.record.get(name) is not None
    ]
    was_shown = bool(fields) and REPLAYED in answer.headers
    if not secrets and not was_shown:
        return None
    return desk.answer(
        "secret.html",
        f"{view.spoken_name} {view.title}".strip() or desk.kind_label(view.lifecycle.kind),
        view=view,
        done=done,
        secrets=secrets,
        send_to=await _send_to(desk, view.record) if view.lifecycle.kind == WEBHOOK_SOURCE else None,
    )


async def _send_to(desk: Desk, source: Mapping[str, Any]) -> str:
    """Return the address to which the tool of the source sends its deliveries. Raises CallRefused."""
    adapters = await desk.calls.read_if_allowed("/v1/webhook_adapters") or {"items": ()}
    texts = (each["mapping"] for each in adapters["items"] if each["key"] == source["adapter"])
    mapping = tomllib.loads(next(texts, None) or "")
    path = str(mapping.get("guide", {}).get("path") or USUAL_PATH)
    return f"{str(desk.request.base_url).rstrip('/')}{path.replace('{key}', source['key'])}"
