"""The page that shows a secret once: the answer to the form that made it, since no other answer has it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from app.api.open_actions import ActionLink
from app.contract.schemas import Schema
from app.desk.operation_calls import CallAnswer
from app.desk.pages.context import Desk
from app.desk.pages.form.returns import page_to_return_to, with_return
from app.desk.pages.records import RecordView, reader_pages
from app.desk.values import ShownField

#: The header of an answer to a command that was carried out before.
REPLAYED = "idempotent-replayed"
#: The kind of records whose tools send to an address of ours, and that address of most of them.
WEBHOOK_SOURCE, USUAL_PATH = "webhook_source", "/v1/webhooks/{key}"


async def secret_page(
    desk: Desk, view: RecordView, link: ActionLink, answer: CallAnswer, done: str
) -> Response | None:
    """Return the page with a secret of the action's response, which is shown once; None if there is no
    secret. The response to a form that was sent again has no secret: the page says that it was shown before.
    """
    fields = desk.contract.secret_fields(link.method, link.href, view.lifecycle.plural)
    secrets = [
        (desk.contract.field_label(name, schema, desk.language), str(view.record[name]))
        for name, schema in fields.items()
        if view.record.get(name) is not None and not isinstance(view.record[name], list)
    ]
    was_shown = bool(fields) and REPLAYED in answer.headers
    if not secrets and not was_shown:
        return None
    guide = await _guide(desk, view.record) if view.lifecycle.kind == WEBHOOK_SOURCE else None
    return desk.answer(
        "secret.html",
        f"{view.spoken_name} {view.title}".strip() or desk.kind_label(view.lifecycle.kind),
        view=view,
        done=done,
        secrets=secrets,
        returns_to=page_to_return_to(desk),
        concerned=_concerned_records(desk, view.record, fields),
        send_to=None if guide is None else _send_to(desk, view.record, guide),
        guide=[] if guide is None else list(_guide_lines(desk, guide)),
        pages=[(with_return(desk, address), label) for address, label in reader_pages(desk, view)],
    )


def _concerned_records(
    desk: Desk, answer: Mapping[str, Any], fields: Mapping[str, Schema]
) -> list[tuple[str, list[tuple[Markup, list[ShownField]]]]]:
    """Return the lists of records that only this response has, each with its label: a link to every record,
    and its further values.
    """
    lists = ((name, schema, answer.get(name)) for name, schema in fields.items())
    return [
        (
            desk.contract.field_label(name, schema, desk.language),
            [_concerned_record(desk, entry, schema) for entry in entries],
        )
        for name, schema, entries in lists
        if entries and isinstance(entries, list)
    ]


def _concerned_record(
    desk: Desk, entry: Mapping[str, Any], schema: Schema
) -> tuple[Markup, list[ShownField]]:
    contract, display = desk.contract, desk.display
    properties = contract.resolved(contract.resolved(schema)["items"])["properties"]
    facts = {name: part for name, part in properties.items() if name not in ("kind", "id")}
    stub = {"kind": entry["kind"], "id": entry["id"]}
    return display.link(stub, desk.kind_label(entry["kind"])), list(display.fields(entry, facts))


async def _guide(desk: Desk, source: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the adapter's instructions for setting up the source's tool. Raises CallRefused."""
    adapters = await desk.calls.read_if_allowed("/v1/webhook_adapters") or {"items": ()}
    texts = (each["mapping"] for each in adapters["items"] if each["key"] == source["adapter"])
    guide: Mapping[str, Any] = tomllib.loads(next(texts, None) or "").get("guide", {})
    return guide


def _send_to(desk: Desk, source: Mapping[str, Any], guide: Mapping[str, Any]) -> str:
    """Return the address to which the tool of the source sends its deliveries."""
    path = str(guide.get("path") or USUAL_PATH)
    return f"{str(desk.request.base_url).rstrip('/')}{path.replace('{key}', source['key'])}"


def _guide_lines(desk: Desk, guide: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where in the tool the address and the secret are entered, each part with its label."""
    for name in ("where", "header", "events"):
        text = guide.get(name)
        if text:
            yield desk.sentence(f"guide_{name}"), "; ".join(text) if isinstance(text, list) else str(text)
