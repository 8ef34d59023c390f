"""Pages that build a catalogue item: what it is, then its questions, with a preview of the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_412_PRECONDITION_FAILED, HTTP_422_UNPROCESSABLE_CONTENT

from app.api.direct import Router
from app.api.pages.sent_forms import SentForm, sent_form
from app.common.faces import FormFace
from app.desk.administration.index import ADMINISTRATION
from app.desk.administration.item_form import (
    BETWEEN,
    LANGUAGES,
    AnswerKind,
    BuiltQuestion,
    dependable_answers,
    form_of_questions,
    named,
    question_faults,
    questions_of_form,
)
from app.desk.forms.definitions import questions_of
from app.desk.operation_calls import CallAnswer
from app.desk.pages.actions import screen_of, send_form, show_form
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs
from app.desk.pages.records import RecordView

router = Router(include_in_schema=False)
NEW, BUILDER = f"{ADMINISTRATION}/items/new", f"{ADMINISTRATION}/items/{{name}}/form"
#: Names of the builder's buttons, each with the number of its question if it has one.
ADD, UP, DOWN, REMOVE, SAVE, OFFER = "add", "up", "down", "remove", "save", "offer"
#: The parts of a question in the pointers of refusals.
PARTS_BY_KEYWORD = {
    "x-label": "label",
    "x-help": "help",
    "enum": "choices",
    "items": "choices",
    "x-only-with": "only_with",
}


#: The form of a new item: few fields first, since the questions follow.
NEW_ITEM = FormFace(
    first=(
        "title_en",
        "title_zh",
        "service",
        "description_en",
        "description_zh",
        "target_seconds",
        "default_team",
    ),
    unasked=frozenset({"form", "occurred_at", "title_template", "description_template"}),
    defaults={"fulfilment_path": "standard"},
)


@dataclass(frozen=True, slots=True)
class BuiltItem:
    """The builder as it stands: the item, its questions, and notes about them. `faults` are by the number of
    a question and the part of it; `next_number` is the question to go on with.
    """

    item: Mapping[str, Any]
    questions: Sequence[BuiltQuestion]
    version: str
    faults: Mapping[tuple[int, str], str] = field(default_factory=dict)
    problem: str = ""
    done: str = ""
    next_number: int | None = None


@router.get(NEW)
async def get_new_item_form(request: Request) -> Response:
    """Return the form of a new item."""
    return await show_form(_new_item(request))


@router.post(NEW)
async def post_new_item_form(request: Request) -> Response:
    """Draft the item, and lead to its questions."""
    return await send_form(_new_item(request))


def _new_item(request: Request) -> ActionScreen:
    desk = open_desk(request)
    screen = screen_of(desk, desk.lifecycle("catalogue_item"), "draft", None)
    button = desk.sentence("builder_to_questions")
    return replace(
        screen,
        own_face=NEW_ITEM,
        own_path=NEW,
        own_label=desk.sentence("builder_new"),
        own_button=button,
        after=_to_questions,
    )


async def _to_questions(
    screen: ActionScreen, view: RecordView, sent: SentInputs, answer: CallAnswer
) -> Response | None:
    return RedirectResponse(_address(view.record), HTTP_303_SEE_OTHER)


def _address(item: Mapping[str, Any]) -> str:
    return BUILDER.format(name=quote(str(item["id"]), safe=""))


@router.get(BUILDER)
async def get_form_builder(request: Request, name: str) -> Response:
    """Return the page that builds the item's form."""
    desk = open_desk(request)
    item = await _item(desk, name)
    questions = questions_of_form(item["form"])
    done = desk.sentence("builder_saved") if request.query_params.get("done") == SAVE else ""
    return _page(desk, BuiltItem(item, questions or [BuiltQuestion()], str(item["version"]), done=done))


@router.post(BUILDER)
async def post_form_builder(request: Request, name: str) -> Response:
    """Carry out the pressed button of the form builder: store the item, or change its questions and show the
    builder again.
    """
    desk, form = open_desk(request), await sent_form(request)
    item = await _item(desk, name)
    built = BuiltItem(item, sent_questions(form, desk.language), form.first_value("version"))
    button, _, number = form.first_value("do").partition(":")
    if button in (SAVE, OFFER):
        return await _stored(desk, built, button)
    return _page(desk, _changed(built, button, int(number) if number.isdecimal() else 0))


async def _item(desk: Desk, name: str) -> Mapping[str, Any]:
    """Return the item. Raises CallRefused."""
    item: Mapping[str, Any] = await desk.calls.read(f"/v1/catalogue_items/{quote(name, safe='')}")
    return item


def sent_questions(form: SentForm, language: str) -> list[BuiltQuestion]:
    """Return the questions that were sent; what is written first is in the reader's language."""
    numbers = sorted(
        {
            int(name.split("/")[2])
            for name in form.inputs
            if name.startswith("/questions/") and name.split("/")[2].isdecimal()
        }
    )
    other = next(each for each in LANGUAGES if each != language)

    def question(number: int) -> BuiltQuestion:
        def text(part: str) -> str:
            return form.first_value(f"/questions/{number}/{part}").replace("\r\n", "\n").strip()

        def texts(part: str) -> dict[str, str]:
            return {language: text(part), other: text(f"{part}_other")}

        kind, condition = text("kind"), text("only_with").split(BETWEEN)
        return BuiltQuestion(
            text("name"),
            texts("label"),
            texts("help"),
            AnswerKind(kind) if kind in list(AnswerKind) else AnswerKind.line,
            text("required") == "true",
            texts("choices"),
            (condition[0], tuple(condition[1:])) if len(condition) > 1 else None,
        )

    return [question(number) for number in numbers]


def _changed(built: BuiltItem, button: str, number: int) -> BuiltItem:
    """Return the builder after one of the buttons that store nothing."""
    questions = list(built.questions)
    next_number: int | None = None
    if button == ADD:
        questions.append(BuiltQuestion())
        next_number = len(questions) - 1
    elif button == REMOVE and number < len(questions):
        questions.pop(number)
    elif button in (UP, DOWN) and number < len(questions):
        next_number = max(0, min(len(questions) - 1, number + (-1 if button == UP else 1)))
        questions.insert(next_number, questions.pop(number))
    return replace(built, questions=questions, next_number=next_number)


async def _stored(desk: Desk, built: BuiltItem, button: str) -> Response:
    """Store the questions, and offer the item if that was asked for."""
    faults = {
        (fault.number, fault.part): desk.sentence(fault.code) for fault in question_faults(built.questions)
    }
    if faults:
        detail = desk.sentence("correct_marked", n=len(faults))
        refused = replace(built, faults=faults, problem=detail)
        return _page(desk, refused, status=HTTP_422_UNPROCESSABLE_CONTENT)
    form = form_of_questions(built.questions, built.item["form"]) if built.questions else None
    path = f"/v1/catalogue_items/{built.item['id']}"
    answer = await desk.calls.send(
        "PATCH", path, body={"form": form}, headers={"if-match": f'"{built.version}"'}
    )
    if not answer.is_success:
        return _page(desk, _refused(desk, built, answer), status=answer.status)
    if button == OFFER:
        offered = await desk.calls.send("POST", f"{path}/offer", body={})
        if not offered.is_success:
            stored = replace(built, item=answer.document, version=str(answer.document["version"]))
            return _page(desk, replace(stored, problem=offered.fault), status=offered.status)
        return RedirectResponse(f"/desk/catalogue_item/{built.item['id']}?done=offer", HTTP_303_SEE_OTHER)
    return RedirectResponse(f"{_address(built.item)}?done={SAVE}", HTTP_303_SEE_OTHER)


def _refused(desk: Desk, built: BuiltItem, answer: CallAnswer) -> BuiltItem:
    """Return the builder with the refusal next to the questions that it is about."""
    names = [question.name for question in named(built.questions)]
    faults: dict[tuple[int, str], str] = {}
    unplaced = []
    for error in answer.document.get("errors") or ():
        parts = str(error["pointer"] or "").split("/")
        if parts[1:3] == ["form", "properties"] and len(parts) > 3 and parts[3] in names:
            part = PARTS_BY_KEYWORD.get(parts[4], "label") if len(parts) > 4 else "label"
            faults[names.index(parts[3]), part] = str(error["message"])
        else:
            unplaced.append(str(error["message"]))
    version = built.version
    if answer.status == HTTP_412_PRECONDITION_FAILED:
        version = str(built.item["version"])
    problem = "; ".join(unplaced) if unplaced else answer.fault
    if faults:
        problem = desk.sentence("correct_marked", n=len(faults))
    return replace(built, faults=faults, problem=problem, version=version)


def _page(desk: Desk, built: BuiltItem, *, status: int = 200) -> Response:
    language = desk.language
    preview = form_of_questions(
        [each for each in built.questions if each.label(language)], built.item["form"]
    )
    return desk.answer(
        "administration/item_form.html",
        desk.sentence("builder_title", item=built.item[f"title_{language}"]),
        status=status,
        built=built,
        questions=[
            (question, _conditions(desk, built.questions, number))
            for number, question in enumerate(named_for_conditions(built.questions))
        ],
        kinds=[(kind, desk.sentence(f"builder_kind_{kind.value}"), kind.has_choices) for kind in AnswerKind],
        other=next(each for each in LANGUAGES if each != language),
        between=BETWEEN,
        preview=questions_of(preview) if preview["properties"] else (),
        sent=SentInputs({}, "", ""),
        rows={},
        form_address=_address(built.item),
    )


def named_for_conditions(questions: Sequence[BuiltQuestion]) -> list[BuiltQuestion]:
    """Return the questions; those that others can depend on have names, so that they can be chosen."""
    return [
        with_name if original.kind.has_choices or original.kind is AnswerKind.truth else original
        for original, with_name in zip(questions, named(questions), strict=True)
    ]


def _conditions(desk: Desk, questions: Sequence[BuiltQuestion], number: int) -> list[tuple[str, str, bool]]:
    """Return the conditions among which the question's can be chosen: each as the choice sends it, in words,
    and whether it is chosen.
    """
    chosen = questions[number].only_with
    offered: list[tuple[str, str, bool]] = []
    for question in named(questions)[:number]:
        words = {code: desk.sentence("yes" if code == "true" else "no") for code in ("true", "false")}
        for code, label in dependable_answers(question, desk.language):
            text = f"{question.label(desk.language)} = {words.get(label, label)}"
            condition = (question.name, (code,))
            offered.append((BETWEEN.join((question.name, code)), text, condition == chosen))
    if chosen is not None and not any(is_chosen for _, _, is_chosen in offered):
        text = f"{chosen[0]} = {' / '.join(chosen[1])}"
        offered.append((BETWEEN.join((chosen[0], *chosen[1])), text, True))
    return offered
