"""Faces of all kinds: what they name exists, and what must be filled in or can be done has a place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import pytest

from app.api.open_actions import action_link
from app.api.state_words import AWAITS_AGREEMENT, state_label
from app.common.faces import NEW_EDITIONS, TAKE_ACTION, USUAL_FORMS, USUALLY_DANGEROUS, FormFace
from app.desk.contract import screen_contract
from app.desk.forms.durations import read_duration
from app.desk.forms.faced import (
    KEY,
    TITLE,
    faced_form,
    form_layout,
    key_source,
    title_of,
    translated_fields,
    with_answers,
)
from app.desk.forms.fields import FieldKind, Form, FormField
from app.desk.pages.record.placed_actions import SENDS_BACK, placed_actions
from app.desk.pages.records import (
    AGREE,
    OfferedAction,
    RecordView,
    state_tone,
)
from app.i18n import LANGUAGES, sentences
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND

#: Values that a new edition has of its own: its reason, and its file.
NEW_EACH_TIME = {
    ("calendar", "reason"),
    ("document", "upload"),
    ("document", "name"),
    ("sla", "what_changed"),
}
FACED = [lifecycle for lifecycle in LIFECYCLES if lifecycle.face.forms or lifecycle.face.primary]


def faced_actions() -> Iterator[tuple[Lifecycle[Any], Action[Any, Any], FormFace]]:
    """All forms with a face, of the desk and of the portal."""
    for lifecycle in LIFECYCLES:
        for name, face in chain(lifecycle.face.forms.items(), lifecycle.face.portal_forms.items()):
            yield lifecycle, lifecycle[name], face
        for name, face in USUAL_FORMS.items():
            if name in lifecycle.by_name and name not in lifecycle.face.forms:
                yield lifecycle, lifecycle[name], face


def test_every_name_in_a_face_exists() -> None:
    contract, wrong = screen_contract(), []
    for lifecycle in FACED:
        face, fields = lifecycle.face, contract.record_fields(lifecycle.plural) or {}
        spans = chain.from_iterable(face.spans)
        named = {*face.essentials, *(face.texts or ()), *face.spoken_fields, *spans} - fields.keys()
        actions = {*chain.from_iterable(face.primary.values()), *face.quick, *face.dangerous, *face.forms}
        states = {state.value for state in lifecycle.states}
        wrong += [f"{lifecycle.kind}: {name}" for name in named]
        wrong += [f"{lifecycle.kind}: {name}" for name in actions - lifecycle.action_names - {TAKE_ACTION}]
        wrong += [f"{lifecycle.kind}: {state}" for state in face.primary.keys() - states]
    for lifecycle, row, form_face in faced_actions():
        members = {f.name for f in contract.form(action_link(lifecycle, row).body_schema).fields}
        wrong += [f"{lifecycle.kind} {row.name}: {name}" for name in form_face.names - members]
    everywhere = set().union(*(lifecycle.action_names for lifecycle in LIFECYCLES))
    assert [*wrong, *(USUALLY_DANGEROUS - everywhere)] == []


def levels(place: str, fields: Sequence[FormField]) -> Iterator[tuple[str, Sequence[FormField]]]:
    """The fields of a form, and of each part of it, with their place."""
    yield place, fields
    for field in fields:
        yield from levels(f"{place}/{field.name}", field.inner_fields)


def levels_of_all_forms() -> Iterator[tuple[str, Sequence[FormField]]]:
    """The fields that people are asked for together, in each form and each part of one."""
    contract = screen_contract()
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            schema = action_link(lifecycle, row).body_schema
            if schema in contract.document["components"]["schemas"]:
                unasked = lifecycle.face.forms.get(row.name, FormFace()).unasked
                fields = [field for field in contract.form(schema).fields if field.name not in unasked]
                yield from levels(f"{lifecycle.kind}.{row.name}", fields)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_fields_next_to_each_other_have_the_same_label(language: str) -> None:
    wrong = []
    for place, fields in levels_of_all_forms():
        counts = Counter(field.text(language) for field in fields if field.name != "occurred_at")
        wrong += [(place, label) for label, count in counts.items() if count > 1]
    assert wrong == []


@pytest.mark.parametrize(
    ("language", "example"),
    [
        ("en", r"such as ((?:\d+ ?[a-z]+ ?)+?)(?: or |[.,;]|$)"),
        ("zh", "如 ?((?:[0-9]+ ?[^\\W\\d_]+?)+)(?:或|[。，；]|$)"),
    ],
)
def test_the_example_of_a_duration_is_one_that_its_field_takes(language: str, example: str) -> None:
    examples = [
        (place, field.name, text, read_duration(text, is_working_time=field.is_working_time) is not None)
        for place, fields in levels_of_all_forms()
        for field in fields
        if field.kind is FieldKind.duration
        for text in re.findall(example, field.help_words.get(language, ""))
    ]
    assert examples
    assert [each for each in examples if not each[-1]] == []


def test_a_question_of_a_hold_is_asked_of_the_requester_in_every_form() -> None:
    helps = set()
    for place, fields in levels_of_all_forms():
        if place.partition(".")[2] == "hold":
            helps |= {(each.text("en"), each.help_words["en"]) for each in fields if each.name == "question"}
    label, words = helps.pop()
    assert (label, "requester" in words, helps) == ("Question to the requester", True, set())


def test_the_form_of_a_new_edition_begins_with_the_values_of_the_edition_in_force() -> None:
    contract, blank = screen_contract(), []
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            if row.name not in NEW_EDITIONS:
                continue
            face = lifecycle.face.forms.get(row.name) or USUAL_FORMS[row.name]
            record: Any = contract.record_fields(lifecycle.plural) or {}
            if face.filled_from:
                record = contract.payload_fields(record[face.filled_from]["$ref"].rpartition("/")[2])
            for field in contract.form(action_link(lifecycle, row).body_schema).fields:
                usual = field.default_text or field.required
                is_filled = face.filled_from is not None and field.name in {*record, *face.filled_rows}
                if usual and not is_filled and (lifecycle.kind, field.name) not in NEW_EACH_TIME:
                    blank.append(f"{lifecycle.kind} {row.name}: {field.name}")
    assert blank == []


def test_what_must_be_filled_in_is_on_the_first_screen_or_has_a_value() -> None:
    contract, folded = screen_contract(), []
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            form = contract.form(action_link(lifecycle, row).body_schema)
            for faces in (lifecycle.face.forms, lifecycle.face.portal_forms):
                face = faces.get(row.name) or USUAL_FORMS.get(row.name) or FormFace()
                layout = form_layout(faced_form(form, face), face)
                supplied = {face.sent_by, *chain.from_iterable(q.members for q in face.questions)}
                supplied |= {TITLE} if face.title_from else set()
                supplied |= {KEY} if key_source(form) else set()
                supplied |= {other for _, other in translated_fields(form) if other.endswith("_zh")}
                visible = {field.name for field in layout.fields} - {field.name for field in layout.folded}
                needed = {field.name for field in form.fields if field.required and not field.default_text}
                # A portal's form sends by itself through which channel it comes.
                hidden = needed - visible - supplied - face.defaults.keys() - {"channel"}
                folded += [f"{lifecycle.kind} {row.name}: {name}" for name in hidden]
    assert folded == []


@pytest.mark.parametrize("kind", ["incident", "change", "sla", "person"])
def test_every_possible_action_is_offered_in_one_place(kind: str) -> None:
    lifecycle = LIFECYCLES_BY_KIND[kind]
    for state in lifecycle.states:
        rows = lifecycle.leaving[state]
        offered = [OfferedAction(row.name, row.name, None, False, None, None) for row in rows]
        view = RecordView(lifecycle, {"id": "x", "state": state.value, "assignee": None}, "en")
        placed = placed_actions(view, offered, "me", (), has_reply_box=False)
        groups = (placed.quick, placed.menu, placed.dangerous, [placed.primary] if placed.primary else [])
        names = [action.name for group in groups for action in group]
        assert sorted(names) == sorted(row.name for row in rows), state
        assert placed.primary is None or not lifecycle.face.is_dangerous(placed.primary.name)
        last = [row.name for row in rows][-1:]
        awaited = placed_actions(view, offered, "me", (), has_reply_box=False, awaited=last).primary
        assert awaited is None or awaited.name in last, "the action that waits for the reader leads"
        assert placed.takes == (kind == "incident" and state.value in ("new", "acknowledged", "in_progress"))


TWO_PERSONS = [kind for kind in LIFECYCLES if AWAITS_AGREEMENT in kind.record.__annotations__]


@pytest.mark.parametrize("kind", [lifecycle.kind for lifecycle in TWO_PERSONS])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_waits_for_a_second_person_says_so_and_asks_for_the_agreement(kind: str, language: str) -> None:
    lifecycle = LIFECYCLES_BY_KIND[kind]
    waits = sentences(language)["desk"]["awaits_agreement"]
    for state in lifecycle.states:
        offered = [OfferedAction(row.name, row.name, None, False, None, None) for row in lifecycle.rows]
        for flag in (True, None):
            record = {"id": "x", "state": state.value, AWAITS_AGREEMENT: flag}
            view = RecordView(lifecycle, record, language)
            placed = placed_actions(view, offered, "me", (), has_reply_box=False)
            is_first = placed.primary is not None and placed.primary.name == AGREE
            assert (waits in state_label(lifecycle, record, language), is_first) == (bool(flag),) * 2, state
            assert (state_tone(lifecycle, record) == "waiting") is bool(flag)


def test_the_first_button_ends_nothing_and_sends_back_only_if_nothing_leads_on() -> None:
    for lifecycle in LIFECYCLES:
        for state in lifecycle.states:
            rows = [row for row in lifecycle.rows if not row.opens and row.is_open_in(state)]
            offered = [OfferedAction(row.name, row.name, None, False, None, None) for row in rows]
            view = RecordView(lifecycle, {"id": "x", "state": state.value}, "en")
            primary = placed_actions(view, offered, None, (), has_reply_box=False).primary
            named = lifecycle.face.primary.get(state.value, ())
            if primary is not None and primary.name not in named:
                assert primary.name != "merge"
                assert not lifecycle.face.is_dangerous(primary.name)
                next_names = {row.name for row in rows if not row.stays} - SENDS_BACK
                leads_on = any(not lifecycle.face.is_dangerous(name) for name in next_names)
                assert primary.name not in SENDS_BACK or not leads_on, (lifecycle.kind, state)


def test_an_answer_stands_for_several_members_and_a_text_for_its_title() -> None:
    face = LIFECYCLES_BY_KIND["incident"].face.portal_forms["report"]
    sent = {
        "/how_bad": ["team_stopped"],
        "/impact": ["1"],
        "/description": ["\nThe door is stuck.\nIt squeaks."],
    }
    completed = with_answers(Form(()), face, sent)
    assert (completed["/impact"], completed["/urgency"], completed["/effect"]) == (["1"], ["1"], ["down"])
    assert completed["/title"] == ["The door is stuck."]
    long = title_of("word " * 60)
    assert (len(long) <= 120, long.endswith("word…")) == (True, True)
