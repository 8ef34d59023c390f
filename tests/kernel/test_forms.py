"""Forms: which JSON Schemas are some, which answers fit one, and that no schema can do harm."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]  # it ships none
from pydantic import ValidationError

from app.common.personal import PersonalKey, is_encrypted
from app.foundation.services.items import EXAMPLE_FORM
from app.kernel.actions import forms
from app.kernel.actions import payloads as bodies
from app.kernel.actions.forms import Answers, InvalidForm, check_form, read_answers, validate_answers
from app.kernel.actions.payloads import Payload, has_personal_text
from app.log.ids import uuid7
from tests.cases import each_case

SITE = {"type": "string", "enum": ["a"]}
LABEL = {"en": "What", "zh": "什么"}


def a_form(**fields: Any) -> dict[str, Any]:
    """A form with these fields, each with a label."""
    labelled = {name: {"x-label": LABEL, **schema} for name, schema in fields.items()}
    return {"type": "object", "properties": labelled, "x-order": list(fields)}


def refused(form: dict[str, Any]) -> tuple[str, str]:
    """Where and why it is no form."""
    with pytest.raises(InvalidForm) as caught:
        check_form(form)
    return caught.value.fault.pointer, caught.value.fault.because


def test_a_form_is_a_flat_object_with_labels_and_an_order() -> None:
    check_form(EXAMPLE_FORM)
    assert refused({"type": "array"}) == ("/form/type", "form_is_an_object")
    assert refused({"type": "object", "properties": {}}) == ("/form/properties", "form_has_fields")
    assert refused(a_form(a={"type": "string", "x-label": {"en": "A"}})) == (
        "/form/properties/a/x-label",
        "form_labels",
    )
    assert refused(a_form(a={"type": "string"}) | {"x-order": ["b"]}) == (
        "/form/x-order",
        "form_orders_fields",
    )
    assert refused(a_form(a={"type": "string"}) | {"required": ["b"]}) == (
        "/form/required",
        "form_names_fields",
    )
    assert refused(a_form(a={"type": "string"}) | {"additionalProperties": True}) == (
        "/form/additionalProperties",
        "form_is_closed",
    )
    assert refused(a_form(a={"type": "object", "properties": {}}))[0] == "/form/properties/a/type"
    nested = a_form(a={"type": "array", "items": {"type": "array", "items": {"type": "string"}}})
    assert refused(nested)[0] == "/form/properties/a/items/type"


def test_a_field_may_be_asked_for_only_with_answers_to_an_earlier_one() -> None:
    site = {"type": "string", "enum": ["a", "b"]}
    desk = {"type": "string", "x-only-with": {"field": "site", "values": ["b"]}}
    lamp = {"type": "boolean", "x-only-with": {"field": "desk", "values": ["x"]}}
    form = a_form(site=site, desk=desk) | {"required": ["site", "desk"]}
    check_form(form)

    def faults(**answers: Any) -> list[tuple[str, str]]:
        return [(fault.pointer, fault.because) for fault in validate_answers(form, answers)]

    assert faults(site="a") == []
    assert faults(site="b") == [("/form_answers/desk", "missing")]
    assert faults(site="a", desk="1") == [("/form_answers/desk", "answer_not_asked")]
    assert faults(site="b", desk="1") == []
    place = "/form/properties/desk/x-only-with"
    wrong: list[tuple[Any, str, str]] = [
        ("site", place, "form_condition"),
        ({"field": "site"}, place, "form_condition"),
        ({"field": "desk", "values": ["b"]}, f"{place}/field", "form_condition_field"),
        ({"field": "lamp", "values": [True]}, f"{place}/field", "form_condition_field"),
        ({"field": "site", "values": []}, f"{place}/values", "form_condition_values"),
        ({"field": "site", "values": ["c"]}, f"{place}/values", "form_condition_values"),
        ({"field": "site", "values": [["a"]]}, f"{place}/values", "form_condition_values"),
    ]
    for condition, pointer, because in wrong:
        schema = a_form(site=site, desk={**desk, "x-only-with": condition}, lamp={"type": "boolean"})
        assert refused(schema) == (pointer, because)
    assert refused(a_form(desk={"type": "string"}, lamp=lamp))[1] == "form_condition_values"
    several = a_form(
        sites={"type": "array", "items": site},
        desk=desk | {"x-only-with": {"field": "sites", "values": ["b"]}},
        lamp={"type": "boolean", "x-only-with": {"field": "sites", "values": ["a"]}},
    )
    check_form(several)
    assert validate_answers(several, {"sites": ["a", "b"], "desk": "1", "lamp": True}) == []


def deep(levels: int) -> dict[str, Any]:
    """A schema so deep."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


def bomb(levels: int) -> dict[str, Any]:
    """A schema that is tried in twice as many ways with each level."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"anyOf": [schema, schema], "allOf": [schema, schema]}
    return schema


@each_case(
    "schema",
    [
        {"$ref": "https://example.org/schema.json"},
        {"$ref": "#"},
        {"$dynamicRef": "#a"},
        {"$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"$id": "https://example.org/"},
        {"allOf": [{"$ref": "#"}]},
        {"if": {}, "then": {}},
        {"not": {}},
        {"patternProperties": {"^(a+)+$": {}}},
        {"unevaluatedProperties": False},
        {"multipleOf": 0},
        {"contentMediaType": "application/json"},
        bomb(30),
        {"type": "array", "items": deep(5_000)},
        {"format": "regex"},
        {"pattern": "(?=a)b"},
        {"pattern": r"(a)\1"},
        {"pattern": "((a{500}){500}){500}"},
        {"pattern": "a" * 201},
        {"pattern": "(a"},
        {"enum": [str(n) for n in range(201)]},
        {"enum": ["a", "a"]},
        {"enum": [{"a": 1}]},
        {"enum": []},
        {"minLength": -1},
        {"maxLength": 10**9},
        {"maxLength": 1.5},
        {"maxLength": True},
        {"x-help": {"en": "a" * 2_000, "zh": "a"}},
        {"x-label": {"en": "\x00", "zh": "\ud800"}},
        {"\ud800": 1},
    ],
)
def test_what_could_do_harm_is_no_form(schema: dict[str, Any]) -> None:
    pointer, _ = refused(a_form(a={"type": "string", **schema}))
    assert pointer.startswith("/form/properties/a")
    pointer.encode()


def test_a_form_is_bounded_in_its_fields_and_in_all() -> None:
    assert refused(a_form(**{f"a{n}": {"type": "string"} for n in range(51)})) == (
        "/form/properties",
        "too_long",
    )
    help_ = {"en": "字" * 1_000, "zh": "字" * 1_000}
    long = {"type": "string", "x-help": help_}
    assert refused(a_form(**{f"a{n}": long for n in range(30)})) == ("/form", "form_too_large")


def test_a_pattern_that_others_would_try_for_ever_is_matched_in_one_go() -> None:
    form = a_form(a={"type": "string", "pattern": "^(a+)+$"})
    check_form(form)
    assert validate_answers(form, {"a": "a" * 10_000}) == []
    (fault,) = validate_answers(form, {"a": "a" * 10_000 + "b"})
    assert (fault.pointer, fault.because) == ("/form_answers/a", "string_pattern_mismatch")


def test_what_is_wrong_with_answers_is_said_at_each_of_them_in_the_order_of_the_form() -> None:
    form = a_form(
        why={"type": "string", "minLength": 3},
        mail={"type": "string", "format": "email"},
        until={"type": "string", "format": "date"},
        number={"type": "integer", "minimum": 1, "exclusiveMaximum": 4},
        sites={
            "type": "array",
            "items": {"type": "string", "enum": ["a"]},
            "maxItems": 2,
            "uniqueItems": True,
        },
    )
    form |= {"required": ["mail", "why"]}
    check_form(form)
    body = {"until": "2026-02-30", "number": 4, "sites": ["a", "a", "x"], "z/z": 1, "why": "a"}
    assert [(fault.pointer, fault.because) for fault in validate_answers(form, body)] == [
        ("/form_answers/why", "string_too_short"),
        ("/form_answers/mail", "missing"),
        ("/form_answers/until", "answer_date"),
        ("/form_answers/number", "answer_less"),
        ("/form_answers/sites", "too_long"),
        ("/form_answers/sites", "each_once"),
        ("/form_answers/sites/2", "enum"),
        ("/form_answers/z~1z", "extra_forbidden"),
    ]
    assert (
        validate_answers(form, {"mail": "ada@example.org", "why": "work", "number": 3, "sites": ["a"]}) == []
    )


def test_the_same_form_is_compiled_once_and_so_many_are_kept() -> None:
    forms._validator_cache.clear()
    for n in range(forms.MOST_CACHED + 5):
        validate_answers(a_form(a={"type": "string", "maxLength": n}), {})
    assert len(forms._validator_cache) == forms.MOST_CACHED
    validators = list(forms._validator_cache.values())
    validate_answers(a_form(a={"maxLength": forms.MOST_CACHED, "type": "string"}), {})
    assert set(map(id, forms._validator_cache.values())) == set(map(id, validators))


class Ask(Payload):
    """Something with answers."""

    form_answers: Answers


def test_answers_are_kept_as_one_encrypted_text() -> None:
    body = Ask.model_validate({"form_answers": {"b": "为什么", "a": [1, 2.5, None, True]}})
    assert read_answers(body.form_answers) == {"a": [1, 2.5, None, True], "b": "为什么"}
    assert body == Ask.model_validate({"form_answers": {"a": [1, 2.5, None, True], "b": "为什么"}})
    assert has_personal_text(body)
    key = PersonalKey(uuid7(), bytes(32))
    form_answers = bodies.to_event_data(body, {}, key.encrypt)["form_answers"]
    assert is_encrypted(form_answers)
    assert "为什么" not in form_answers
    assert read_answers(key.decrypt(form_answers) or "") == read_answers(body.form_answers)


@each_case(
    "said",
    [
        [],
        "{}",
        {"a": {"b": 1}},
        {"a": [[1]]},
        {"a": deep(5_000)},
        {"a": math.nan},
        {"a": math.inf},
        {"a": 2**53},
        {"a": "\x00"},
        {"a": "\ud800"},
        {"\ud800": 1},
        {"a": "字" * 7_000},
        {str(n): 1 for n in range(51)},
        {"a": [1] * 101},
    ],
)
def test_answers_are_flat_and_bounded(said: Any) -> None:
    with pytest.raises(ValidationError):
        Ask.model_validate({"form_answers": said})


texts = st.text("abé字 -2", max_size=4)
numbers = st.integers(-5, 5)
patterns = st.sampled_from(["^a", "b$", "^[ab]+$", "a{2,3}", "^(a|b)*$", "^(a+)+$"])


def bounds(low: str, high: str, values: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={low: values, high: values})


def choices(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={"enum": st.lists(values, min_size=1, max_size=3, unique=True)})


def put_together(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda drawn: {key: value for part in drawn for key, value in part.items()})


lengths = st.integers(0, 4)
simple = st.one_of(
    put_together(
        st.just({"type": "string"}),
        bounds("minLength", "maxLength", lengths),
        st.fixed_dictionaries({}, optional={"pattern": patterns, "format": st.just("date")}),
        choices(st.sampled_from(["a", "ab", "bb", "é"])),
    ),
    put_together(
        st.sampled_from([{"type": "integer"}, {"type": "number"}]),
        bounds("minimum", "maximum", numbers),
        bounds("exclusiveMinimum", "exclusiveMaximum", numbers),
        choices(numbers),
    ),
    put_together(st.just({"type": "boolean"}), choices(st.booleans())),
)
lists = put_together(
    st.just({"type": "array"}),
    simple.map(lambda schema: {"items": schema}),
    bounds("minItems", "maxItems", lengths),
    st.fixed_dictionaries({}, optional={"uniqueItems": st.booleans()}),
)
names = st.sampled_from(["a", "b", "c/d", "e~f"])
values = st.one_of(
    texts,
    st.sampled_from(["a", "ab", "bb", "aab", "2026-02-28", "2026-02-30"]),
    numbers,
    st.booleans(),
    st.none(),
    st.sampled_from([0.5, -1.5, 2.0]),
)
many = st.one_of(values, st.lists(values, max_size=4))


@st.composite
def random_forms(draw: st.DrawFn) -> dict[str, Any]:
    form = a_form(**draw(st.dictionaries(names, st.one_of(simple, lists), min_size=1, max_size=4)))
    form["required"] = draw(st.lists(st.sampled_from(form["x-order"]), unique=True))
    return form


@given(random_forms(), st.dictionaries(names, many, max_size=4))
def test_answers_fit_where_another_validator_says_so_and_are_wrong_where_it_does(
    form: dict[str, Any], answers: dict[str, Any]
) -> None:
    check_form(form)
    oracle = Draft202012Validator(
        {**form, "additionalProperties": False}, format_checker=FormatChecker(["date"])
    )
    expected = set()
    for error in oracle.iter_errors(answers):
        path = list(error.absolute_path)
        if error.validator == "required":
            expected |= {(name,) for name in form["required"] if name not in answers}
        elif error.validator == "additionalProperties":
            expected |= {(name,) for name in answers if name not in form["properties"]}
        else:
            expected.add(tuple(path))
    faults = validate_answers(form, answers)
    found = {
        tuple(part.replace("~1", "/").replace("~0", "~") for part in fault.pointer.split("/")[2:])
        for fault in faults
    }
    assert found == {tuple(map(str, path)) for path in expected}
