"""An action, or a chain of actions, on many chosen records at once: its form, and what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.authentication.auth import ledger_of
from app.api.direct import Router
from app.api.open_actions import action_link
from app.api.pages.sent_forms import SentForm, sent_form
from app.api.state_words import state_label
from app.common.faces import ActionChain, FormFace
from app.desk.forms.faced import OCCURRED_AT, blank_required, with_demanded
from app.desk.forms.fields import Form
from app.desk.forms.inputs import Inputs, to_body
from app.desk.forms.instants import SHOWN_VALUE_PREFIX
from app.desk.names import ID
from app.desk.pages.actions import MORE_ROWS
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.faults import named_fault, problem_before_sending
from app.desk.pages.form.sent_inputs import SentInputs, inputs_of
from app.desk.pages.kept_forms import FILLED_BY, belongs_to_another_person, kept_form
from app.desk.pages.lists.addresses import list_address_or
from app.desk.pages.lists.tabs import ASSIGN
from app.desk.pages.record.outcome_sentences import outcome_sentence
from app.desk.pages.records import RecordView, state_tone
from app.desk.references import resolve_references
from app.desk.values import NAMING
from app.i18n import translate
from app.kernel.actions.lifecycle import Action, Lifecycle

router = Router(include_in_schema=False)
#: The most records of one form; the operation takes more.
MOST_RECORDS = 200
#: Fields of each record that are read to show its name, state and assignee.
SHOWN_FIELDS = NAMING | {"id", "state", "assignee", "team", "reopen_days", "actions"}
#: Button by which readers take the records themselves; the input with the new assignee, and the member of the
#: action's body for it.
TAKE, ASSIGNED_TO, PERSON, ME = "take", "/assigned_to", "/person", "me"
#: The member of an item with the values of the form.
BODY = "/body"
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
    #: The chain that the action is part of; None: it is carried out alone.
    chain: ActionChain | None = None

    @property
    def name(self) -> str:
        """The name of the action or the chain, as the form sends it."""
        chains = self.lifecycle.face.chains.items()
        return next((name for name, chain in chains if chain is self.chain), self.row.name)

    def label(self, language: str) -> str:
        """Return the label of the button."""
        return self.row.label(language) if self.chain is None else self.chain.label.text(language)

    @property
    def is_plain(self) -> bool:
        """Whether the action needs no form: there is nothing to fill in, and it ends or undoes nothing."""
        is_dangerous = self.lifecycle.face.is_dangerous(self.row.name)
        return not is_dangerous and all(field.name == OCCURRED_AT for field in self.form.fields)


@dataclass(slots=True)
class StepResult:
    """What became of one record: why the action was refused (None: it was done), why an action after it was,
    and the state that the record is in, as far as the answers told it.
    """

    problem: Mapping[str, Any] | None = None
    not_ended: Mapping[str, Any] | None = None
    state_code: str | None = None


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """A record after the action, with the number and title that it had when it was selected. `is_readable`:
    its reader still sees it. Its state in words has a tone; see `StepResult` for the rest.
    """

    view: RecordView
    is_readable: bool
    state: str
    tone: str
    problem: Mapping[str, Any] | None
    not_ended: Mapping[str, Any] | None


@router.post("/desk/{kind}/bulk")
async def post_bulk_form(request: Request, kind: str) -> Response:
    """Show the form of an action on the chosen records, with which of them it will change; carry it out once
    the form was sent, and show the outcome of each.
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
    sent = replace(sent, inputs=inputs | _inputs_for(desk, assignee))
    is_filled = FILLED in sent_inputs.inputs
    chosen = await _views(desk, screen.lifecycle, screen.records)
    of_others = {} if is_filled else await _of_other_teams(desk, screen, chosen, sent.inputs)
    # A look at them first is for several, and for those of other teams: one record was just looked at.
    acts_at_once = len(screen.records) == 1 and not of_others and (bool(assignee) or screen.is_plain)
    outcomes = None
    if pointer := sent_inputs.first_value(MORE_ROWS):
        sent = sent.with_row(pointer)
    elif screen.records and not note and (is_filled or acts_at_once or assignee):
        resolved = await resolve_references(desk.calls, screen.form.fields, sent.inputs, kind)
        sent = replace(sent, ambiguous=resolved.ambiguous)
        if resolved.must_choose or (resolved.unknown and not is_filled) or _lacks_demanded(screen, sent):
            problem = problem_before_sending(desk, FormFace(), screen.form, sent.inputs, resolved)
            sent = replace(sent, problem=problem)
        elif is_filled or acts_at_once:
            outcomes = await _carried_out(desk, screen, chosen, resolved.inputs, sent.key)
        if outcomes and (wrong := _wrong_for_all(outcomes)):
            sent, outcomes = replace(sent, problem=wrong), None
    return await _answer(desk, screen, sent, chosen, outcomes, of_others, is_filled=is_filled)


def _lacks_demanded(screen: BulkScreen, sent: SentInputs) -> bool:
    """Return whether something is left blank that the face of the form demands of people."""
    blank = {pointer.removeprefix("/") for pointer in blank_required(screen.form.fields, sent.inputs)}
    return not blank.isdisjoint(_face(screen.lifecycle, screen.row.name).demanded)


def _face(lifecycle: Lifecycle[Any], action: str) -> FormFace:
    return lifecycle.face.forms.get(action) or FormFace()


def _inputs_for(desk: Desk, assignee: str) -> dict[str, list[str]]:
    """Return the inputs of the form that name the person; readers are shown by their names."""
    if assignee != ME:
        return {PERSON: [assignee]} if assignee else {}
    name = desk.reader.name
    return {PERSON: [name], f"{SHOWN_VALUE_PREFIX}{PERSON}": [f"{ME} {name}"]}


async def _of_other_teams(
    desk: Desk, screen: BulkScreen, chosen: Sequence[RecordView], inputs: Inputs
) -> dict[str, str]:
    """Return, by the ids of the tickets of teams in which the new assignee does not work, the sentence that
    says so: these are assigned only if somebody ticks them.
    """
    if screen.row.name != ASSIGN or not inputs.get(PERSON):
        return {}
    resolved = await resolve_references(desk.calls, screen.form.fields, inputs, screen.lifecycle.kind)
    named = next(iter(resolved.inputs[PERSON]), "")
    person = desk.reader_id if named == ME else named
    assignee = (
        await desk.calls.read_if_allowed(f"/v1/persons/{person}") if ID.fullmatch(person or "") else None
    )
    works_in = {team["id"] for team in [*assignee["teams"], assignee["team"]] if team} if assignee else set()
    if not assignee or not works_in:  # people without a team work for all of them
        return {}
    teams = {str(view.record["id"]): view.record.get("team") for view in chosen}
    return {
        record: desk.sentence("of_other_team", team=team["name"], person=assignee["name"])
        for record, team in teams.items()
        if team is not None and team["id"] not in works_in
    }


def _reasons_against(screen: BulkScreen, chosen: Sequence[RecordView], language: str) -> dict[str, str]:
    """Return why the action will not change some of the records, by their ids."""
    chain = screen.chain
    names = {screen.row.name, *(() if chain is None else chain.before)}
    reasons = {}
    for view in chosen:
        offered = [each for each in view.record.get("actions") or () if each["action"] in names]
        if all(each["reason"] is not None for each in offered):
            words = next((each["reason"] for each in offered), None)
            reasons[str(view.record["id"])] = words or translate(language, "desk", "not_possible", {})
    return reasons


def _screen(desk: Desk, lifecycle: Lifecycle[Any], sent_inputs: SentForm) -> BulkScreen:
    """Return the form that was asked for. Raises HTTPException (404)."""
    name = sent_inputs.first_value("action")
    chain = lifecycle.face.chains.get(name)
    name = ASSIGN if name == TAKE else name if chain is None else chain.action
    row = next((row for row in lifecycle.rows if row.name == name and not row.opens), None)
    if row is None:
        raise HTTPException(404)
    form = desk.contract.form(action_link(lifecycle, row).body_schema)
    # It has happened just now, for most people: the question for the time comes last.
    fields = tuple(sorted(form.fields, key=lambda field: field.name == OCCURRED_AT))
    records = tuple(sent_inputs.inputs.get("records", [])[:MOST_RECORDS])
    back = list_address_or(sent_inputs.first_value("back"), lifecycle.kind)
    form = with_demanded(replace(form, fields=fields), _face(lifecycle, name))
    return BulkScreen(lifecycle, row, records, form, back, chain)


def _assigned_person(sent_inputs: SentForm) -> str:
    """Return the name of the person that the list's own inputs assign the records to; nothing if they were
    not used.
    """
    action = sent_inputs.first_value("action")
    if action == TAKE:
        return ME
    return sent_inputs.first_value(ASSIGNED_TO).strip() if action == ASSIGN else ""


async def _answer(
    desk: Desk,
    screen: BulkScreen,
    sent: SentInputs,
    chosen: Sequence[RecordView],
    results: Sequence[StepResult] | None,
    of_others: Mapping[str, str],
    *,
    is_filled: bool,
) -> Response:
    """Return the page with the form, or with what became of each record."""
    lifecycle, label = screen.lifecycle, screen.label(desk.language)
    outcomes = None
    if results is not None:
        after = await _views(desk, lifecycle, screen.records)
        triples = zip(chosen, after, results, strict=True)
        outcomes = [_outcome(before, view, result) for before, view, result in triples]
    done = [outcome for outcome in outcomes or () if outcome.problem is None]
    given_fields = [] if is_filled or sent.problem or sent.ambiguous else _given(desk, screen, sent)
    open_fields = [field for field in screen.form.fields if field.name != OCCURRED_AT or _is_wrong(sent)]
    open_fields = [] if given_fields else open_fields
    return desk.answer(
        "pages/lists/bulk.html",
        f"{label} · {desk.kind_label(lifecycle.kind)}",
        screen=screen,
        action_label=label,
        sent=sent,
        is_filled=is_filled,
        rows={},
        given=given_fields,
        asked=open_fields,
        folded=[field for field in screen.form.fields if field not in open_fields],
        chosen=chosen,
        of_others=of_others if results is None else {},
        reasons={} if results is not None else _reasons_against(screen, chosen, desk.language),
        state_of=lambda view: state_label(lifecycle, view.record, desk.language),
        outcomes=outcomes,
        named_fault=partial(named_fault, desk, lifecycle, screen.form.fields, inputs=sent.inputs),
        done_words=outcome_sentence(desk, done[0].view, screen.row.name) if done else None,
        closing_days=_closing_days(desk, done),
    )


def _given(desk: Desk, screen: BulkScreen, sent: SentInputs) -> list[tuple[str, str]]:
    """Return what was given in the list itself, by its labels; nothing else is asked for then."""
    texts = ((field.text(desk.language), sent.first_text(f"/{field.name}")) for field in screen.form.fields)
    return [(label, text) for label, text in texts if text]


def _is_wrong(sent: SentInputs) -> bool:
    return bool(sent.faults(f"/{OCCURRED_AT}"))


async def _views(desk: Desk, lifecycle: Lifecycle[Any], records: Sequence[str]) -> list[RecordView]:
    """Return the records with these ids; of one that the reader does not see there is the id alone."""
    names = [name for name in desk.contract.record_fields(lifecycle.plural) or () if name in SHOWN_FIELDS]
    fields = {"fields": ",".join(names)}

    async def view(record: str) -> RecordView:
        path = f"/v1/{lifecycle.plural}/{record}"
        read = await desk.calls.read_if_allowed(path, fields) if ID.fullmatch(record) else None
        return RecordView(lifecycle, read or {"id": record}, desk.language)

    return list(await asyncio.gather(*(view(record) for record in records)))


def _outcome(before: RecordView, after: RecordView, result: StepResult) -> BulkOutcome:
    is_readable = len(after.record) > 1
    record = {**before.record, **({"state": result.state_code} if result.state_code else {})}
    record = {**record, **after.record} if is_readable else {**record, "assignee": None, "team": None}
    view, lifecycle = replace(before, record=record), before.lifecycle
    return BulkOutcome(
        view,
        is_readable,
        state_label(lifecycle, record, before.language),
        state_tone(lifecycle, record),
        result.problem,
        result.not_ended,
    )


def _closing_days(desk: Desk, done: Sequence[BulkOutcome]) -> int | None:
    """Return the days after which records that stay resolved are closed automatically; None without any."""
    waiting = [outcome for outcome in done if outcome.not_ended is not None]
    usual = ledger_of(desk.request).settings.reopen_days
    days = [outcome.view.record.get("reopen_days") for outcome in waiting]
    return max((usual if agreed is None else int(agreed) for agreed in days), default=None)


def _wrong_for_all(results: Sequence[StepResult]) -> Mapping[str, Any] | None:
    """Return the problem if the same values of the form are wrong for each record; else None."""
    first = results[0].problem
    faults = [result.problem.get("errors") if result.problem else None for result in results]
    return first if first and faults[0] and all(each == faults[0] for each in faults) else None


async def _carried_out(
    desk: Desk, screen: BulkScreen, chosen: Sequence[RecordView], inputs: Inputs, key: str
) -> list[StepResult]:
    """Carry the action out on each record, with the other actions of its chain before and after it; return
    what became of each.
    """
    results = {view.record["id"]: StepResult(state_code=view.record.get("state")) for view in chosen}
    chain, lifecycle = screen.chain, screen.lifecycle
    for name in () if chain is None else chain.before:
        needing = [record for record, result in results.items() if _needs(lifecycle, name, result)]
        answers = await _sent(desk, lifecycle, name, needing, {}, f"{key}/{name}")
        for record, answer in answers.items():
            _note(results[record], answer, is_last=False)
    body = to_body(screen.form.fields, inputs, desk.display.zone)
    ready = [record for record, result in results.items() if result.problem is None]
    for record, answer in (await _sent(desk, lifecycle, screen.row.name, ready, body, key)).items():
        _note(results[record], answer, is_last=False)
    for name in () if chain is None else chain.after:
        done = [
            record for record, result in results.items() if result.problem is None and not result.not_ended
        ]
        for record, answer in (await _sent(desk, lifecycle, name, done, {}, f"{key}/{name}")).items():
            _note(results[record], answer, is_last=True)
    return [results[record] for record in screen.records]


def _needs(lifecycle: Lifecycle[Any], action: str, result: StepResult) -> bool:
    """Return whether the action before the others is possible in the record's state."""
    return any(
        lifecycle[action].is_open_in(state) for state in lifecycle.states if state.value == result.state_code
    )


def _note(result: StepResult, answer: Mapping[str, Any], *, is_last: bool) -> None:
    """Note the answer for one record. `is_last`: the form's action was carried out already."""
    if answer["problem"] is None:
        result.state_code = answer["record"]["state"]
    elif is_last:
        result.not_ended = answer["problem"]
    else:
        result.problem = answer["problem"]


async def _sent(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    action: str,
    records: Sequence[str],
    body: Mapping[str, Any],
    key: str,
) -> dict[str, Mapping[str, Any]]:
    """Carry one action out on each of the records; return the answer for each by its id."""
    if not records:
        return {}
    items = [
        {"action": action, "id": record, "body": body, "idempotency_key": f"{key}/{record}"}
        for record in records
    ]
    answer = await desk.calls.send("POST", f"/v1/{lifecycle.plural}/bulk", body={"items": items})
    if not answer.is_success:
        return {record: {"problem": answer.document} for record in records}
    return dict(zip(records, map(_at_inputs, answer.document["items"]), strict=True))


def _at_inputs(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answer for one record with its faults at the inputs of the form: the operation's pointers
    begin at the item.
    """
    if not item["problem"] or not item["problem"].get("errors"):
        return item
    errors = [
        {
            **fault,
            "pointer": None if fault["pointer"] is None else fault["pointer"].removeprefix(BODY),
            "members": [member.removeprefix(BODY) for member in fault["members"]],
        }
        for fault in item["problem"]["errors"]
    ]
    return {**item, "problem": {**item["problem"], "errors": errors}}
