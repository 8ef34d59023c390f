"""One wrong value of a request: its place, and the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from app.i18n import sentences, translate
from app.kernel.actions.forms import escaped
from app.kernel.actions.refusals import WrongValue

#: Items of Pydantic's error paths that are not part of the body: marks of a key, and of a type in a union.
ASIDE = re.compile(r"\[key\]|constrained-[a-z]+|function-[a-z]+\[.*\]")
LONGEST_SAID = 100
#: To list the faults of a value takes far longer than to find them: of more than these only the first are.
MOST_LISTED = 1_000
#: In errors, what stands for those that are not listed; `ctx` has their number as `count`.
FURTHER = "further_faults"
MOST_NAMES = 10
# A bound on the size of the answer and on the time to make it, whatever the size of the wrong request.
MOST_FAULTS = 50
#: Digits of the largest position in a list; longer numbers are names.
LONGEST_POSITION = 5


class Fault(BaseModel):
    """A wrong value, its place (JSON Pointer, parameter or header), and the reason."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    pointer: str | None = Field(
        default=None, description="JSON Pointer to the value in the body; null for a parameter or header."
    )
    parameter: str | None = Field(
        default=None, description="Name of the query or path parameter; null for other values."
    )
    header: str | None = Field(default=None, description="Name of the header; null for other values.")
    members: list[str] = Field(
        default_factory=list,
        description="JSON Pointers of all values that are wrong together, for a reason that concerns "
        "several.",
    )
    code: str = Field(description="Stable code of the reason.")
    message: str = Field(description="Reason as a sentence, in the requested language.")


def first_errors(error: ValidationError, value: Any, validate: Callable[[Any], Any]) -> list[dict[str, Any]]:
    """Return what is wrong with the value, in Pydantic's form: all faults, or for very many faults those of
    the first MOST_LISTED members. `validate` has refused the value with that error.
    """
    if error.error_count() > MOST_LISTED:
        try:
            validate(_beginning(value, [MOST_LISTED]))
        except ValidationError as of_beginning:
            error = of_beginning
    return [
        dict(error_details)
        for error_details in error.errors(include_url=False)
        if error_details["type"] != "missing" or not _has(value, error_details["loc"])
    ]


def _beginning(value: Any, left: list[int]) -> Any:
    """Return the JSON value with so many members and items as are `left`, which are counted down."""
    if not isinstance(value, dict | list):
        return value
    entries = []
    for entry in value.items() if isinstance(value, dict) else enumerate(value):
        if left[0] <= 0:
            break
        left[0] -= 1
        entries.append((entry[0], _beginning(entry[1], left)))
    return dict(entries) if isinstance(value, dict) else [entry for _, entry in entries]


def _has(value: Any, path: Sequence[Any]) -> bool:
    """Return whether the value has something at the end of the path."""
    for name in path:
        try:
            value = value[name]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def fault_of_value(wrong: WrongValue, language: str) -> Fault:
    """Return the fault of a value that our own rules refuse."""
    pointer = None if wrong.parameter else wrong.pointer
    message = translate(language, "value", wrong.because, wrong.words)
    return Fault(pointer=pointer, parameter=wrong.parameter, code=wrong.because, message=message)


def names_at(models: Sequence[Any], path: Sequence[Any]) -> list[str]:
    """Return the names of the fields that the models have where the path ends."""
    for name in (part for part in path[:-1] if isinstance(part, str)):
        fields = [_fields(model).get(name) for model in models]
        models = [part for field in fields if field is not None for part in _models_in(field.annotation)]
    return sorted(name for model in models for name in _fields(model))


def pointer_of_fields(
    pointer: str, model: Any, below: Mapping[str, Any], attributes: Collection[str] = ()
) -> str:
    """Return the pointer with the names of fields and positions in lists alone, and `*` in place of any name
    that is the client's own: it may be anything. `below` are the models of fields that hold any object;
    `attributes` are further names that are known.
    """
    parts, models = list[str](), [model]
    for part in pointer.split("/")[1:]:
        fields = [field for each in models if (field := _fields(each).get(part)) is not None]
        if fields:
            models = [below[part]] if part in below else [m for f in fields for m in _models_in(f.annotation)]
            parts.append(part)
        else:
            is_known = part in attributes or (part.isdecimal() and len(part) <= LONGEST_POSITION)
            parts.append(part if is_known else "*")
    return "".join(f"/{part}" for part in parts)


def _fields(model: Any) -> dict[str, FieldInfo]:
    """Return the model's fields by the names that clients use."""
    fields: dict[str, FieldInfo] = getattr(model, "model_fields", {})
    return {field.alias or name: field for name, field in fields.items()}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def fault_of(language: str, error: Mapping[str, Any], known_names: Sequence[str]) -> Fault:
    """Return the fault of a Pydantic error, with our message."""
    where, *path = error["loc"]
    texts = sentences(language)["value"]
    code = error["type"] if error["type"] in texts else "other"
    words = {key: str(value) for key, value in error.get("ctx", {}).items()}
    if "expected" in words:
        words["expected"] = words["expected"].replace("' or '", "', '")  # Pydantic's English conjunction
    words = {"known": ", ".join(_nearest(path, known_names))} | words | {"message": str(error["msg"])}
    words["said"] = str(_beginning(error.get("input"), [MOST_NAMES]))[:LONGEST_SAID]
    fault = Fault(code=error["type"], message=translate(language, "value", code, words))
    if where == "body":
        fault.pointer = "".join(f"/{escaped(str(part))}" for part in path if not ASIDE.fullmatch(str(part)))
        members = error.get("ctx", {}).get("members", ())
        fault.members = [f"{fault.pointer}/{escaped(name)}" for name in members]
        if member := error.get("ctx", {}).get("at"):
            fault.pointer = f"{fault.pointer}/{escaped(member)}"
    elif where == "header":
        fault.header = str(path[0])
    else:
        fault.parameter = str(path[0]) if path else ""
    return fault


def _nearest(path: Sequence[Any], names: Sequence[str]) -> Sequence[str]:
    """Return the known names most like the unknown one; all of them if they are few or none is similar."""
    if len(names) <= MOST_NAMES or not path:
        return names
    return get_close_matches(str(path[-1])[:LONGEST_SAID], names, n=MOST_NAMES) or names
