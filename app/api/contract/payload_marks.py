"""Facts about payloads in addition to their schemas: the records that a field names, conditions on several
members together, and the words of codes. In the contract these are `x-reference`, `x-duties`, `x-conditions`
and `x-enum-labels`.

With them a frontend offers records for a reference, shows a refusal next to the members concerned, and has
words for the codes among which people choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.common.duties import GivenDuty
from app.common.files.uploads import UploadRef
from app.common.records import ChildRef, CodeEnum, ForeignRef, KeyRef
from app.common.spellings import NamedAs
from app.i18n import LANGUAGES, translate
from app.kernel.actions.conditions import Condition, conditions_of
from app.kernel.actions.payloads import marks

REFERENCE, CONDITIONS, LABELS = "x-reference", "x-conditions", "x-enum-labels"
#: People and teams that are eligible for the duty of a reference.
DUTIES = "x-duties"
#: The kind of a reference to a file that was uploaded before.
UPLOAD = "upload"


def add_payload_marks(contract: dict[str, Any], routes: Iterable[object]) -> None:
    """Add to the contract's payloads the records that their fields name, their conditions, and the words of
    the codes that they choose from, in the order of `enum`.
    """
    contract[DUTIES] = {duty.value: _eligible(duty) for duty in GivenDuty}
    for payload in _sent_types(routes):
        schema = contract["components"]["schemas"].get(payload.__name__)
        if schema is None:
            continue
        if issubclass(payload, CodeEnum):
            schema[LABELS] = [_in_both(code.label) for code in payload]
            continue
        for name, reference in references_of(payload).items():
            schema["properties"][name][REFERENCE] = reference
        if conditions := [
            _described(payload, condition) for condition in conditions_of(payload) if condition.members
        ]:
            schema[CONDITIONS] = conditions


def references_of(payload: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return, by the names that clients use, which records the payload's fields name.

    `kind` is the record's, or `upload` for a file that was uploaded before. `duty` is what the field gives to
    the person, team or group; `x-duties` of the contract lists who is eligible for it. `by` is the field
    whose value names the record; without it the field takes an id, a key or a number. `within` is `record`
    for a row of the record that is acted on. `open`: a value that names no record is accepted, too.
    """
    references: dict[str, dict[str, Any]] = {}
    for name, foreign in marks(payload, ForeignRef).items():
        duty = {} if foreign.duty is None else {"duty": foreign.duty.value}
        references[name] = {"kind": foreign.kind} | duty
    for name, key in marks(payload, KeyRef).items():
        references[name] = {"kind": key.kind, "by": "key"} | ({} if key.must_exist else {"open": True})
    for name, named in marks(payload, NamedAs).items():
        references[name] = {"kind": named.kind, "by": "name", "open": True}
    for name in marks(payload, UploadRef):
        references[name] = {"kind": UPLOAD}
    for name, child in marks(payload, ChildRef).items():
        references[name] = {"kind": child.row.KIND, "by": child.by, "within": "record"}
    return {payload.model_fields[name].alias or name: reference for name, reference in references.items()}


def _eligible(duty: GivenDuty) -> dict[str, Any]:
    """Return the duty's name and, if not everybody active is eligible, the ways to be eligible, each with the
    sides, grades, roles or seats that it takes.
    """
    options = [
        {name: value for name, value in asdict(option).items() if value not in ((), None)}
        for option in duty.any_of
    ]
    return {"label": _in_both(duty.label)} | ({"any_of": options} if options else {})


def _described(payload: type[BaseModel], condition: Condition) -> dict[str, Any]:
    return {
        "code": condition.code,
        "members": [payload.model_fields[name].alias or name for name in condition.members],
        "message": _in_both(lambda language: translate(language, "value", condition.code)),
    }


def _in_both(words: Callable[[str], str]) -> dict[str, str]:
    return {language: words(language) for language in LANGUAGES}


def _sent_types(routes: Iterable[object]) -> Iterator[type[BaseModel] | type[CodeEnum]]:
    """Yield the models of all bodies that the routes take, with the models and the codes of their fields,
    each once.
    """
    visited: set[object] = set()
    annotations: list[Any] = [
        route.body_field.field_info.annotation
        for route in routes
        if isinstance(route, APIRoute) and route.body_field is not None
    ]
    while annotations:
        annotation = annotations.pop()
        annotations += get_args(annotation)
        if not isinstance(annotation, type) or annotation in visited:
            continue
        visited.add(annotation)
        if issubclass(annotation, BaseModel):
            annotations += [field.annotation for field in annotation.model_fields.values()]
            yield annotation
        elif issubclass(annotation, CodeEnum):
            yield annotation
