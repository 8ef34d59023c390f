"""Bodies that the contract allows go into a form and come back: no database, no browser."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.desk.forms.fields import FieldKind, FormField, form_of
from app.desk.forms.inputs import to_body, to_inputs, without_blank_rows
from tests.cases import each_case
from tests.contract.answers import as_written
from tests.contract.instances import edges
from tests.contract.test_as_strict import bodies, named
from tests.selection import covering

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
Schema = dict[str, Any]

VISIT: Schema = {
    "type": "object",
    "required": ["title", "at"],
    "properties": {
        "title": {"type": "string", "maxLength": 200, "x-label": {"en": "Title", "zh": "标题"}},
        "reason": {"type": ["string", "null"], "maxLength": 20_000},
        "at": {"type": "string", "format": "date-time"},
        "people": {"type": ["integer", "null"]},
        "urgent": {"type": "boolean"},
        "keys": {"type": "array", "items": {"type": "string"}},
        "steps": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "owner": {"type": "string"},
                    "hours": {"type": "array", "items": {"type": "integer"}},
                },
            },
        },
        "scope": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "x-label": {"en": "Scope", "zh": "范围"},
        },
        "custom": {"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean"]}},
    },
}
FIELDS = form_of({}, VISIT).fields


def body_of(inputs: dict[str, list[str]], zone: ZoneInfo = SHANGHAI) -> dict[str, Any]:
    return to_body(FIELDS, inputs, zone)


def test_fields_are_filled_in_as_their_values_are() -> None:
    assert {field.name: field.kind for field in FIELDS} == {
        "title": FieldKind.line,
        "reason": FieldKind.paragraph,
        "at": FieldKind.instant,
        "people": FieldKind.integer,
        "urgent": FieldKind.truth,
        "keys": FieldKind.lines,
        "steps": FieldKind.rows,
        "scope": FieldKind.pairs,
        "custom": FieldKind.pairs,
    }
    assert [field.name for field in FIELDS if field.required] == ["title", "at"]
    assert (FIELDS[0].text("zh"), FIELDS[3].text("en")) == ("标题", "people")


def test_the_value_of_a_name_is_called_as_the_field_is_of_which_it_is_one() -> None:
    (scope,) = (field for field in FIELDS if field.name == "scope")
    assert [field.text("zh") for field in scope.inner_fields] == ["范围"]


@each_case(
    ("inputs", "body"),
    [
        ({}, {}),
        ({"/title": [""], "/people": [""]}, {}),
        ({"/title": ["A visit"], "unknown": ["x"]}, {"title": "A visit"}),
        ({"/reason": ["one\r\ntwo"]}, {"reason": "one\ntwo"}),
        ({"/at": ["2026-03-02T09:30"]}, {"at": "2026-03-02T01:30:00Z"}),
        ({"/at": ["2026-03-02T09:30:00Z"]}, {"at": "2026-03-02T09:30:00Z"}),
        ({"/at": ["soon"]}, {"at": "soon"}),
        ({"/people": ["12"]}, {"people": 12}),
        ({"/people": ["a dozen"]}, {"people": "a dozen"}),
        ({"/people": [""], "given": ["/people"]}, {"people": None}),
        ({"/urgent": ["false"]}, {"urgent": False}),
        ({"/keys": ["7\r\n\r\n9\r\n"]}, {"keys": ["7", "9"]}),
        ({"/keys": [""], "given": ["/keys"]}, {"keys": []}),
        (
            {"/steps/3/owner": ["Ann"], "/steps/1/hours": ["1\n2"]},
            {"steps": [{"hours": [1, 2]}, {"owner": "Ann"}]},
        ),
        ({"/steps/0/owner": [""], "/steps/1/owner": ["Ann"]}, {"steps": [{"owner": "Ann"}]}),
        (
            {"/steps/0/owner": [""], "/steps/1/owner": ["Ann"], "given": ["/steps/0"]},
            {"steps": [{}, {"owner": "Ann"}]},
        ),
        ({"/steps/-1/owner": ["x"], "/steps/9999999/owner": ["x"], "/steps/a/owner": ["x"]}, {}),
        ({"/scope/0/name": ["team"], "/scope/0/value": ["a\nb"]}, {"scope": {"team": ["a", "b"]}}),
        ({"/custom/0/name": ["floor"], "/custom/0/value": ["7"]}, {"custom": {"floor": 7}}),
        ({"/custom/0/name": ["floor"], "/custom/0/value": ['"7"']}, {"custom": {"floor": "7"}}),
        ({"/custom/0/name": ["floor"], "/custom/0/value": ["the 7th"]}, {"custom": {"floor": "the 7th"}}),
    ],
)
def test_inputs_stand_for_a_body(inputs: dict[str, list[str]], body: dict[str, Any]) -> None:
    assert body_of(inputs) == body


@each_case(
    ("inputs", "numbered"),
    [
        ({"/steps/1/owner": ["Ann"]}, {"/steps/0/owner": ["Ann"]}),
        (
            {
                "/steps/0/owner": [""],
                "/steps/2/owner": ["Ann"],
                "kept:/steps/2/owner": ["7 Ann"],
                "/at": ["x"],
            },
            {"/steps/0/owner": ["Ann"], "kept:/steps/0/owner": ["7 Ann"], "/at": ["x"]},
        ),
        (
            {
                "/steps/0/owner": [""],
                "/steps/1/hours": [""],
                "/steps/2/owner": ["Ann"],
                "given": ["/steps/1"],
            },
            {"/steps/0/hours": [""], "/steps/1/owner": ["Ann"], "given": ["/steps/0"]},
        ),
        ({"/steps/0/owner": [""], "/steps/1/hours": [""]}, {}),
    ],
)
def test_rows_have_the_numbers_that_they_have_in_the_body(
    inputs: dict[str, list[str]], numbered: dict[str, list[str]]
) -> None:
    assert without_blank_rows(FIELDS, inputs, SHANGHAI) == numbered
    assert body_of(numbered) == body_of(inputs)


def test_a_list_that_is_asked_for_and_may_be_empty_is_left_blank() -> None:
    lists: dict[str, Any] = {
        name: {"type": "array", "items": {"type": "string"}} for name in ("told", "left_out")
    }
    lists["filled"] = {**lists["told"], "minItems": 1}
    fields = form_of({}, {"type": "object", "required": ["told", "filled"], "properties": lists}).fields
    assert to_body(fields, {}, SHANGHAI) == {"told": []}


@pytest.mark.parametrize("hour", ["00", "01"])
def test_a_time_that_the_clock_shows_twice_comes_back_as_it_was(hour: str) -> None:
    """In Berlin the 25th of October 2026 has the hour from 2 to 3 twice."""
    body = {"at": f"2026-10-25T{hour}:30:00Z"}
    assert _alike(body_of(to_inputs(FIELDS, body, BERLIN), BERLIN)) == _alike(body)


def _kinds(case: tuple[str, Schema]) -> set[tuple[FieldKind, bool]]:
    """Of what kinds its fields are, and those within them; whether each is within another."""

    def of(fields: tuple[FormField, ...], *, within: bool) -> set[tuple[FieldKind, bool]]:
        inner = (of(field.inner_fields, within=True) for field in fields)
        return {(field.kind, within) for field in fields}.union(*inner)

    return of(form_of(as_written(), case[1]).fields, within=False)


@each_case(("name", "schema"), covering(bodies(), _kinds), ids=named)
def test_a_body_that_the_contract_allows_comes_back_from_its_form(name: str, schema: Schema) -> None:
    fields = form_of(as_written(), schema).fields
    for body in edges(schema):
        if body is not None:
            inputs = to_inputs(fields, body, SHANGHAI)
            assert all(isinstance(text, str) for texts in inputs.values() for text in texts)
            assert _alike(to_body(fields, inputs, SHANGHAI)) == _alike(body), name


def _alike(value: Any) -> Any:
    """The value, with what means the same written alike: instants, numbers as texts, ends of lines,
    nothing at all.
    """
    if isinstance(value, dict):
        return {name: _alike(part) for name, part in value.items()} or None
    if isinstance(value, list):
        return [_alike(part) for part in value] or None
    if not isinstance(value, str):
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    try:
        instant = datetime.fromisoformat(value.upper().replace(" ", "T"))
    except ValueError:
        return value.replace("\r\n", "\n").strip() or None
    return value if instant.tzinfo is None else instant.astimezone(UTC)


def test_every_field_of_the_contract_can_be_filled_in() -> None:
    kinds: Counter[FieldKind] = Counter()

    def count(fields: tuple[FormField, ...]) -> None:
        for field in fields:
            kinds[field.kind] += 1
            count(field.inner_fields)

    for _, schema in bodies():
        count(form_of(as_written(), schema).fields)
    assert kinds.keys() == set(FieldKind) - {FieldKind.role}, "roles are chosen on pages only"
    assert kinds[FieldKind.anything] < kinds.total() / 100, "such fields are filled in as JSON, by nobody"
