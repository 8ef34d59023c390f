"""The builder of forms: questions become the form that an item stores, and the other way round."""

from __future__ import annotations

from typing import Any

from app.common.people import Role
from app.demo.data.catalogue_data import ITEMS
from app.desk.administration.item_form import (
    AnswerKind,
    BuiltQuestion,
    form_of_questions,
    question_faults,
    questions_of_form,
)
from app.kernel.actions.forms import check_form
from tests.client import Api, Client
from tests.desk.sent_forms import read_form, said, send_form

SIZES = {"en": "13 inch\n15 inch", "zh": "13 英寸\n15 英寸"}
DEVICE = BuiltQuestion("", {"en": "Which device?"}, {}, AnswerKind.choice, True, {"en": "Laptop\nPhone"})
QUESTIONS = [
    DEVICE,
    BuiltQuestion(
        "",
        {"en": "Screen", "zh": "屏幕"},
        {"en": "Measured across."},
        AnswerKind.choices,
        choices=SIZES,
        only_with=("which_device", ("Laptop",)),
    ),
    BuiltQuestion("", {"en": "For a guest?"}, kind=AnswerKind.truth),
    BuiltQuestion("", {"en": "Until"}, kind=AnswerKind.date, only_with=("for_a_guest", ("true",))),
]


def test_questions_become_a_form_and_come_back() -> None:
    form = form_of_questions(QUESTIONS, None)
    check_form(form)
    assert form["x-order"] == ["which_device", "screen", "for_a_guest", "until"]
    assert form["properties"]["until"]["x-only-with"] == {"field": "for_a_guest", "values": [True]}
    assert form_of_questions(questions_of_form(form), form) == form


def test_stored_forms_stay_as_they_are() -> None:
    for item in ITEMS:
        form = item.draft_body["form"]
        rebuilt = form_of_questions(questions_of_form(form), form)
        assert rebuilt == form, item.key


def test_a_reworded_choice_is_new_and_the_others_keep_their_codes() -> None:
    stored = form_of_questions([DEVICE], None)
    stored["properties"]["which_device"]["enum"] = ["l", "p"]
    (question,) = questions_of_form(stored)
    longer = BuiltQuestion(
        question.name,
        question.labels,
        {},
        question.kind,
        True,
        {"en": "Laptop\nTablet", "zh": "Laptop\n平板"},
    )
    form = form_of_questions([longer], stored)
    assert form["properties"]["which_device"]["enum"] == ["l", "Tablet"]


def test_faults_are_found_before_storing() -> None:
    faulty = [
        BuiltQuestion(),
        BuiltQuestion("", {"en": "A"}, kind=AnswerKind.choice),
        BuiltQuestion("", {"en": "B"}, kind=AnswerKind.choice, choices={"en": "x\nx"}),
        BuiltQuestion("", {"en": "C"}, kind=AnswerKind.choice, choices={"en": "x\ny", "zh": "x"}),
        BuiltQuestion("", {"en": "D"}, only_with=("until", ("x",))),
    ]
    assert [(each.number, each.part) for each in question_faults(faulty)] == [
        (0, "label"),
        (1, "choices"),
        (2, "choices"),
        (3, "choices_other"),
        (4, "only_with"),
    ]
    assert list(question_faults(QUESTIONS)) == []


async def press(client: Client, path: str, button: str, page: str, **values: str) -> Any:
    """The answer to a button of the builder on that page, with these values in it."""
    form = read_form(page)
    inputs = {f"/questions/{name.replace('__', '/')}": [value] for name, value in values.items()}
    return await send_form(client, path, form.inputs | inputs | {"do": [button]})


async def test_an_item_is_built_offered_and_asked_for(api: Api) -> None:
    keeper = await api.client("Kim", Role.service_level_manager)
    service = {"key": "devices", "name_en": "Devices", "name_zh": "设备", "criticality": "low"}
    await keeper.post_ok("/v1/services", {**service, "owner": keeper.id})
    await keeper.post_ok("/v1/services/devices/go_live")
    new = "/desk/administration/items/new"
    form = read_form((await keeper.get(new)).text)
    inputs = {"/title_en": ["A device"], "/service": ["devices"]}
    drafted = await send_form(keeper, new, form.inputs | inputs)
    assert drafted.status_code == 303, said(drafted.text)
    path = drafted.headers["location"]
    page = (await keeper.get(path)).text
    blank = await press(keeper, path, "save", page)
    assert (blank.status_code, read_form(blank.text).faults) == (422, {"label-0-help"})
    page = (
        await press(
            keeper,
            path,
            "add",
            page,
            **{
                "0__label": "Which?",
                "0__kind": "choice",
                "0__choices": "Laptop\nPhone",
                "0__required": "true",
            },
        )
    ).text
    page = (await press(keeper, path, "add", page, **{"1__label": "Which screen?"})).text
    assert "Which? = Laptop" in page
    page = (
        await press(
            keeper,
            path,
            "add",
            page,
            **{"1__only_with": "which\x1fLaptop", "1__required": "true", "2__label": "Oops"},
        )
    ).text
    page = (await press(keeper, path, "remove:2", page)).text
    page = (await press(keeper, path, "up:2", page, **{"2__label": "Why?"})).text
    assert 'name="/questions/1/label" maxlength="200" value="Why?" autofocus' in page
    offered = await press(keeper, path, "offer", page)
    assert offered.status_code == 303, said(offered.text)
    item = await keeper.read("/v1/catalogue_items/a-device")
    assert (item["state"], item["form"]["x-order"]) == ("offered", ["which", "why", "which_screen"])
    await _asked_for(api, keeper)
    stale = await press(keeper, path, "save", page)
    assert stale.status_code == 412


async def _asked_for(api: Api, keeper: Client) -> None:
    """Ask for the device: with a condition that is met, and with one that is not."""
    requester = await api.client("Zhao")
    ask = "/portal/catalogue_item/a-device"
    portal_form = read_form((await requester.get(ask)).text)
    which = {"/answers/which": ["Phone"], "/answers/which_screen": ["15"], "/urgency": ["3"]}
    done = await send_form(requester, ask, portal_form.inputs | which | {"/description": ["Mine broke."]})
    assert done.status_code == 303, said(done.text)
    portal_form = read_form((await requester.get(ask)).text)
    laptop = {"/answers/which": ["Laptop"], "/answers/which_screen": [""], "/urgency": ["3"]}
    missing = await send_form(requester, ask, portal_form.inputs | laptop)
    assert "f-answers-which_screen-help" in read_form(missing.text).faults
    direct = {"answers": {"which": "Phone", "which_screen": "15"}}
    refused = await keeper.post_ok("/v1/catalogue_items/a-device/check", direct)
    assert [(e["pointer"], e["code"]) for e in refused["errors"]] == [
        ("/answers/which_screen", "answer_not_asked")
    ]
