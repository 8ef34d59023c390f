"""Fields of a form that somebody has defined here: custom fields of a process, and the questions of an item
of the catalogue (pure).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.common.faces import FieldCondition
from app.desk.forms.fields import FieldChoice, FieldKind, Form, FormField, form_of
from app.i18n import LANGUAGES
from app.kernel.actions.forms import CONDITION_KEYWORD

#: The member of payloads that has the values of custom fields by their keys.
CUSTOM = "custom"
#: The member that has the answers to an item's questions.
ANSWERS = "answers"
#: The member that has the answers to the questions about the risk of a change.
RISK_ANSWERS = "risk_answers"
#: The ways in which values of these types are filled in; other types are lines.
_KINDS = {
    "words": FieldKind.paragraph,
    "number": FieldKind.integer,
    "choice": FieldKind.choice,
    "date": FieldKind.day,
    "bool": FieldKind.truth,
}
PERSON = "person"


def with_custom_fields(form: Form, definitions: Iterable[Mapping[str, Any]]) -> Form:
    """Return the form with a field for each custom field of the process, as `/v1/custom_fields` defines it,
    in the place of free names with values; without any defined field, that place is left out.
    """
    inner = tuple(_defined(definition) for definition in definitions)
    fields = (
        replace(field, kind=FieldKind.part, inner_fields=inner) if field.name == CUSTOM else field
        for field in form.fields
        if field.name != CUSTOM or inner
    )
    return replace(form, fields=tuple(fields))


def with_questions(form: Form, definition: Mapping[str, Any], words: Mapping[str, str] | None = None) -> Form:
    """Return the form with the questions of an item of the catalogue (a JSON Schema) in the place of its
    answers; `words` are the label of that part, if not the usual one.
    """
    inner = questions_of(definition)
    fields = (
        replace(field, kind=FieldKind.part, words=words or field.words, help_words={}, inner_fields=inner)
        if field.name == ANSWERS
        else field
        for field in form.fields
    )
    return replace(form, fields=tuple(fields))


def with_risk_questions(form: Form, questions: Iterable[Mapping[str, Any]]) -> Form:
    """Return the form with the questions of a risk questionnaire in the place of its answers."""
    inner = tuple(
        FormField(
            question["key"],
            FieldKind.choice,
            {},
            words=_words(question, "text"),
            required=True,
            choices=tuple(FieldChoice(each["key"], _words(each, "text")) for each in question["answers"]),
        )
        for question in questions
    )
    fields = (
        replace(field, kind=FieldKind.part, inner_fields=inner) if field.name == RISK_ANSWERS else field
        for field in form.fields
    )
    return replace(form, fields=tuple(fields))


def questions_of(definition: Mapping[str, Any]) -> tuple[FormField, ...]:
    """Return the questions in the order in which they are asked."""
    properties = definition.get("properties", {})
    order = definition.get("x-order") or sorted(properties)
    fields = form_of({}, {**definition, "properties": {name: properties[name] for name in order}}).fields
    return tuple(replace(field, only_with=_condition(properties[field.name])) for field in fields)


def _condition(question: Mapping[str, Any]) -> FieldCondition | None:
    """Return the answers with which the question is asked, as inputs have them; None: it always is."""
    condition = question.get(CONDITION_KEYWORD)
    if condition is None:
        return None
    return FieldCondition(condition["field"], tuple(input_code(value) for value in condition["values"]))


def input_code(value: Any) -> str:
    """Return the text by which an input sends a choice."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _defined(definition: Mapping[str, Any]) -> FormField:
    return FormField(
        definition["key"],
        _KINDS.get(definition["value_type"], FieldKind.line),
        {},
        words=_words(definition),
        required=definition["required"],
        nullable=True,
        choices=tuple(FieldChoice(each["key"], _words(each)) for each in definition["choices"] or ()),
        reference={"kind": PERSON} if definition["value_type"] == PERSON else None,
    )


def _words(defined: Mapping[str, Any], member: str = "label") -> dict[str, str]:
    return {language: defined[f"{member}_{language}"] for language in LANGUAGES}
