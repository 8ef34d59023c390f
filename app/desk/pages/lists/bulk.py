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
from app.desk.forms.faced import OCCURRED_AT
from app.desk.forms.fields import Form
from app.desk.forms.inputs import Inputs, to_body
from app.desk.names import ID
from app.desk.pages.actions import MORE_ROWS
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.sent_inputs import SentInputs, inputs_of
from app.desk.pages.kept_forms import FILLED_BY, belongs_to_another_person, kept_form
from app.desk.pages.lists.addresses import list_address_or
from app.desk.pages.lists.tabs import ASSIGN
from app.desk.pages.record.outcome_sentences import outcome_sentence
from app.desk.pages.records import RecordView, state_label, state_tone
from app.desk.references import resolve_references
from app.desk.values import NAMING
from app.kernel.actions.lifecycle import Action, Lifecycle

router = Router(include_in_schema=False)
#: The most records of one form; the operation takes more.
MOST_RECORDS = 200
#: Fields of each record that are read to show its name, state and assignee.
SHOWN_FIELDS = NAMING | {"id", "state", "assignee", "team"}
#: Button by which readers take the records themselves; the input with the new assignee, and the member of the
#: action's body for it.
TAKE, ASSIGNED_TO, PERSON = "take", "/assigned_to", "/person"
#: Whether the form has been filled in.
FILLED = "filled"


@dataclass(frozen=True, slots=True)
class BulkScreen:
    """The form of an action on the records with these ids."""

    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    records: tuple[str, ...]
    form: Form
    #: The address of the list that the records were selected in.
    back: str

    @property
    def is_plain(self) -> bool:
        """Whether the action needs no form: there is nothing to fill in, and it ends or undoes nothing."""
        is_dangerous = self.lifecycle.face.is_dangerous(self.row.name)
        return not is_dangerous and all(field.name == OCCURRED_AT for field in self.form.fields)


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """A record after the action: its state in words with its tone, and why the action was refused (None: it
    was done).
    """

    view: RecordView
    state: str
    tone: str
    problem: Mapping[str, Any] | None


@router.post("/desk/{kind}/bulk")
async def post_bulk_form(request: Request, kind: str) -> Response:
    """Show the form of an action on the chosen records; carry it out if it was filled in, and show the
    outcome of each.
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
    screen, sent = (
        _screen(desk, desk.lifecycle(kind), sent_inputs),
        replace(inputs_of(sent_inputs), note=note),
    )
    assignee = _assigned_person(sent_inputs)
    inputs = {name: values for name, values in sent.inputs.items() if name != ASSIGNED_TO}
    sent = replace(sent, inputs={**inputs, PERSON: [assignee]} if assignee else inputs)
    is_filled = bool(assignee) or FILLED in sent_inputs.inputs or screen.is_plain
    outcomes = None
    if pointer := sent_inputs.first_value(MORE_ROWS):
        sent = sent.with_row(pointer)
    elif screen.records and not note and is_filled:
        resolved = await resolve_references(desk.calls, screen.form.fields, sent.inputs, kind)
        sent = replace(sent, ambiguous=resolved.ambiguous)
        if not resolved.ambiguous:
            outcomes = await _carried_out(desk, screen, resolved.inputs, sent.key)
        if outcomes and (wrong := _wrong_for_all(outcomes)):
            sent, outcomes = replace(sent, problem=wrong), None
    return await _answer(desk, screen, sent, outcomes, is_filled=is_filled)


def _screen(desk: Desk, lifecycle: Lifecycle[Any], sent_inputs: SentForm) -> BulkScreen:
    """Return the form that was asked for. Raises HTTPException (404)."""
    name = sent_inputs.first_value("action")
    name = ASSIGN if name == TAKE else name
    row = next((row for row in lifecycle.rows if row.name == name and not row.opens), None)
    if row is None:
        raise HTTPException(404)
    form = desk.contract.form(action_link(lifecycle, row).body_schema)
    # It has happened just now, for most people: the question for the time comes last.
    fields = tuple(sorted(form.fields, key=lambda field: field.name == OCCURRED_AT))
    records = tuple(sent_inputs.inputs.get("records", [])[:MOST_RECORDS])
    back = list_address_or(sent_inputs.first_value("back"), lifecycle.kind)
    return BulkScreen(lifecycle, row, records, replace(form, fields=fields), back)


def _assigned_person(sent_inputs: SentForm) -> str:
    """Return the name of the person that the list's own inputs assign the records to; nothing if they were
    not used.
    """
    action = sent_inputs.first_value("action")
    if action == TAKE:
        return "me"
    return sent_inputs.first_value(ASSIGNED_TO).strip() if action == ASSIGN else ""


async def _answer(
    desk: Desk,
    screen: BulkScreen,
    sent: SentInputs,
    problems: Sequence[Mapping[str, Any] | None] | None,
    *,
    is_filled: bool,
) -> Response:
    """Return the page with the form, or with what became of each record."""
    lifecycle, chosen = screen.lifecycle, await _views(desk, screen.lifecycle, screen.records)
    label = screen.row.label(desk.language)
    outcomes = None if problems is None else list(_outcomes(desk, chosen, problems))
    done = [outcome for outcome in outcomes or () if outcome.problem is None]
    return desk.answer(
        "pages/lists/bulk.html",
        f"{label} · {desk.kind_label(lifecycle.kind)}",
        screen=screen,
        action_label=label,
        sent=sent,
        is_filled=is_filled,
        rows={},
        chosen=chosen,
        outcomes=outcomes,
        done_words=outcome_sentence(desk, done[0].view, screen.row.name) if done else None,
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


def _wrong_for_all(problems: Sequence[Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    """Return the problem if the same values of the form are wrong for each record; else None."""
    first = problems[0]
    faults = [problem.get("errors") if problem else None for problem in problems]
    return first if first and faults[0] and all(each == faults[0] for each in faults) else None


def _outcomes(
    desk: Desk, views: Sequence[RecordView], problems: Sequence[Mapping[str, Any] | None]
) -> Iterator[BulkOutcome]:
    for view, problem in zip(views, problems, strict=True):
        state = state_label(view.lifecycle, view.record, desk.language)
        yield BulkOutcome(view, state, state_tone(view.lifecycle, view.record.get("state")), problem)


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
