"""A form as people fill it in: the payload's fields in the order and the words of the action's face, with
questions in place of members that people cannot know by themselves (pure).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.common.components import CHOSEN_FROM
from app.common.faces import BilingualLabel, FormFace, FormQuestion
from app.desk.forms.definitions import ANSWERS, CUSTOM
from app.desk.forms.fields import FieldChoice, FieldKind, Form, FormField
from app.desk.forms.inputs import Inputs, is_field_asked
from app.desk.forms.roles import ROLE, SCOPE
from app.i18n import LANGUAGES, translate

#: The time at which something has happened, if not now: it has a place of its own.
OCCURRED_AT = "occurred_at"
TITLE, KEY = "title", "key"
#: A form with more fields than this has only those on its first screen that must be filled in.
MOST_ON_ONE_SCREEN = 9
#: The longest title that is made from the first line of a text.
LONGEST_TITLE = 120
#: Fields that the organisation has defined: they are never folded.
#: Fields that name a record, the best first.
NAMING_FIELDS = ("name", "name_en", "title", "title_en", "label_en")
TEXTS = frozenset({FieldKind.line, FieldKind.paragraph})
NEVER_FOLDED = frozenset({CUSTOM, ANSWERS})


@dataclass(frozen=True, slots=True)
class FormLayout:
    """The fields of a form by where they stand: on the first screen, under headings, and folded."""

    first: tuple[FormField, ...]
    sections: tuple[tuple[BilingualLabel, tuple[FormField, ...]], ...]
    folded: tuple[FormField, ...]
    occurred: tuple[FormField, ...]

    @property
    def fields(self) -> tuple[FormField, ...]:
        """All fields."""
        of_sections = (field for _, fields in self.sections for field in fields)
        return (*self.first, *of_sections, *self.folded, *self.occurred)


def with_lists(form: Form, face: FormFace) -> Form:
    """Return the form with the lists from which the face has people choose."""
    return replace(form, fields=_with_lists(form.fields, face.lists, ""))


def _with_lists(
    fields: tuple[FormField, ...], lists: Mapping[str, str], within: str
) -> tuple[FormField, ...]:
    if not lists:
        return fields
    return tuple(
        replace(
            field,
            schema={**field.schema, CHOSEN_FROM: lists[f"{within}{field.name}"]}
            if f"{within}{field.name}" in lists
            else field.schema,
            inner_fields=_with_lists(field.inner_fields, lists, f"{within}{field.name}/"),
        )
        for field in fields
    )


def faced_form(form: Form, face: FormFace, language: str = "en") -> Form:
    """Return the form with the face's labels and defaults, for somebody who reads that language."""
    supplied = {name for question in face.questions for name in question.members}
    supplied |= {TITLE} if face.title_from else set()
    supplied |= {KEY} if key_source(form) else set()
    translations = {other for name, other in translated_fields(form) if name.endswith(f"_{language}")}
    fields = tuple(
        replace(
            field,
            words=_words(face.labels[field.name]) if field.name in face.labels else field.words,
            help_words=_help_of(field, face, translations, has_source=key_source(form) is not None),
            blank_words=_words(face.blanks[field.name]) if field.name in face.blanks else field.blank_words,
            required=field.required and field.name not in supplied | translations,
            schema={**field.schema, "default": face.defaults[field.name]}
            if field.name in face.defaults
            else field.schema,
            grid=face.grids.get(field.name),
        )
        for field in form.fields
    )
    return with_demanded(Form(fields, form.conditions), face)


def with_demanded(form: Form, face: FormFace) -> Form:
    """Return the form in which people must fill in what the face demands of them."""
    fields = tuple(
        replace(field, required=True, only_with=face.only_with.get(field.name))
        if field.name in face.demanded
        else field
        for field in form.fields
    )
    return replace(form, fields=fields)


def key_source(form: Form) -> str | None:
    """Return the field of whose text the key of a new record is made; None if the form asks for no key."""
    names = [field.name for field in form.fields]
    return next((name for name in NAMING_FIELDS if name in names), None) if KEY in names else None


def translated_fields(form: Form) -> Iterator[tuple[str, str]]:
    """Yield the names of fields that have the same text in two languages, each with that of the other."""
    names = {field.name for field in form.fields if not field.nullable and field.kind in TEXTS}
    for name in sorted(names):
        stem, _, language = name.rpartition("_")
        for other in LANGUAGES:
            if language in LANGUAGES and other != language and f"{stem}_{other}" in names:
                yield name, f"{stem}_{other}"


def _help_of(
    field: FormField, face: FormFace, translations: Collection[str], *, has_source: bool
) -> Mapping[str, str]:
    if field.name in translations:
        return _in_both("same_text")
    if field.name == KEY and KEY not in face.labels and has_source:
        return _in_both("key_help")
    return {} if field.name in face.labels else field.help_words


def _in_both(code: str) -> dict[str, str]:
    return {language: translate(language, "desk", code, {}) for language in LANGUAGES}


def form_layout(form: Form, face: FormFace) -> FormLayout:
    """Return the fields of the form by where they stand."""
    not_here = {OCCURRED_AT, face.sent_by, *face.unasked, *face.from_record}
    by_name = {field.name: field for field in form.fields if field.name not in not_here}
    all_fields = {**by_name, **{question.name: question_field(question) for question in face.questions}}
    if face.placed:
        first = [all_fields.pop(name) for name in face.first if name in all_fields]
        sections = [
            (section.label, tuple(all_fields.pop(name) for name in section.fields if name in all_fields))
            for section in face.sections
        ]
    else:
        first, sections = [all_fields.pop(name) for name in list(_usual_first(form, by_name))], []
    first += [all_fields.pop(name) for name in list(all_fields) if name in NEVER_FOLDED]
    return FormLayout(
        tuple(first),
        tuple((label, fields) for label, fields in sections if fields),
        tuple(all_fields.values()),
        tuple(field for field in form.fields if field.name == OCCURRED_AT not in face.unasked),
    )


def _usual_first(form: Form, by_name: Mapping[str, FormField]) -> Iterable[str]:
    """Return the fields of the first screen of a form without a face: all of a short one; of a long one those
    that must be filled in, and those of which one must be.
    """
    needed = {name for name, field in by_name.items() if field.required}
    if len(by_name) <= MOST_ON_ONE_SCREEN or not needed:
        return list(by_name)
    needed |= {name for condition in form.conditions for name in condition["members"]}
    return [name for name in by_name if name in needed]


def question_field(question: FormQuestion) -> FormField:
    """Return the field of the question, which is chosen from its answers."""
    choices = tuple(FieldChoice(answer.code, _words(answer.label)) for answer in question.answers)
    schema = {"default": question.usual} if question.usual else {}
    return FormField(
        question.name,
        FieldKind.choice,
        schema,
        words=_words(question.label),
        required=True,
        choices=choices,
    )


def _words(label: BilingualLabel) -> dict[str, str]:
    return {"en": label.en, "zh": label.zh}


def with_answers(form: Form, face: FormFace, inputs: Inputs) -> dict[str, Sequence[str]]:
    """Return the inputs with the values of the answers to the face's questions, unless the member itself was
    filled in; with the title that a text supplies; and with the text of the other language where one is left
    blank.
    """
    completed = {
        f"/{name}": inputs[f"/{other}"]
        for name, other in translated_fields(form)
        if first_text(inputs, f"/{other}") and not first_text(inputs, f"/{name}")
    }
    completed = {**inputs, **completed}
    for question in face.questions:
        chosen = first_text(inputs, f"/{question.name}")
        values = next((answer.values for answer in question.answers if answer.code == chosen), {})
        for name, value in values.items():
            if not first_text(inputs, f"/{name}"):
                completed[f"/{name}"] = [value]
    if face.title_from and not first_text(inputs, f"/{TITLE}"):
        title = title_of(first_text(inputs, f"/{face.title_from}"))
        completed |= {f"/{TITLE}": [title]} if title else {}
    return completed


def title_of(text: str) -> str:
    """Return the first line of the text, cut between words if it is long."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= LONGEST_TITLE:
        return line
    cut = line[: LONGEST_TITLE - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"


def first_text(inputs: Inputs, pointer: str) -> str:
    """Return the first value of the input, or an empty text."""
    return next(iter(inputs.get(pointer, ())), "").strip()


def blank_required(fields: Collection[FormField], inputs: Inputs, within: str = "") -> Iterator[str]:
    """Yield the pointers of fields that must be filled in, and are blank; in parts that may be left out, only
    if something of them is filled in.
    """
    for field in fields:
        pointer = f"{within}/{field.name}"
        if not is_field_asked(field, fields, inputs, within):
            continue
        is_begun = any(name.startswith(f"{pointer}/") and any(values) for name, values in inputs.items())
        if field.kind is FieldKind.part:
            if field.required or is_begun or field.name == ANSWERS:
                yield from blank_required(field.inner_fields, inputs, pointer)
        elif field.kind is FieldKind.role:
            scope = first_text(inputs, f"{pointer}/{SCOPE}")
            needed = [ROLE, scope] if scope else [ROLE]
            if field.required or is_begun:
                yield from (
                    f"{pointer}/{name}" for name in needed if not first_text(inputs, f"{pointer}/{name}")
                )
        elif field.required and not is_begun and not any(map(str.strip, inputs.get(pointer, ()))):
            is_list = field.kind in (FieldKind.rows, FieldKind.choices, FieldKind.lines)
            if not is_list or field.schema.get("minItems"):
                yield pointer
