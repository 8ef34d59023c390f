"""The faults of a form outside the fields that people see: all of them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.open_actions import action_link
from app.common.faces import FormFace
from app.desk.forms.faced import (
    KEY,
    TITLE,
    blank_required,
    first_text,
    key_source,
    translated_fields,
    with_answers,
)
from app.desk.forms.fields import FieldKind, Form, FormField
from app.desk.forms.inputs import Inputs
from app.desk.forms.pointers import WITH_INNER_VALUES, field_at
from app.desk.pages.context import Desk
from app.desk.pages.form.sent_inputs import input_places
from app.desk.pages.records import RecordView
from app.desk.references import ResolvedInputs
from app.kernel.actions.lifecycle import Lifecycle

Fault = Mapping[str, Any]
NOTHING_GIVEN: Inputs = {}


@dataclass(frozen=True, slots=True)
class NamedFault:
    """What is wrong, in words that name the field, and the labels and addresses of actions that set it."""

    text: str
    mends: tuple[tuple[str, str], ...] = ()


#: The status of a refusal that names fields.
UNPROCESSABLE = 422


#: The code of a text that does not have the form that its field demands.
WRONG_FORM = "string_pattern_mismatch"
#: The code of a value that is not there.
MISSING = "missing"
#: How the codes of values begin that are no numbers.
NO_NUMBER = "int_"


def placed_problem(
    desk: Desk,
    face: FormFace,
    form: Form,
    inputs: Inputs,
    unknown: Mapping[str, Sequence[str]],
    problem: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Return the refusal with all blank fields that must be filled in, and all references to `unknown`
    records, also those that the operation would have named later; faults of members that the form supplies
    stand at the question or field from which it takes them.
    """
    if problem.get("status") != UNPROCESSABLE or not problem.get("errors"):
        return problem
    fields, inputs = form.fields, with_answers(form, face, inputs)
    supplied = _supplied(face, form, inputs)
    own = list(_own_errors(desk, fields, inputs, supplied, unknown))
    places = {error["pointer"] for error in own}
    # A role is one value of the body, of which parts are chosen.
    places |= {
        f"/{field.name}" for field in fields if field.kind is FieldKind.role and _has_part(field, places)
    }
    remaining = [
        {
            **error,
            "pointer": supplied.get(error["pointer"], error["pointer"]),
            "message": _in_words(desk, fields, error),
        }
        for error in problem["errors"]
        if not _is_within(supplied.get(error["pointer"], error["pointer"]), places)
    ]
    errors = [*own, *remaining]
    placed = [_without_button(face, error) for error in errors]
    marked = _marked(face, fields, placed)
    detail = desk.sentence("correct_marked", n=len(marked)) if marked else problem.get("detail", "")
    return {**problem, "errors": placed, "detail": detail}


def named_fault(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    fields: Sequence[FormField],
    view: RecordView | None,
    fault: Fault,
    *,
    inputs: Inputs = NOTHING_GIVEN,
) -> NamedFault:
    """Return a fault that stands beside no input with the label of the field that it is about and the value
    that was given, and with the actions that are possible on the record and have such a field: one of
    `fields`, or of another form of the kind, or of the record itself.
    """
    places, message = input_places(fault), str(fault["message"])
    if not places:
        return NamedFault(message)
    field, mends = field_at(fields, places[0]), []
    for row in lifecycle.rows:
        settable = field_at(desk.contract.form(action_link(lifecycle, row).body_schema).fields, places[0])
        field = field or settable
        if settable is not None and view is not None and row.name in (view.record.get("actions") or ()):
            mends.append((row.label(desk.language), f"{view.path}/{row.name}"))
    name = places[0].split("/")[1]
    schema = (desk.contract.record_fields(lifecycle.plural) or {}).get(name, {})
    label = desk.contract.field_label(name, schema, desk.language) if field is None else None
    words = label or (field.text(desk.language) if field is not None else "")
    if text := first_text(inputs, places[0]):
        words = desk.sentence("named_value", field=words, value=text)
    return NamedFault(desk.sentence("named_fault", field=words, fault=message), tuple(mends))


def problem_before_sending(
    desk: Desk,
    face: FormFace,
    form: Form,
    inputs: Inputs,
    resolved: ResolvedInputs,
) -> Mapping[str, Any] | None:
    """Return what is wrong with a form that cannot be sent yet; None: nothing that is known before."""
    inputs = with_answers(form, face, inputs)
    supplied = _supplied(face, form, inputs)
    errors = list(_own_errors(desk, form.fields, inputs, supplied, resolved.unknown))
    if not errors:
        return None
    title = desk.sentence("ambiguous" if resolved.ambiguous else "not_sent_yet")
    marked = len(_marked(face, form.fields, errors))
    return {"title": title, "detail": desk.sentence("correct_marked", n=marked), "errors": errors}


def _without_button(face: FormFace, error: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the error without the member that a button sends, if it is about another one, too: people mend
    the other one.
    """
    button = f"/{face.sent_by}"
    members = [place for place in error["members"] if place != button]
    if not members:
        return error
    return {**error, "pointer": "" if error["pointer"] == button else error["pointer"], "members": members}


def _marked(face: FormFace, fields: Sequence[FormField], errors: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the pointers of the inputs that the errors are about; entries of a list have one input, as do
    the members that a question stands for.
    """
    questions, marked = {f"/{question.name}" for question in face.questions}, set()
    for error in errors:
        for place in input_places(error):
            field = field_at(fields, place)
            if place in questions:
                marked.add(place)
            elif field is not None and field.kind in WITH_INNER_VALUES:
                name = f"/{field.name}"
                marked.add(place[: place.index(name) + len(name)])
            elif field is not None:
                marked.add(place)
    return marked


def _supplied(face: FormFace, form: Form, inputs: Inputs) -> dict[str, str]:
    """Return the pointers of blank members that the form itself fills in, each with the blank input from
    which it takes them: an answer, a text, the text in the other language, or the name behind a key.
    """
    supplied = dict(_unanswered(face, inputs))
    if face.title_from and not first_text(inputs, f"/{face.title_from}"):
        supplied[f"/{TITLE}"] = f"/{face.title_from}"
    required = {field.name for field in form.fields if field.required}
    supplied |= {
        f"/{other}": f"/{name}"
        for name, other in translated_fields(form)
        if name in required and other not in required and not first_text(inputs, f"/{name}")
    }
    source = f"/{key_source(form)}"
    if not first_text(inputs, f"/{KEY}") and not first_text(inputs, source) and KEY not in required:
        source = supplied.get(source, source)
        supplied |= {f"/{KEY}": source} if field_at(form.fields, source) else {}
    return supplied


def _own_errors(
    desk: Desk,
    fields: Sequence[FormField],
    inputs: Inputs,
    supplied: Mapping[str, str],
    unknown: Mapping[str, Sequence[str]],
) -> Iterator[dict[str, Any]]:
    """Yield the errors that the page finds by itself: blank fields, and records that there are not."""
    for pointer in dict.fromkeys([*blank_required(fields, inputs), *supplied.values()]):
        yield {"pointer": pointer, "members": [], "message": desk.sentence("fill_in")}
    for pointer, names in unknown.items():
        for name in names:
            message = desk.sentence("choose_listed", name=name)
            yield {"pointer": pointer, "members": [], "message": message}


def _has_part(field: FormField, places: Collection[str]) -> bool:
    return any(place.startswith(f"/{field.name}/") for place in places)


def _is_within(pointer: str | None, pointers: Iterable[str]) -> bool:
    """Return whether the pointer is one of these, or of a value within one of them."""
    return pointer is not None and any(
        pointer == place or pointer.startswith(f"{place}/") for place in pointers
    )


def _in_words(desk: Desk, fields: Sequence[FormField], error: Mapping[str, Any]) -> str:
    """Return the message of the error; of a text in a wrong form with an example, if the field has one."""
    message, code = str(error["message"]), str(error.get("code"))
    if code == MISSING:
        return desk.sentence("fill_in")
    field = field_at(fields, error["pointer"]) if error["pointer"] else None
    if field is not None and field.kind is FieldKind.duration and code.startswith(NO_NUMBER):
        return desk.sentence("wrong_working_time" if field.is_working_time else "wrong_duration")
    if code != WRONG_FORM or field is None:
        return message
    schemas = (field.schema, *(inner.schema for inner in field.inner_fields))
    example = next((schema["examples"][0] for schema in schemas if schema.get("examples")), None)
    return message if example is None else desk.sentence("wrong_form", example=example)


def _unanswered(face: FormFace, inputs: Inputs) -> Iterator[tuple[str, str]]:
    """Yield the pointers of members without a value, each with that of the question that was not answered."""
    for question in face.questions:
        if not first_text(inputs, f"/{question.name}"):
            for name in question.members:
                if not first_text(inputs, f"/{name}"):
                    yield f"/{name}", f"/{question.name}"
