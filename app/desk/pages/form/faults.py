"""The faults of a form outside the fields that people see: all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.common.faces import FormFace
from app.desk.forms.faced import TITLE, blank_required, first_text
from app.desk.forms.fields import FormField
from app.desk.forms.inputs import Inputs
from app.desk.pages.context import Desk

#: The status of a refusal that names fields.
UNPROCESSABLE = 422


def placed_problem(
    desk: Desk, face: FormFace, fields: Sequence[FormField], inputs: Inputs, problem: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the refusal with all blank fields that must be filled in, also those that the operation would
    have named later; faults of members that a question supplies stand at the question.
    """
    if problem.get("status") != UNPROCESSABLE or not problem.get("errors"):
        return problem
    supplied = dict(_unanswered(face, inputs))
    if face.title_from and not first_text(inputs, f"/{face.title_from}"):
        supplied[f"/{TITLE}"] = f"/{face.title_from}"
    blank = dict.fromkeys([*blank_required(fields, inputs), *supplied.values()])
    named = [
        {**error, "pointer": supplied.get(error["pointer"], error["pointer"])} for error in problem["errors"]
    ]
    remaining = [error for error in named if error["pointer"] not in blank]
    words = desk.sentence("fill_in")
    missing = [{"pointer": pointer, "members": [], "message": words} for pointer in blank]
    errors = [*missing, *remaining]
    return {**problem, "errors": errors, "detail": desk.sentence("correct_marked", n=len(errors))}


def _unanswered(face: FormFace, inputs: Inputs) -> Iterator[tuple[str, str]]:
    """Yield the pointers of members without a value, each with that of the question that was not answered."""
    for question in face.questions:
        if not first_text(inputs, f"/{question.name}"):
            for name in question.members:
                if not first_text(inputs, f"/{name}"):
                    yield f"/{name}", f"/{question.name}"
