"""An action on many chosen records at once: its form, and what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.api.open_actions import action_link
from app.api.pages.sent_forms import SentForm, sent_form
from app.desk.forms.fields import Form
from app.desk.forms.inputs import Inputs, to_body
from app.desk.names import ID
from app.desk.pages.actions import MORE_ROWS
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.sent_inputs import inputs_of
from app.desk.pages.kept_forms import FILLED_BY, belongs_to_another_person, kept_form
from app.desk.pages.records import RecordView, state_label
from app.desk.references import resolve_references
from app.desk.values import NAMING
from app.kernel.actions.lifecycle import Action, Lifecycle

router = Router(include_in_schema=False)
#: The most records of one form; the operation takes more.
MOST_RECORDS = 200
#: What is read of each record, to show what it is called and its state.
SHOWN_FIELDS = NAMING | {"id", "state"}
#: Whether the form has been filled in.
FILLED = "filled"


@dataclass(frozen=True, slots=True)
class BulkScreen:
    """The form of an action on the records with these ids."""

    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    records: tuple[str, ...]
    form: Form


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """A record after the action: its state in words, and why the action was refused (None: it was done)."""

    view: RecordView
    state: str
    problem: Mapping[str, Any] | None


@router.post("/desk/{kind}/bulk")
async def post_bulk_form(request: Request, kind: str) -> Response:
    """Show the form of an action on the chosen records; carry it out if it was filled in, and say what
    became of each.
    """
    desk = open_desk(request)
    sent_inputs = await sent_form(request)
    if belongs_to_another_person(request, sent_inputs.first_value(FILLED_BY)):
        return RedirectResponse(f"/desk/{desk.lifecycle(kind).kind}", HTTP_303_SEE_OTHER)
    return await _bulk_page(desk, kind, sent_inputs)


@router.get("/desk/{kind}/bulk")
async def get_bulk_form(request: Request, kind: str) -> Response:
    """Show the form of an action with what was typed into it before the session had ended; else the list."""
    desk = open_desk(request)
    earlier = await kept_form(request)
    if earlier is None:
        return RedirectResponse(f"/desk/{desk.lifecycle(kind).kind}", HTTP_303_SEE_OTHER)
    return await _bulk_page(desk, kind, earlier, note="form_kept")


async def _bulk_page(desk: Desk, kind: str, sent_inputs: SentForm, note: str = "") -> Response:
    """Return the page of the action on the chosen records. With a note, nothing is carried out."""
    lifecycle = desk.lifecycle(kind)
    action = sent_inputs.first_value("action")
    row = next((row for row in lifecycle.rows if row.name == action and not row.opens), None)
    if row is None:
        raise HTTPException(404)
    form = desk.contract.form(action_link(lifecycle, row).body_schema)
    records = sent_inputs.inputs.get("records", [])[:MOST_RECORDS]
    screen = BulkScreen(lifecycle, row, tuple(records), form)
    sent = replace(inputs_of(sent_inputs), note=note)
    outcomes = None
    if pointer := sent_inputs.first_value(MORE_ROWS):
        sent = sent.with_row(pointer)
    elif records and not note and (FILLED in sent_inputs.inputs or not form.fields):
        resolved = await resolve_references(desk.calls, form.fields, sent.inputs, kind)
        sent = replace(sent, ambiguous=resolved.ambiguous)
        if not resolved.ambiguous:
            outcomes = await _carried_out(desk, screen, resolved.inputs, sent.key)
    chosen = await _views(desk, lifecycle, screen.records)
    label = row.label(desk.language)
    return desk.answer(
        "bulk.html",
        f"{label} · {desk.kind_label(kind)}",
        screen=screen,
        action_label=label,
        sent=sent,
        is_filled=bool(sent.ambiguous or note or FILLED in sent_inputs.inputs),
        rows={},
        chosen=chosen,
        outcomes=None if outcomes is None else list(_outcomes(desk, chosen, outcomes)),
    )


async def _views(desk: Desk, lifecycle: Lifecycle[Any], records: Sequence[str]) -> list[RecordView]:
    """Return the records with these ids; of one that the reader does not see there is the id alone."""
    names = [name for name in desk.contract.record_fields(lifecycle.plural) or () if name in SHOWN_FIELDS]
    fields = {"fields": ",".join(names)}

    async def view(record: str) -> RecordView:
        path = f"/v1/{lifecycle.plural}/{record}"
        read = await desk.calls.read_if_allowed(path, fields) if ID.fullmatch(record) else None
        return RecordView(lifecycle, read or {"id": record}, desk.language)

    return list(await asyncio.gather(*(view(record) for record in records)))


def _outcomes(
    desk: Desk, views: Sequence[RecordView], problems: Sequence[Mapping[str, Any] | None]
) -> Iterator[BulkOutcome]:
    for view, problem in zip(views, problems, strict=True):
        yield BulkOutcome(view, state_label(view.lifecycle, view.record, desk.language), problem)


async def _carried_out(
    desk: Desk, screen: BulkScreen, inputs: Inputs, key: str
) -> list[Mapping[str, Any] | None]:
    """Carry the action out on each record; return why it was refused for each (None: it was done)."""
    body = to_body(screen.form.fields, inputs, desk.display.zone)
    items = [
        {"action": screen.row.name, "id": record, "body": body, "idempotency_key": f"{key}/{record}"}
        for record in screen.records
    ]
    answer = await desk.calls.send("POST", f"/v1/{screen.lifecycle.plural}/bulk", body={"items": items})
    if not answer.is_success:
        return [answer.document] * len(screen.records)
    return [result["problem"] for result in answer.document["items"]]
