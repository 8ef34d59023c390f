"""Forms of catalogue items: whether a JSON Schema is a valid form, and whether answers fit a form (pure).

A form is a flat object schema of JSON Schema, draft 2020-12, in a subset that is defined here. Other keywords
are refused when the form is created, so that no form can refer to another schema, recurse, nest or branch:
the time to check answers is bounded by their size. Patterns are matched in linear time.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError
from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.common.personal import Personal
from app.kernel.actions.payloads import LONGEST_LINE

DRAFT = "https://json-schema.org/draft/2020-12/schema"
LARGEST_FORM = 40_000
LARGEST_ANSWERS = 20_000
MOST_FIELDS = 50
MOST_CHOICES = 200
MOST_ENTRIES = 100
LONGEST_PATTERN = 200
LONGEST_HELP = 1_000
LONGEST_TEXT = 10_000
#: The largest whole number that every JSON client reads exactly (RFC 8785).
LARGEST_NUMBER = 2**53 - 1
#: The largest size in bytes of a compiled pattern, and of its cache during matching.
PATTERN_BYTES = 2**18
MOST_FAULTS = 50
MOST_CACHED = 256
_FORMATS = {"date": "answer_date", "date-time": "answer_date_time", "email": "answer_email"}
_TYPES = {
    "string": "answer_string",
    "integer": "answer_integer",
    "number": "answer_number",
    "boolean": "answer_boolean",
    "array": "answer_array",
}

_ROOT = {"$schema", "type", "properties", "required", "additionalProperties", "x-order"}
#: The keyword of a field that is asked for only with certain answers to another field.
CONDITION_KEYWORD = "x-only-with"
_COMMON_KEYWORDS = {"type", "x-label", "x-help", "enum", "x-enum-labels", CONDITION_KEYWORD}
_KEYWORDS_OF_TYPE: dict[str, set[str]] = {
    "string": {"minLength", "maxLength", "pattern", "format"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set(),
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
}
_LENGTHS = {
    "minLength": LONGEST_TEXT,
    "maxLength": LONGEST_TEXT,
    "minItems": MOST_ENTRIES,
    "maxItems": MOST_ENTRIES,
}


@dataclass(frozen=True)
class FormFault:
    """A fault of a form or an answer: where it is (JSON Pointer), the code of a message and its arguments."""

    pointer: str
    because: str
    words: dict[str, str] = field(default_factory=dict)


class InvalidForm(Exception):
    """A JSON Schema is not a valid form."""

    def __init__(self, pointer: str, because: str, **words: str) -> None:
        super().__init__(f"{pointer}: {because}")
        self.fault = FormFault(pointer, because, words)


def check_form(form: dict[str, Any], within: str = "/form") -> None:
    """Raise InvalidForm unless the JSON Schema is a valid form; the error's pointer begins with `within`."""
    _keywords(form, _ROOT, within)
    _require(form.get("type") == "object", f"{within}/type", "form_is_an_object")
    _require(form.get("$schema", DRAFT) == DRAFT, f"{within}/$schema", "form_draft", draft=DRAFT)
    closed = form.get("additionalProperties", False) is False
    _require(closed, f"{within}/additionalProperties", "form_is_closed")
    fields = form.get("properties")
    if not isinstance(fields, dict) or not fields:
        raise InvalidForm(f"{within}/properties", "form_has_fields")
    _require(len(fields) <= MOST_FIELDS, f"{within}/properties", "too_long", max_length=str(MOST_FIELDS))
    for name, schema in fields.items():
        pointer = f"{within}/properties/{escaped(name)}"
        _require(0 < len(name) <= LONGEST_LINE and _is_line(name), pointer, "one_line")
        _field(schema, pointer)
    required = form.get("required", [])
    _require(
        _is_name_list(required) and set(required) <= fields.keys(), f"{within}/required", "form_names_fields"
    )
    order = form.get("x-order", list(fields))
    _require(_is_name_list(order) and set(order) == fields.keys(), f"{within}/x-order", "form_orders_fields")
    for n, name in enumerate(order):
        if CONDITION_KEYWORD in fields[name]:
            pointer = f"{within}/properties/{escaped(name)}/{CONDITION_KEYWORD}"
            _only_with(
                fields[name][CONDITION_KEYWORD], {other: fields[other] for other in order[:n]}, pointer
            )
    # Checked last, as only now the form is known to be shallow.
    _require(len(canonical_json(form)) <= LARGEST_FORM, within, "form_too_large", most=str(LARGEST_FORM))


def _field(schema: Any, pointer: str) -> None:
    if not isinstance(schema, dict):
        raise InvalidForm(pointer, "dict_type")
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _KEYWORDS_OF_TYPE:
        raise InvalidForm(f"{pointer}/type", "enum", expected=", ".join(_KEYWORDS_OF_TYPE))
    _keywords(schema, _COMMON_KEYWORDS | _KEYWORDS_OF_TYPE[kind], pointer)
    _labels(schema.get("x-label"), f"{pointer}/x-label", LONGEST_LINE)
    if "x-help" in schema:
        _labels(schema["x-help"], f"{pointer}/x-help", LONGEST_HELP)
    if kind == "array":
        _items(schema.get("items"), f"{pointer}/items")
    _values(schema, kind, pointer)


def _only_with(condition: Any, earlier: dict[str, Any], pointer: str) -> None:
    """Check a condition: it names one of the earlier fields, and choices of it. Raises InvalidForm."""
    if not isinstance(condition, dict) or condition.keys() != {"field", "values"}:
        raise InvalidForm(pointer, "form_condition")
    name, values = condition["field"], condition["values"]
    _require(isinstance(name, str) and name in earlier, f"{pointer}/field", "form_condition_field")
    schema = earlier[name].get("items", earlier[name])
    choices = [False, True] if schema["type"] == "boolean" else schema.get("enum", [])
    typed_choices = {(type(choice), choice) for choice in choices}
    fits = isinstance(values, list) and bool(values) and all(isinstance(v, str | int) for v in values)
    _require(
        fits and {(type(v), v) for v in values} <= typed_choices, f"{pointer}/values", "form_condition_values"
    )


def _items(schema: Any, pointer: str) -> None:
    """Check the schema of a list's entries: they are simple, no lists, and have no labels but the field's."""
    if not isinstance(schema, dict):
        raise InvalidForm(pointer, "dict_type")
    kind = schema.get("type")
    simple = [name for name in _KEYWORDS_OF_TYPE if name != "array"]
    if kind not in simple:
        raise InvalidForm(f"{pointer}/type", "enum", expected=", ".join(simple))
    _keywords(schema, {"type", "enum", "x-enum-labels"} | _KEYWORDS_OF_TYPE[kind], pointer)
    _values(schema, kind, pointer)


def _values(schema: dict[str, Any], kind: str, pointer: str) -> None:
    """Check the values of a JSON Schema's keywords; `pointer` is the field's pointer. Raises InvalidForm."""
    for keyword, most in _LENGTHS.items():
        value = schema.get(keyword, 0)
        _require(
            _is_whole_number(value) and 0 <= value <= most,
            f"{pointer}/{keyword}",
            "form_length",
            most=str(most),
        )
    for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        value = schema.get(keyword, 0)
        fits = _is_whole_number(value) and abs(value) <= LARGEST_NUMBER
        _require(fits, f"{pointer}/{keyword}", "number_too_large", most=str(LARGEST_NUMBER))
    _require(isinstance(schema.get("uniqueItems", True), bool), f"{pointer}/uniqueItems", "bool_parsing")
    value = schema.get("format", "date")
    _require(
        isinstance(value, str) and value in _FORMATS,
        f"{pointer}/format",
        "enum",
        expected=", ".join(_FORMATS),
    )
    if "pattern" in schema:
        _pattern(schema["pattern"], f"{pointer}/pattern")
    if "enum" in schema:
        _choices(schema, kind, pointer)
    else:
        _require("x-enum-labels" not in schema, f"{pointer}/x-enum-labels", "form_labels_choices")


def _pattern(pattern: Any, pointer: str) -> None:
    if not isinstance(pattern, str) or not _is_unicode(pattern):
        raise InvalidForm(pointer, "string_type")
    _require(len(pattern) <= LONGEST_PATTERN, pointer, "string_too_long", max_length=str(LONGEST_PATTERN))
    try:
        _compiled({"pattern": pattern})
    except (ValidationError, ValueError):
        raise InvalidForm(pointer, "form_pattern") from None


def _choices(schema: dict[str, Any], kind: str, pointer: str) -> None:
    choices, labels = schema["enum"], schema.get("x-enum-labels")
    if not isinstance(choices, list) or not 0 < len(choices) <= MOST_CHOICES or kind == "array":
        raise InvalidForm(f"{pointer}/enum", "form_choices", most=str(MOST_CHOICES))
    fits: dict[str, Callable[[Any], bool]] = {
        "string": lambda choice: isinstance(choice, str) and len(choice) <= LONGEST_LINE and _is_line(choice),
        "boolean": lambda choice: isinstance(choice, bool),
        "integer": lambda choice: _is_whole_number(choice) and abs(choice) <= LARGEST_NUMBER,
        "number": lambda choice: _is_whole_number(choice) and abs(choice) <= LARGEST_NUMBER,
    }
    for n, choice in enumerate(choices):
        _require(fits[kind](choice), f"{pointer}/enum/{n}", "form_choice", kind=kind)
    _require(
        len({(type(choice), choice) for choice in choices}) == len(choices), f"{pointer}/enum", "each_once"
    )
    if labels is None:
        return
    if not isinstance(labels, list) or len(labels) != len(choices):
        raise InvalidForm(f"{pointer}/x-enum-labels", "form_labels_choices")
    for n, label in enumerate(labels):
        _labels(label, f"{pointer}/x-enum-labels/{n}", LONGEST_LINE)


def _labels(labels: Any, pointer: str, longest: int) -> None:
    if not isinstance(labels, dict) or labels.keys() != {"en", "zh"}:
        raise InvalidForm(pointer, "form_labels")
    for text in labels.values():
        fits = isinstance(text, str) and len(text.strip()) > 0 and len(text) <= longest and _is_line(text)
        _require(fits, pointer, "form_labels")


def _keywords(schema: dict[str, Any], allowed: set[str], pointer: str) -> None:
    unknown = sorted(name for name in schema if name not in allowed)
    if unknown:
        name = unknown[0][:LONGEST_LINE].encode("utf-8", "replace").decode()
        raise InvalidForm(f"{pointer}/{escaped(name)}", "form_keyword", known=", ".join(sorted(allowed)))


def _is_name_list(value: Any) -> bool:
    return (
        isinstance(value, list) and all(isinstance(n, str) for n in value) and len(set(value)) == len(value)
    )


def _require(right: bool, pointer: str, because: str, **words: str) -> None:
    if not right:
        raise InvalidForm(pointer, because, **words)


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_unicode(text: str) -> bool:
    """Return whether UTF-8 and PostgreSQL can hold the text."""
    return not any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in text)


def _is_line(text: str) -> bool:
    return _is_unicode(text) and not any(sign < " " or sign == "\x7f" for sign in text)


def escaped(part: str) -> str:
    """Return the text escaped as a part of a JSON Pointer (RFC 6901)."""
    return part.replace("~", "~0").replace("/", "~1")


def canonical_json(value: Any) -> str:
    """Return the value as JSON text that is equal for equal values, whatever the order of their keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _encrypt_answers(answers: Any) -> str:
    """Return the answers as the JSON text that is encrypted. They must be flat, so no deep structure is ever
    traversed. Raises PydanticCustomError.
    """
    if not isinstance(answers, dict):
        raise PydanticCustomError("dict_type", "must be a JSON object")
    lists = [value for value in answers.values() if isinstance(value, list)]
    if len(answers) > MOST_FIELDS or any(len(value) > MOST_ENTRIES for value in lists):
        raise PydanticCustomError("answers_too_large", "too many answers", {"most": str(LARGEST_ANSWERS)})
    values = [value for value in answers.values() if not isinstance(value, list)]
    values += [value for entries in lists for value in entries]
    if not all(_is_simple(value) for value in (*answers, *values)):
        raise PydanticCustomError("answers_are_simple", "must be simple values, or lists of them")
    text = canonical_json(answers)
    if len(text.encode()) > LARGEST_ANSWERS:
        raise PydanticCustomError("answers_too_large", "too large", {"most": str(LARGEST_ANSWERS)})
    return text


def _is_simple(value: Any) -> bool:
    if isinstance(value, str):
        return _is_unicode(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return (
        value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= LARGEST_NUMBER)
    )


#: The answers to a form. They may be personal: they are stored as one JSON text, encrypted under the key of
#: the person who answers, and unreadable once that person is erased. `read_answers` parses the text.
Answers = Annotated[
    str,
    BeforeValidator(_encrypt_answers),
    Personal(),
    WithJsonSchema({"type": "object", "maxProperties": MOST_FIELDS, "additionalProperties": True}),
]


def read_answers(text: str) -> dict[str, Any]:
    """Return the answers in the text of an `Answers` field."""
    answers: dict[str, Any] = json.loads(text)
    return answers


def validate_answers(
    form: dict[str, Any], answers: dict[str, Any], within: str = "/form_answers"
) -> list[FormFault]:
    """Return the faults in the answers to a form that `check_form` has passed, in the order of the form's
    fields, at most 50; empty if the answers are valid. `answers` are such as an `Answers` field accepts.
    """
    faults: list[FormFault] = []
    for error in _validator(form).iter_errors(answers):
        faults += _faults(form, answers, error, within)
        if len(faults) >= MOST_FAULTS:
            break
    for name in answers:
        if name in form["properties"] and not is_field_asked(form, answers, name):
            faults.append(FormFault(f"{within}/{escaped(name)}", "answer_not_asked"))
    order = {escaped(name): n for n, name in enumerate(ordered_fields(form))}

    def field_position(fault: FormFault) -> int:
        return order.get(fault.pointer.removeprefix(f"{within}/").partition("/")[0], len(order))

    # A dictionary, since two errors about the same missing field yield the same fault.
    once = {(fault.pointer, fault.because): fault for fault in faults[:MOST_FAULTS]}
    return sorted(once.values(), key=field_position)


def ordered_fields(form: dict[str, Any]) -> list[str]:
    """Return the names of the fields in the order in which the form shows them."""
    order: list[str] = form.get("x-order") or sorted(form["properties"])
    return order


def is_field_asked(form: dict[str, Any], answers: dict[str, Any], name: str) -> bool:
    """Return whether the field is asked for with these answers: those that it depends on are given."""
    condition = form["properties"][name].get(CONDITION_KEYWORD)
    if condition is None:
        return True
    answer = answers.get(condition["field"])
    chosen = [(type(each), each) for each in (answer if isinstance(answer, list) else [answer])]
    is_chosen = any((type(value), value) in chosen for value in condition["values"])
    return is_chosen and is_field_asked(form, answers, condition["field"])


def _faults(
    form: dict[str, Any], answers: dict[str, Any], error: ValidationError, within: str
) -> Iterator[FormFault]:
    path, keyword = list(error.instance_path), error.schema_path[-1]
    fields: dict[str, Any] = form["properties"]
    if keyword == "required":
        for name in form["required"]:
            if name not in answers and is_field_asked(form, answers, name):
                yield FormFault(f"{within}/{escaped(name)}", "missing")
        return
    if keyword == "additionalProperties":
        for name in answers:
            if name not in fields:
                words = {"known": ", ".join(ordered_fields(form))}
                yield FormFault(f"{within}/{escaped(name)}", "extra_forbidden", words)
        return
    schema = fields[str(path[0])]
    if len(path) > 1:
        schema = schema["items"]
    pointer = within + "".join(f"/{escaped(str(part))}" for part in path)
    yield FormFault(pointer, *_message_of(str(keyword), schema))


def _message_of(keyword: str, schema: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the code of the message about a keyword that an answer violates, and the message's arguments."""
    limit = schema[keyword]
    match keyword:
        case "type":
            return _TYPES[limit], {}
        case "enum":
            return "enum", {"expected": ", ".join(str(choice) for choice in limit[:MOST_FAULTS])}
        case "format":
            return _FORMATS[limit], {}
        case "pattern":
            return "string_pattern_mismatch", {"pattern": limit}
        case "uniqueItems":
            return "each_once", {}
        case _:
            code, name = _BOUNDS[keyword]
            return code, {name: str(limit)}


_BOUNDS = {
    "minLength": ("string_too_short", "min_length"),
    "maxLength": ("string_too_long", "max_length"),
    "minItems": ("too_short", "min_length"),
    "maxItems": ("too_long", "max_length"),
    "minimum": ("greater_than_equal", "ge"),
    "maximum": ("less_than_equal", "le"),
    "exclusiveMinimum": ("answer_more", "than"),
    "exclusiveMaximum": ("answer_less", "than"),
}

_validator_cache: OrderedDict[str, Draft202012Validator] = OrderedDict()


def _validator(form: dict[str, Any]) -> Draft202012Validator:
    """Return the compiled validator of the form, cached for the forms used most recently."""
    name = sha256(canonical_json(form).encode()).hexdigest()
    validator = _validator_cache.get(name)
    if validator is None:
        validator = _compiled({**form, "additionalProperties": False})
        while len(_validator_cache) >= MOST_CACHED:
            _validator_cache.popitem(last=False)
    _validator_cache[name] = validator
    _validator_cache.move_to_end(name)
    return validator


def _compiled(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(
        schema,
        validate_formats=True,
        ignore_unknown_formats=False,
        pattern_options=RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES),
        # Forms hold no references; if one did, it would be refused and not fetched.
        offline=True,
    )
