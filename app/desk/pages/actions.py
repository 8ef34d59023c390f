"""Forms of actions: each follows from its payload's schema in the contract, is sent to the action's
operation, and comes back with the refusals next to their fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid4, uuid5

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_412_PRECONDITION_FAILED

from app.api.authentication.auth import ledger_of
from app.api.direct import Router
from app.api.pages.sent_forms import SentForm, sent_form
from app.desk.forms.definitions import (
    ANSWERS,
    CUSTOM,
    RISK_ANSWERS,
    with_custom_fields,
    with_questions,
    with_risk_questions,
)
from app.desk.forms.faced import KEY, blank_required, faced_form, form_layout, with_answers, with_lists
from app.desk.forms.fields import FieldKind
from app.desk.forms.inputs import to_body, to_inputs, without_blank_rows
from app.desk.forms.instants import shown_to_the_second, with_whole_instants
from app.desk.forms.made_keys import is_key_taken, made_key, marked_key, name_without_key
from app.desk.names import NAME
from app.desk.operation_calls import CallAnswer, CallRefused
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.evidence import evidence_for
from app.desk.pages.form.choices import with_choices
from app.desk.pages.form.faults import named_fault, placed_problem, problem_before_sending
from app.desk.pages.form.files_along import attach_files
from app.desk.pages.form.key_reasons import reason_against_key, reason_against_vote
from app.desk.pages.form.own_ends import MAKING_ACTIONS, own_end
from app.desk.pages.form.own_keys import with_held_roles, with_own_key
from app.desk.pages.form.prefills import first_inputs, named_by_address, prefilled, values_of_record
from app.desk.pages.form.questions import TRANSFER, question_before, reason_against_transfer
from app.desk.pages.form.replies import respond_by_reply
from app.desk.pages.form.reply_box import refused_to_publish, with_question, would_publish
from app.desk.pages.form.returns import RETURN, page_to_return_to
from app.desk.pages.form.screens import PAGES_AFTER, ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs, inputs_of
from app.desk.pages.kept_forms import FILLED_BY, belongs_to_another_person, kept_form, with_uploads
from app.desk.pages.record.outcome_sentences import outcome_sentence
from app.desk.pages.record.planned_window import WANTED, freezes_ahead
from app.desk.pages.record.requester_card import RequesterCard, requester_card
from app.desk.pages.record.votes import (
    INSTEAD_OF,
    absent_voter,
    in_the_name_of,
    is_asked_to_vote,
    vote_about,
)
from app.desk.pages.record_names import read_named_record
from app.desk.pages.records import VOTES, RecordView, events_of, reader_pages
from app.desk.pages.secrets import secret_page
from app.desk.pages.text_blocks import ANSWERS as ANSWER_FIELDS
from app.desk.pages.text_blocks import BLOCK, INSERT, offered_blocks, with_block
from app.desk.pages.warnings import UNATTACHED, warning_parameters
from app.desk.references import Hit, find_hits, resolve_references, rows_within, shown_references
from app.desk.timeline import NarratedEvent
from app.i18n.kind_nouns import capitalised
from app.kernel.actions.lifecycle import Lifecycle

router = Router(include_in_schema=False)
#: The input that asks for one more row.
MORE_ROWS = "more"
#: The input that asks for the form with its inputs again, as a draft of it does; nothing is carried out.
REDRAW = "again"
#: Input with the catalogue item that a request is for.
ITEM = "/item"
MOST_DEFINITIONS = "200"
LONGEST_PERSON_NAME = 200
#: The zone by whose clocks the times in a form were entered.
ZONE = "time_zone"
#: The requester, when another person opens the ticket for them.
REQUESTER = "/requester"
#: The parameter for the action that led to a page.
ACTION_DONE = "done"


@router.get("/desk/new/{kind}/{action}")
async def get_opening_form(request: Request, kind: str, action: str) -> Response:
    """Return the form of an action that opens a record."""
    desk = open_desk(request)
    screen = screen_of(desk, desk.lifecycle(kind), action, None)
    return await show_form(screen)


@router.post("/desk/new/{kind}/{action}")
async def post_opening_form(request: Request, kind: str, action: str) -> Response:
    """Open a record by the form."""
    desk = open_desk(request)
    return await send_form(screen_of(desk, desk.lifecycle(kind), action, None))


@router.get("/desk/{kind}/{name}/{action}")
async def get_action_form(request: Request, kind: str, name: str, action: str) -> Response:
    """Return the form of an action on a record."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    screen = screen_of(desk, lifecycle, action, await read_named_record(desk, lifecycle, name))
    return await show_form(screen)


@router.post("/desk/{kind}/{name}/{action}")
async def post_action_form(request: Request, kind: str, name: str, action: str) -> Response:
    """Carry out an action by its form."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    return await send_form(screen_of(desk, lifecycle, action, await read_named_record(desk, lifecycle, name)))


def screen_of(desk: Desk, lifecycle: Lifecycle[Any], action: str, view: RecordView | None) -> ActionScreen:
    """Return the form of the lifecycle's action on that record. Raises HTTPException (404)."""
    row = next((row for row in lifecycle.rows if row.name == action), None)
    if row is None or row.opens != (view is None):
        raise HTTPException(404)
    return with_own_key(ActionScreen(desk, lifecycle, row, view))


async def _blank(screen: ActionScreen) -> SentInputs:
    """Return the form as it is first shown: with the record's values if it corrects them, else with what its
    face and its address fill in.
    """
    version = "" if screen.view is None else str(screen.view.record["version"])
    if not screen.edits or screen.view is None:
        begun = {**await first_inputs(screen), **await prefilled(screen), **await named_by_address(screen)}
        return SentInputs(begun, version, str(uuid4()))
    fields = [field for field in screen.form.fields if field.name not in screen.face.unasked]
    zone = screen.desk.display.zone
    texts, values, shown_first = shown_references(fields, screen.view.record)
    base = to_body(fields, to_inputs(fields, values, zone), zone)
    inputs = shown_to_the_second(fields, to_inputs(fields, texts, zone))
    return SentInputs({**inputs, **shown_first}, version, str(uuid4()), base=base)


async def show_form(screen: ActionScreen) -> Response:
    """Return the form as it is first shown, filled with the input that was kept when the session ended."""
    earlier = await kept_form(screen.desk.request)
    if earlier is not None:
        return await _drawn(await _completed(screen, earlier), replace(inputs_of(earlier), note="form_kept"))
    item = screen.desk.request.query_params.get(ITEM, "")
    person = screen.desk.request.query_params.get(f"/{INSTEAD_OF}", "")
    screen = await in_the_name_of(person, await _with_definitions(screen, item))
    return await _drawn(screen, await _blank(screen))


async def send_form(screen: ActionScreen) -> Response:
    """Carry out the action with the sent values, or show the form again with its errors."""
    desk = screen.desk
    form = await sent_form(desk.request)
    if belongs_to_another_person(desk.request, form.first_value(FILLED_BY)):
        return await _drawn(screen, replace(await _blank(screen), note="form_of_another"), status=409)
    form = with_question(screen, await with_uploads(form, partial(_upload, desk)))
    screen = replace(screen, desk=desk.in_zone(form.first_value(ZONE)))
    screen = await _completed(screen, form)
    if would_publish(screen, form):
        return await _drawn(screen, refused_to_publish(screen, form), status=422)
    again = await _inputs_to_show(screen, form)
    return await _carried_out(screen, inputs_of(form)) if again is None else await _drawn(screen, again)


async def _inputs_to_show(screen: ActionScreen, form: SentForm) -> SentInputs | None:
    """Return the inputs with which the form is shown again, if that is all that was asked for; else None."""
    sent = inputs_of(form)
    if form.first_value(REDRAW):
        return sent
    if pointer := form.first_value(MORE_ROWS):
        return sent.with_row(pointer)
    if form.first_value(INSERT):
        return await _with_text_block(screen, sent, form.first_value(BLOCK))
    return None


async def _carried_out(screen: ActionScreen, sent: SentInputs) -> Response:
    """Carry out the action with these inputs, or show the form again with what was refused."""
    desk, fields = screen.desk, screen.form.fields
    sent = replace(sent, inputs=without_blank_rows(fields, sent.inputs, desk.display.zone))
    completed = with_answers(screen.form, screen.face, sent.inputs)
    resolved = await resolve_references(desk.calls, fields, completed, screen.lifecycle.kind)
    blank = screen.face.demanded.intersection(
        pointer.removeprefix("/") for pointer in blank_required(fields, completed)
    )
    if resolved.must_choose or blank:
        problem = problem_before_sending(desk, screen.face, screen.form, sent.inputs, resolved)
        refused = replace(sent, ambiguous=resolved.ambiguous, problem=problem)
        return await _drawn(screen, refused, status=422)
    body = to_body(fields, with_whole_instants(fields, resolved.inputs), desk.display.zone)
    body = {**screen.fallback, **body, **screen.preset, **values_of_record(screen)}
    if screen.edits:
        body = _correction(sent.base, body)
    answer = await _send_with_key(screen, sent, body)
    if answer.is_success:
        return await _done(screen, sent, answer)
    return await _refused(screen, sent, answer, resolved.unknown)


async def _done(screen: ActionScreen, sent: SentInputs, answer: CallAnswer) -> Response:
    """Return the way to the record after the action; if the answer has a secret, the page that shows it."""
    desk = screen.desk
    view = RecordView(screen.lifecycle, answer.document, desk.language, desk.root)
    refused_files = await attach_files(screen, view, sent)
    await respond_by_reply(screen, view, sent)
    after = screen.after or PAGES_AFTER.get((screen.lifecycle.kind, screen.row.name))
    if after is not None:
        page = await after(screen, view, sent, answer)
        if page is not None:
            return page
    done = outcome_sentence(desk, view, screen.row.name) or ""
    answer_page = await secret_page(desk, view, screen.link, answer, done)
    return answer_page or RedirectResponse(_after(screen, view, refused_files), HTTP_303_SEE_OTHER)


async def _completed(screen: ActionScreen, form: SentForm) -> ActionScreen:
    """Return the form with the fields and questions that this installation defines for the sent values.
    Raises CallRefused.
    """
    screen = await _with_definitions(screen, form.first_value(ITEM))
    return await in_the_name_of(form.first_value(f"/{INSTEAD_OF}"), screen)


async def _with_definitions(screen: ActionScreen, item: str) -> ActionScreen:
    """Return the form with the fields and questions that this installation defines: custom fields of the
    process, risk questions of a change, and questions of the catalogue item that is chosen or that the record
    requests. Raises CallRefused.
    """
    form, calls = screen.form, screen.desk.calls
    names = {field.name for field in form.fields if field.kind in (FieldKind.pairs, FieldKind.anything)}
    if CUSTOM in names:
        process = {"process": screen.lifecycle.kind, "state": "active", "limit": MOST_DEFINITIONS}
        form = with_custom_fields(form, (await calls.read("/v1/custom_fields", process))["items"])
    if RISK_ANSWERS in names:
        questionnaire = await calls.read_if_allowed("/v1/risk_questionnaires/current")
        form = with_risk_questions(form, questionnaire["questions"]) if questionnaire else form
    key = item or str((screen.view.record.get("item") if screen.view else None) or "")
    if ANSWERS in names and NAME.fullmatch(key):
        answer = await calls.send("GET", f"/v1/catalogue_items/{key}")
        if answer.is_success and answer.document["form"]:
            form = with_questions(form, answer.document["form"])
    form = await with_choices(
        screen.desk, with_lists(form, screen.face), None if screen.view is None else screen.view.record
    )
    return replace(screen, own_form=faced_form(form, screen.face, screen.desk.language))


async def _with_text_block(screen: ActionScreen, sent: SentInputs, key: str) -> SentInputs:
    """Return the form with that text block behind what was written."""
    pointer = ANSWER_FIELDS.get(screen.row.name)
    if pointer is None:
        return sent
    blocks = await offered_blocks(screen.desk, screen.view, screen.row)
    text = with_block(sent.first_text(pointer), blocks, key)
    return replace(sent, inputs={**sent.inputs, pointer: [text]})


async def _send_with_key(screen: ActionScreen, sent: SentInputs, body: Mapping[str, Any]) -> CallAnswer:
    """Send the body, with a key made from the record's name if it is missing; with a suffix if that is
    taken.
    """
    name = name_without_key(screen.form, body) if screen.row.opens else None
    if name is None:
        return await _send(screen, sent, body)
    field = next(field for field in screen.form.fields if field.name == KEY)
    key = made_key(field, name, screen.lifecycle.kind, sent.key)
    answer = await _send(screen, sent, {**body, KEY: key})
    if answer.is_success or not is_key_taken(answer.document):
        return answer
    marked = replace(sent, key=str(uuid5(NAMESPACE_URL, f"{sent.key} {KEY}")))
    return await _send(screen, marked, {**body, KEY: marked_key(key, sent.key)})


async def _send(screen: ActionScreen, sent: SentInputs, body: Mapping[str, Any]) -> CallAnswer:
    link = screen.link
    headers = {"idempotency-key": sent.key}
    if sent.version.isdecimal():
        headers["if-match"] = f'"{sent.version}"'
    record = "" if screen.view is None else str(screen.view.record["id"])
    path = link.href.replace("{id}", record, 1)
    return await screen.desk.calls.send(link.method, path, body=body, headers=headers)


async def _refused(
    screen: ActionScreen, sent: SentInputs, answer: CallAnswer, unknown: Mapping[str, Sequence[str]]
) -> Response:
    """Show the form with the refusal, and with `unknown` references. Meanwhile changed values are shown, and
    may then be overwritten.
    """
    meanwhile: list[NarratedEvent] = []
    if answer.status == HTTP_412_PRECONDITION_FAILED and screen.view is not None:
        events = await events_of(screen.desk, screen.view) or []
        meanwhile = [entry for entry in events if entry.version > int(sent.version)]
        sent = replace(sent, version=str(screen.view.record["version"]))
    problem = placed_problem(screen.desk, screen.face, screen.form, sent.inputs, unknown, answer.document)
    refused = replace(sent, problem=problem, meanwhile=meanwhile)
    return await _drawn(screen, refused, status=answer.status)


def _conditions_by_place(screen: ActionScreen) -> dict[str, str]:
    """Return the conditions of the form as sentences, by the pointer of the last field that each is about and
    that people are asked for.
    """
    language = screen.desk.language
    stop = "。" if language == "zh" else "."
    places = {
        id(condition): next(
            (name for name in reversed(condition["members"]) if name not in screen.face.unasked), ""
        )
        for condition in screen.form.conditions
    }
    return {
        f"/{places[id(condition)]}": f"{capitalised(condition['message'][language])}{stop}"
        for condition in screen.form.conditions
    }


async def _drawn(screen: ActionScreen, sent: SentInputs, *, status: int = 200) -> Response:
    screen, sent = await with_held_roles(screen, sent.laid_out(screen.form.fields))
    about = "" if screen.view is None else f" · {screen.view.spoken_name}"
    if screen.row.name in VOTES and screen.view is not None:
        words = await vote_about(screen.desk, screen.view, sent.first_text("/decision"))
        screen = replace(screen, about=words)
    reason = await _reason_against(screen)
    layout, rows = form_layout(screen.form, screen.face), await _rows_within(screen)
    asked_about = list(_asked_about(screen, sent, rows))
    return screen.desk.answer(
        "action.html",
        f"{screen.heading}{about}",
        status=status,
        screen=screen,
        layout_of_fields=layout,
        form_address=_form_address(screen),
        is_filled=screen.desk.request.method == "POST" or bool(sent.note),
        action_label=screen.label,
        heading=screen.heading,
        sent=sent,
        reason=reason,
        unplaced=[
            named_fault(screen.desk, screen.lifecycle, screen.form.fields, screen.view, fault)
            for fault in sent.unplaced([*layout.fields, *filter(None, [screen.sent_by])])
        ],
        conditions=_conditions_by_place(screen),
        rows=rows,
        fixed=frozenset(pointer for pointer, _ in asked_about),
        asked_about=[hit for _, hit in asked_about],
        absent=await absent_voter(screen),
        instead=() if screen.view is None else reader_pages(screen.desk, screen.view, screen.row.name),
        blocks=await offered_blocks(screen.desk, screen.view, screen.row),
        asker=await _asker(screen, sent),
        freezes=await freezes_ahead(screen.desk)
        if any(field.name == WANTED for field in layout.fields)
        else (),
        question=await question_before(screen),
        done=_outcome_before(screen),
        own_end=own_end(screen.desk, _form_address(screen))
        if screen.row.name in MAKING_ACTIONS.get(screen.lifecycle.kind, ())
        else None,
        evidence=None
        if screen.view is None
        else await evidence_for(screen.desk, screen.view, screen.row, screen.form.fields, sent.inputs),
    )


def _outcome_before(screen: ActionScreen) -> str | None:
    """Return the sentence on the action that led to this form; None: no action did."""
    done = screen.desk.request.query_params.get(ACTION_DONE)
    if done and screen.view is None:
        return screen.desk.sentence("first_steps_saved")
    return outcome_sentence(screen.desk, screen.view, done) if done and screen.view is not None else None


def _asked_about(
    screen: ActionScreen, sent: SentInputs, rows: Mapping[str, list[Hit]]
) -> Iterator[tuple[str, Hit]]:
    """Yield the rows that the address of a judgement names, each with the pointer of its field, so that they
    are not chosen again.
    """
    for field in screen.form.fields if screen.sent_by else ():
        kind = (field.reference or {}).get("kind")
        value = screen.desk.request.query_params.get(f"/{field.name}")
        hit = next((hit for hit in rows.get(kind or "", ()) if hit.value == value), None)
        if hit is not None and sent.first_text(f"/{field.name}") == value:
            yield f"/{field.name}", hit


async def _asker(screen: ActionScreen, sent: SentInputs) -> RequesterCard | None:
    """Return the card of the requester of a ticket that another person opens, if the name fits one person."""
    name = sent.first_text(REQUESTER)
    return (
        await person_card(screen.desk, name)
        if name and screen.view is None and screen.desk.is_staff
        else None
    )


async def person_card(desk: Desk, name: str) -> RequesterCard | None:
    """Return the card of the person with that name or id; None if it fits no person, or several."""
    hits = await find_hits(desk.calls, {"kind": "person"}, name[:LONGEST_PERSON_NAME], "")
    called_so = [hit for hit in hits if name in (hit.value, hit.label)] or hits
    return await requester_card(desk, called_so[0].value) if len(called_so) == 1 else None


def _form_address(screen: ActionScreen) -> str:
    """Return the address that the form is sent to, with what its own address has filled in."""
    pairs = screen.desk.request.query_params.multi_items()
    named = [pair for pair in pairs if pair[0].startswith("/") or pair[0] == RETURN]
    return f"{screen.path}?{urlencode(named)}" if named else screen.path


async def _rows_within(screen: ActionScreen) -> dict[str, list[Hit]]:
    if screen.view is None:
        return {}
    desk, plural, record = screen.desk, screen.lifecycle.plural, screen.view.record["id"]
    return await rows_within(desk.calls, desk.contract, screen.form.fields, plural, record)


async def _reason_against(screen: ActionScreen) -> str | None:
    """Return why the action is not possible now; None: nothing is known to forbid it."""
    view, action = screen.view, screen.row.name
    if (of_key := reason_against_key(screen.desk, screen.row)) is not None:
        return of_key
    if view is None:
        return await _reason_against_opening(screen)
    reason: str | None = next(
        (each["reason"] for each in view.record.get("actions", ()) if each["action"] == action), None
    )
    if reason is None and action == TRANSFER:
        return await reason_against_transfer(screen.desk, view)
    if reason is None and action in VOTES and not await is_asked_to_vote(screen.desk, view):
        return reason_against_vote(screen.desk)
    return reason


async def _reason_against_opening(screen: ActionScreen) -> str | None:
    """Return which role the reader lacks for the form, and who grants it; None: they may send it."""
    desk, kind = screen.desk, screen.lifecycle.kind
    if any((each["kind"], each["action"]) == (kind, screen.row.name) for each in await desk.openings()):
        return None
    refusal = ledger_of(desk.request).forbidden(screen.row.policy, desk.language)
    return f"{refusal.sentence(desk.language)} {desk.sentence('ask_for_role')}"


def _correction(base: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the body differs from what the form was first filled with; null for what is gone."""
    body, before = dict(body), base.get(CUSTOM)
    if isinstance(before, dict):  # the only part that a correction changes member by member
        body[CUSTOM] = dict.fromkeys(before) | dict(body.get(CUSTOM) or {})
    removed = {name: None for name in base if name not in body}
    return removed | {name: value for name, value in body.items() if base.get(name) != value}


async def _upload(desk: Desk, content: bytes) -> str:
    """Upload a file, and return the id of the upload. Raises CallRefused."""
    upload = str(uuid4())
    answer = await desk.calls.send("PUT", f"/v1/uploads/{upload}", body=content)
    if not answer.is_success:
        raise CallRefused(answer)
    return upload


def _after(screen: ActionScreen, view: RecordView, refused_files: int) -> str:
    """Return the address of the record after the action; that of the page which led to the form, if it asks
    to be returned to.
    """
    returns_to = page_to_return_to(screen.desk)
    if returns_to is not None:
        return f"{returns_to}{'&' if '?' in returns_to else '?'}{urlencode({ACTION_DONE: screen.row.name})}"
    parameters = [(ACTION_DONE, screen.row.name), *warning_parameters(view.record)]
    if refused_files:
        parameters.append((UNATTACHED, str(refused_files)))
    if address := view.lifecycle.face.next_pages.get(screen.row.name):
        return f"{address.format(id=view.record['id'])}?{urlencode(parameters)}"
    return f"{view.path}?{urlencode(parameters)}"
