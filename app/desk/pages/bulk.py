"""An action on many chosen records at once: its form, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.direct import Router
from app.api.open_actions import action_link
from app.api.pages.sent_forms import sent_form
from app.desk.forms.fields import Form
from app.desk.forms.inputs import Inputs, to_body
from app.desk.pages.actions import MORE, inputs_of
from app.desk.pages.context import Desk, open_desk
from app.desk.references import resolve_references
from app.kernel.actions.lifecycle import Action, Lifecycle

router = Router(include_in_schema=False)
#: The most records of one form; the operation takes more.
MOST_RECORDS = 200
#: Whether the form has been filled in.
FILLED = "filled"


@dataclass(frozen=True, slots=True)
class BulkScreen:
    """The form of an action on the records with these ids."""

    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    records: tuple[str, ...]
    form: Form


@router.post("/desk/{kind}/bulk", operation_id="post_bulk_form")
async def post_bulk_form(request: Request, kind: str) -> Response:
    """Show the form of an action on the chosen records; carry it out if it was filled in, and say what
    became of each.
    """
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    sent_inputs = await sent_form(request)
    action = sent_inputs.first_value("action")
    row = next((row for row in lifecycle.rows if row.name == action and not row.opens), None)
    if row is None:
        raise HTTPException(404)
    form = desk.contract.form(action_link(lifecycle, row).body_schema)
    records = sent_inputs.inputs.get("records", [])[:MOST_RECORDS]
    screen, sent = BulkScreen(lifecycle, row, tuple(records), form), inputs_of(sent_inputs)
    outcomes = None
    if pointer := sent_inputs.first_value(MORE):
        sent = sent.with_row(pointer)
    elif records and (FILLED in sent_inputs.inputs or not form.fields):
        resolved, ambiguous = await resolve_references(desk.calls, form.fields, sent.inputs, kind)
        sent = replace(sent, ambiguous=ambiguous)
        outcomes = None if ambiguous else await _outcomes(desk, screen, resolved, sent.key)
    label = row.label(desk.language)
    return desk.answer(
        "bulk.html",
        f"{label} · {desk.kind_label(kind)}",
        screen=screen,
        action_label=label,
        sent=sent,
        rows={},
        outcomes=outcomes,
    )


async def _outcomes(
    desk: Desk, screen: BulkScreen, inputs: Inputs, key: str
) -> list[tuple[str, Mapping[str, Any] | None]]:
    """Carry the action out on each record; return what each is called, with the refusal if there was one."""
    body = to_body(screen.form.fields, inputs, desk.display.zone)
    items = [
        {"action": screen.row.name, "id": record, "body": body, "idempotency_key": f"{key}/{record}"}
        for record in screen.records
    ]
    answer = await desk.calls.send("POST", f"/v1/{screen.lifecycle.plural}/bulk", body={"items": items})
    if not answer.is_success:
        return [(record, answer.document) for record in screen.records]
    results = answer.document["items"]
    return [(record, result["problem"]) for record, result in zip(screen.records, results, strict=True)]
