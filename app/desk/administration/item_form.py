"""Questions of a catalogue item as people build them, and the form that the item stores for them (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from app.desk.forms.definitions import input_code
from app.kernel.actions.forms import CONDITION_KEYWORD, MOST_CHOICES, MOST_FIELDS, ordered_fields
from app.kernel.actions.payloads import LONGEST_LINE

LANGUAGES = ("en", "zh")
LONGEST_SHORT, LONGEST_LONG, LONGEST_NAME = 200, 2_000, 40
#: Separator between a question and one of its answers in the value of a choice.
BETWEEN = "\x1f"
TRUTHS = ("true", "false")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class AnswerKind(StrEnum):
    """The way in which a question is answered."""

    line = "line"
    text = "text"
    choice = "choice"
    choices = "choices"
    truth = "truth"
    number = "number"
    date = "date"
    email = "email"

    @property
    def has_choices(self) -> bool:
        """Whether the answer is chosen from a list."""
        return self in (AnswerKind.choice, AnswerKind.choices)


#: The keywords of a question's schema that its kind sets; others of the stored schema stay.
_OF_KIND: Mapping[AnswerKind, Mapping[str, Any]] = {
    AnswerKind.line: {"type": "string", "maxLength": LONGEST_SHORT},
    AnswerKind.text: {"type": "string", "maxLength": LONGEST_LONG},
    AnswerKind.choice: {"type": "string"},
    AnswerKind.choices: {"type": "array", "uniqueItems": True},
    AnswerKind.truth: {"type": "boolean"},
    AnswerKind.number: {"type": "integer"},
    AnswerKind.date: {"type": "string", "format": "date"},
    AnswerKind.email: {"type": "string", "format": "email"},
}
_SET_HERE = frozenset({"x-label", "x-help", "enum", "x-enum-labels", "items", CONDITION_KEYWORD})


@dataclass(frozen=True, slots=True)
class BuiltQuestion:
    """A question as it stands in the builder. Texts are by language; `choices` are lines. `name` is that of
    the answer (empty: not stored yet), `only_with` the question and the answers with which it is asked.
    """

    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    helps: Mapping[str, str] = field(default_factory=dict)
    kind: AnswerKind = AnswerKind.line
    is_required: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    only_with: tuple[str, tuple[str, ...]] | None = None

    def label(self, language: str) -> str:
        """Return the question in that language; in the other one if it is missing."""
        return _text(self.labels, language)

    def lines(self, language: str) -> list[str]:
        """Return the choices in that language."""
        return [line.strip() for line in self.choices.get(language, "").splitlines() if line.strip()]

    def answers(self, language: str) -> list[tuple[str, str]]:
        """Return the answers that others can depend on: each as it is stored, and in words."""
        texts, other_texts = self.lines(language), self.lines(_other(language))
        return list(zip(self.codes(), texts or other_texts, strict=False))

    def codes(self) -> list[str]:
        """Return the choices as they are stored if they are new: in English, or else in Chinese."""
        return self.lines("en") or self.lines("zh")


@dataclass(frozen=True, slots=True)
class QuestionFault:
    """A fault of a question: its number, the part of it, and the code of the sentence."""

    number: int
    part: str
    code: str


def questions_of_form(form: Mapping[str, Any] | None) -> list[BuiltQuestion]:
    """Return the questions of a stored form in their order."""
    if form is None:
        return []
    return [
        _question(name, form["properties"][name], name in form.get("required", ()))
        for name in ordered_fields(dict(form))
    ]


def _question(name: str, schema: Mapping[str, Any], is_required: bool) -> BuiltQuestion:
    entries = schema.get("items", schema)
    codes = [str(code) for code in entries.get("enum", ())]
    words = entries.get("x-enum-labels") or [dict.fromkeys(LANGUAGES, code) for code in codes]
    condition = schema.get(CONDITION_KEYWORD)
    return BuiltQuestion(
        name,
        dict(schema["x-label"]),
        dict(schema.get("x-help", {})),
        kind_of(schema),
        is_required,
        {each: "\n".join(word[each] for word in words) for each in LANGUAGES},
        None if condition is None else (condition["field"], tuple(map(input_code, condition["values"]))),
    )


def kind_of(schema: Mapping[str, Any]) -> AnswerKind:
    """Return how a question with that schema is answered."""
    by_type = {
        "array": AnswerKind.choices,
        "boolean": AnswerKind.truth,
        "integer": AnswerKind.number,
        "number": AnswerKind.number,
    }
    if schema["type"] in by_type:
        return by_type[schema["type"]]
    if "enum" in schema:
        return AnswerKind.choice
    if "format" in schema:
        return AnswerKind.email if schema["format"] == "email" else AnswerKind.date
    return AnswerKind.text if schema.get("maxLength", LONGEST_LONG) > LONGEST_SHORT else AnswerKind.line


def question_faults(questions: Sequence[BuiltQuestion]) -> Iterator[QuestionFault]:
    """Yield what is wrong with the questions before they can be stored."""
    for number, question in enumerate(questions):
        if not question.label("en"):
            yield QuestionFault(number, "label", "fill_in")
        if question.kind.has_choices:
            codes = question.codes()
            if not codes:
                yield QuestionFault(number, "choices", "builder_no_choices")
            elif len(set(codes)) < len(codes) or len(codes) > MOST_CHOICES:
                yield QuestionFault(number, "choices", "builder_choices_once")
            elif question.lines("en") and len(question.lines("zh")) not in (0, len(codes)):
                yield QuestionFault(number, "choices_other", "builder_as_many")
            elif any(len(code) > LONGEST_LINE for code in codes):
                yield QuestionFault(number, "choices", "builder_choice_long")
        if question.only_with is not None and question.only_with not in _earlier(questions, number):
            yield QuestionFault(number, "only_with", "builder_condition_gone")


def _earlier(questions: Sequence[BuiltQuestion], number: int) -> list[tuple[str, tuple[str, ...]]]:
    """Return the conditions that the question can have: the single answers to the questions before it, and
    those that are stored already.
    """
    conditions: list[tuple[str, tuple[str, ...]]] = []
    for question in named(questions)[:number]:
        codes = [code for code, _ in dependable_answers(question, "en")]
        conditions += [(question.name, (code,)) for code in codes]
        condition = questions[number].only_with
        if condition is not None and condition[0] == question.name and set(condition[1]) <= set(codes):
            conditions.append(condition)
    return conditions


def dependable_answers(question: BuiltQuestion, language: str) -> list[tuple[str, str]]:
    """Return the answers on which other questions can depend; empty for free text."""
    if question.kind is AnswerKind.truth:
        return [(code, code) for code in TRUTHS]
    return question.answers(language) if question.kind.has_choices else []


def named(questions: Sequence[BuiltQuestion]) -> list[BuiltQuestion]:
    """Return the questions, each with its own name, made of its words if it is missing."""
    names_in_use = {question.name for question in questions}
    result = []
    for question in questions:
        name = question.name
        if not name:
            stem = _BETWEEN_WORDS.sub("_", question.label("en").casefold()).strip("_")[:LONGEST_NAME]
            names = [stem or "question", *(f"{stem or 'question'}_{n}" for n in range(2, MOST_FIELDS + 2))]
            name = next(each for each in names if each not in names_in_use)
            names_in_use.add(name)
        result.append(replace(question, name=name))
    return result


def form_of_questions(questions: Sequence[BuiltQuestion], stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the form that the item stores. Other members of a stored question are kept as long as its kind
    is, and so are the codes of its choices.
    """
    before: Mapping[str, Any] = {} if stored is None else stored["properties"]
    all_named = named(questions)
    schemas = {question.name: _schema(question, before.get(question.name)) for question in all_named}
    for question in all_named:
        if question.only_with is not None:
            name, codes = question.only_with
            schemas[question.name][CONDITION_KEYWORD] = {
                "field": name,
                "values": _condition_values(schemas[name], codes),
            }
    return {
        "type": "object",
        "properties": schemas,
        "required": [question.name for question in all_named if question.is_required],
        "x-order": [question.name for question in all_named],
    }


def _condition_values(schema: Mapping[str, Any], codes: Sequence[str]) -> list[Any]:
    """Return the answers with these words or codes as they are stored."""
    if schema["type"] == "boolean":
        return [code == "true" for code in codes]
    entries = schema.get("items", schema)
    words = {
        str(text): value
        for value, labels in zip(entries["enum"], entries["x-enum-labels"], strict=True)
        for text in (*labels.values(), value)
    }
    return [words[code] for code in codes if code in words]


def _schema(question: BuiltQuestion, before: Mapping[str, Any] | None) -> dict[str, Any]:
    stays = before is not None and kind_of(before) is question.kind
    schema = {
        **_OF_KIND[question.kind],
        **{name: value for name, value in (before or {}).items() if stays and name not in _SET_HERE},
        "x-label": _both(question.labels),
    }
    if any(text.strip() for text in question.helps.values()):
        schema["x-help"] = _both(question.helps)
    if not question.kind.has_choices:
        return schema
    entries: Mapping[str, Any] = (before or {}).get("items", before or {}) if stays else {}
    choices = _choices(question, entries)
    if question.kind is AnswerKind.choices:
        schema["items"] = {"type": entries.get("type", "string"), **choices}
        return schema
    return schema | choices


def _choices(question: BuiltQuestion, entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices of the question. One that is stored already keeps its code."""
    words = entries.get("x-enum-labels") or [
        dict.fromkeys(LANGUAGES, str(c)) for c in entries.get("enum", ())
    ]
    codes_by_text = {
        text: code
        for code, labels in zip(entries.get("enum", ()), words, strict=True)
        for text in labels.values()
    }
    english, chinese = question.lines("en"), question.lines("zh")
    pairs = list(zip(english or chinese, chinese or english, strict=False))
    codes = [codes_by_text.get(en, codes_by_text.get(zh, en)) for en, zh in pairs]
    return {"enum": codes, "x-enum-labels": [{"en": en, "zh": zh} for en, zh in pairs]}


def _both(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: _text(texts, language) for language in LANGUAGES}


def _text(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, "").strip() or texts.get(_other(language), "").strip()


def _other(language: str) -> str:
    return "en" if language == "zh" else "zh"
