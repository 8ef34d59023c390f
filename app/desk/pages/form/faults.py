"""The faults of a form outside the fields that people see: all of them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.open_actions import action_link
from app.common.faces import FormFace
from app.desk.forms.faced import TITLE, blank_required, first_text
from app.desk.forms.fields import FieldKind, FormField
from app.desk.forms.inputs import Inputs
from app.desk.forms.pointers import field_at
from app.desk.pages.context import Desk
from app.desk.pages.form.sent_inputs import input_places
from app.desk.pages.records import RecordView
from app.i18n import translate
from app.kernel.actions.lifecycle import Lifecycle

Fault = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NamedFault:
    """What is wrong, in words that name the field, and the labels and addresses of actions that set it."""

    text: str
    mends: tuple[tuple[str, str], ...] = ()


#: The status of a refusal that names fields.
UNPROCESSABLE = 422


#: The code of a text that does not have the form that its field demands.
WRONG_FORM = "string_pattern_mismatch"
#: How the codes of values begin that are no numbers.
NO_NUMBER = "int_"


def placed_problem(
    desk: Desk,
    face: FormFace,
    fields: Sequence[FormField],
    inputs: Inputs,
    unknown: Mapping[str, Sequence[str]],
    problem: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Return the refusal with all blank fields that must be filled in, and all references to `unknown`
    records, also those that the operation would have named later; faults of members that a question supplies
    stand at the question.
    """
    if problem.get("status") != UNPROCESSABLE or not problem.get("errors"):
        return problem
    supplied = _supplied(face, inputs)
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
    marked = sum(any(field_at(fields, place) for place in input_places(error)) for error in errors)
    detail = desk.sentence("correct_marked", n=marked) if marked else problem.get("detail", "")
    return {**problem, "errors": errors, "detail": detail}


def named_fault(
    desk: Desk, lifecycle: Lifecycle[Any], fields: Sequence[FormField], view: RecordView | None, fault: Fault
) -> NamedFault:
    """Return a fault that stands beside no input with the label of the field that it is about, and with the
    actions that are possible on the record and have such a field: one of `fields`, or of another form of the
    kind, or of the record itself.
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
    return NamedFault(desk.sentence("named_fault", field=words, fault=message), tuple(mends))


def problem_before_sending(
    desk: Desk,
    face: FormFace,
    fields: Sequence[FormField],
    inputs: Inputs,
    unknown: Mapping[str, Sequence[str]],
) -> Mapping[str, Any] | None:
    """Return what is wrong with a form that cannot be sent yet; None: nothing that is known before."""
    errors = list(_own_errors(desk, fields, inputs, _supplied(face, inputs), unknown))
    if not errors:
        return None
    detail = desk.sentence("correct_marked", n=len(errors))
    return {"title": desk.sentence("ambiguous"), "detail": detail, "errors": errors}


def _supplied(face: FormFace, inputs: Inputs) -> dict[str, str]:
    supplied = dict(_unanswered(face, inputs))
    if face.title_from and not first_text(inputs, f"/{face.title_from}"):
        supplied[f"/{TITLE}"] = f"/{face.title_from}"
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
            message = translate(desk.language, "value", "unknown_reference", {"name": name})
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
