"""Every action of every lifecycle through its generated form: what the operation takes, the form sends; what
it refuses is said beside the field.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.api.open_actions import action_link
from app.common.faces import NEW_EDITIONS, USUAL_FORMS, FormFace, FormQuestion
from app.desk.contract import screen_contract
from app.desk.forms.definitions import RISK_ANSWERS, with_risk_questions
from app.desk.forms.faced import faced_form
from app.desk.forms.fields import FieldKind, Form, is_file
from app.desk.forms.inputs import GIVEN_INPUT, Inputs, to_inputs
from app.desk.forms.instants import SHOWN_VALUE_PREFIX
from app.desk.pages.record.votes import INSTEAD_OF
from app.desk.references import names_key
from app.kernel.actions.lifecycle import Action, Lifecycle
from tests.cases import each_case
from tests.client import Json
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_faces import NEW_EACH_TIME
from tests.every_action.samples import valid_body
from tests.every_action.test_repeats_once import SENT, record_for, way_of_acting
from tests.every_action.world import World, case_name, events, of_kind, record_address

ZONE = ZoneInfo("UTC")
#: The number of fields to correct.
MARKED = re.compile(r"correct the marked fields \((\d+)\)")


def form_path(lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json | None) -> str:
    """The address of the form."""
    if record is None:
        return f"/desk/new/{lifecycle.kind}/{row.name}"
    return f"/desk/{lifecycle.kind}/{record['id']}/{row.name}"


def face_of(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> FormFace:
    """The face of the form at the desk."""
    return lifecycle.face.forms.get(row.name) or USUAL_FORMS.get(row.name) or FormFace()


def left_out(face: FormFace) -> frozenset[str]:
    """The members that people are not asked for, as the face declares: programs send them, the answer to a
    question supplies them, or they are sent as the record has them.
    """
    return face.unasked | face.from_record


def asked_form(form: Form, face: FormFace) -> Form:
    """The form with only the members that people are asked for."""
    return replace(form, fields=tuple(field for field in form.fields if field.name not in left_out(face)))


def plain_inputs(form: Form) -> set[str]:
    """The names of the inputs of all fields that are no parts, rows or pairs. In whose name a vote is, the
    address of the form says.
    """
    composed = (FieldKind.part, FieldKind.rows, FieldKind.pairs)
    fields = [field for field in form.fields if field.kind not in composed and field.name != INSTEAD_OF]
    return {f"/{field.name}" for field in fields}


def answered(question: FormQuestion, body: Json) -> str:
    """The answer that stands for the values of the body; the first one if none does."""
    codes = (each.code for each in question.answers if each.values.items() <= body.items())
    return next(codes, question.answers[0].code)


def chosen_before(form: Form, inputs: Inputs) -> dict[str, list[str]]:
    """The inputs that keep keys which people choose, as if they were chosen: samples name no records."""
    pointers = [field.pointer for field in form.fields if names_key(field) and field.pointer in inputs]
    return {
        f"{SHOWN_VALUE_PREFIX}{pointer}": [
            f"{line} {line}" for text in inputs[pointer] for line in text.splitlines()
        ]
        for pointer in pointers
    }


def needed(form: Form, face: FormFace) -> set[str]:
    """The ids of the elements beside the fields that must be filled in: of a list that may have no entry
    nothing need be chosen. A question stands for its members, the field that supplies a title, a key or the
    same text in another language for that one, and buttons for the field that they send.
    """
    names = {
        field.name
        for field in faced_form(form, face).fields
        if field.required
        and field.only_with is None
        and field.name != face.sent_by
        and not field.inner_fields
        and (field.schema.get("type") != "array" or field.schema.get("minItems", 0))
    }
    required = {field.name for field in form.fields if field.required}
    names |= {question.name for question in face.questions if not required.isdisjoint(question.members)}
    return {f"f-{name}-help" for name in names - left_out(face)}


# tests/desk/test_forms.py has the fields of all forms.
@each_case(("lifecycle", "row"), SENT, ids=case_name, by=of_kind, one_of_each=way_of_acting)
async def test_what_the_operation_takes_its_form_sends(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    form = screen_contract().form(action_link(lifecycle, row).body_schema)
    if RISK_ANSWERS in {field.name for field in form.fields}:
        questionnaire = await world.everybody.get("/v1/risk_questionnaires/current")
        form = with_risk_questions(form, questionnaire.json()["questions"])
    face = face_of(lifecycle, row)
    needed_fields, form = needed(form, face), asked_form(form, face)
    async with record_for(world, lifecycle, row) as record:
        path = form_path(lifecycle, row, record)
        where = "" if record is None else record_address(lifecycle, record)
        body = await valid_body(world.everybody, row, where)
        answer = await world.everybody.get(path)
        assert answer.status_code == 200, said(answer.text)
        blank_form = read_form(answer.text)
        questions = {f"/{question.name}" for question in face.questions}
        assert plain_inputs(form) | questions <= blank_form.named, said(answer.text)
        assert blank_form.named.isdisjoint(f"/{name}" for name in left_out(face))
        head = await world.api.head()
        if needed_fields:
            empty = {name: values for name, values in blank_form.inputs.items() if not name.startswith("/")}
            refused = await send_form(world.everybody, path, empty)
            assert refused.status_code in (409, 422), said(refused.text)
            if refused.status_code == 422:
                faults, count = read_form(refused.text).faults, MARKED.search(refused.text)
                assert needed_fields <= faults
                assert count is None or int(count[1]) == len(faults), said(refused.text)
        assert await world.api.head() == head
        inputs = to_inputs(form.fields, body, ZONE)
        inputs |= chosen_before(form, inputs)
        inputs |= {f"/{question.name}": [answered(question, body)] for question in face.questions}
        # What is given although it is blank was emptied by whoever fills in the form.
        filled = blank_form.inputs | {pointer: [""] for pointer in inputs.get(GIVEN_INPUT, ())} | inputs
        done = await send_form(world.everybody, path, filled)
        assert await world.api.head() >= head + events(row), (read_form(done.text).faults, said(done.text))
        if done.status_code == 200:  # A redirect would lose the secret that the answer shows.
            link = action_link(lifecycle, row)
            assert screen_contract().secret_fields(link.method, link.href, lifecycle.plural)
            assert "it is shown only once" in said(done.text)
            return
        assert done.status_code == 303, said(done.text)
        after = await world.everybody.get(done.headers["location"])
        assert after.status_code == 200, said(after.text)


NEW = [(lifecycle, row) for lifecycle, row in SENT if row.name in NEW_EDITIONS and not row.opens]


@pytest.mark.parametrize(("lifecycle", "row"), NEW, ids=[f"{one.kind}.{row.name}" for one, row in NEW])
async def test_a_new_edition_sent_as_its_form_begins_changes_nothing(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    form = screen_contract().form(action_link(lifecycle, row).body_schema)
    async with record_for(world, lifecycle, row) as record:
        path = form_path(lifecycle, row, record)
        begun = read_form((await world.everybody.get(path)).text).inputs
        own = {
            f"/{field}": ["The holidays of the next year."]
            for kind, field in NEW_EACH_TIME
            if kind == lifecycle.kind
        }
        if any(is_file(field) for field in form.fields):
            return  # a new file is no value of the edition in force
        assert any(name.startswith("/") and any(texts) for name, texts in begun.items()), begun
        done = await send_form(world.everybody, path, begun | own)
        assert done.status_code == 303, said(done.text)
        again = read_form((await world.everybody.get(path)).text).inputs
        names = [name for name in begun if name.startswith("/") and name not in own]
        assert {name: again.get(name) for name in names} == {name: begun[name] for name in names}
