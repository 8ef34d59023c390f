"""Bodies of actions with a marked word in each text that names nothing: by the models that declare them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from app.common.components import Component
from app.common.records import ChildRef, ForeignRef, KeyRef
from app.foundation.people.provisioning.grants import ProvideGrantsPerson
from app.kernel.actions.payloads import Payload
from tests.canaries.marks import Marks, Path, put_text, value_at
from tests.client import Json

#: Texts that name something: another word in them names something else.
NAMING = {"KeyText", "Reference"}
#: Fields whose texts name something elsewhere: another word in them would be of no effect, which is refused.
NAMING_FIELDS = {(ProvideGrantsPerson, "groups")}


def marked(marks: Marks, action: str, model: type[Payload], body: Json) -> Json:
    """The body with a word in each of its texts but for those that name something, or have a form."""
    copied = deepcopy(body)
    for path in texts(model, copied):
        text = value_at(copied, path)
        put_text(copied, path, marks.marked(f"{action} {'.'.join(map(str, path))}", text))
        try:
            model.model_validate(copied)
        except ValidationError:
            put_text(copied, path, text)
    return copied


def texts(kind: Any, value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each text in the value that names nothing."""
    kind, annotations = _plain(kind)
    if value is None or _names(annotations):
        return
    if isinstance(value, str):
        if kind in (str, Any):
            yield path
    elif isinstance(value, list | tuple):
        inner = (get_args(kind) or (Any,))[0]
        for n, each in enumerate(value):
            yield from texts(inner, each, (*path, n))
    elif isinstance(value, dict):
        for name, each in value.items():
            if (kind, name) in NAMING_FIELDS:
                continue
            yield from texts(_kind_of(kind, name), each, (*path, name))


def _kind_of(kind: Any, name: str) -> Any:
    """What a member is declared as."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(name)
        return str if field is None else Annotated[field.annotation, *field.metadata, None]
    return (get_args(kind) or (Any, Any))[-1]


def _plain(kind: Any) -> tuple[Any, list[Any]]:
    """A type without `Annotated` and without None, and what is said of it."""
    annotations: list[Any] = []
    while True:
        if get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            annotations += more
        elif get_origin(kind) in (Union, UnionType):
            arms = [arm for arm in get_args(kind) if arm is not type(None)]
            kind = next((arm for arm in arms if _plain(arm)[0] is str), arms[0])
        else:
            return kind, annotations


def _names(annotations: list[Any]) -> bool:
    return any(
        isinstance(annotation, ForeignRef | KeyRef | ChildRef)
        or (isinstance(annotation, Component) and annotation.name in NAMING)
        for annotation in annotations
    )
