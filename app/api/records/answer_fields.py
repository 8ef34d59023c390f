"""Fields of answers that follow from those of the record that the answer shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from app.common.records import PARENT_FIELD, Record, all_codecs, codecs, field_owners
from app.kernel.access.descriptions import description_of

#: Fields of records that no answer shows: a child record is read at its parent's address.
_NOT_SHOWN = frozenset({PARENT_FIELD})
#: The part of a description that gives the reason why a field is null, up to its full stop.
_NULL = re.compile(r"\b[Nn]ull [^.]*\.(?= |$)")


def derive_fields(
    answer: type[BaseModel],
    record: type[Record],
    stubs: Mapping[str, type[BaseModel]],
    without: str = "",
    after: Mapping[str, str] | None = None,
) -> None:
    """Declare on the answer's class, before its model is built, a field for each of the record's that clients
    may see, in their order.

    A field `x_id` that refers to one of the kinds in `stubs` becomes `x`, with that stub. Members that the
    body of the class declares itself replace the record's field of that name, or are added at the end.
    `without` are the fields left out, `after` those that stand behind another one than in the record, both
    by their names with spaces between.
    """
    declared: dict[str, Any] = dict(vars(answer).get("__annotations__", {}))
    inherited = {name for base in answer.__mro__[1:] for name in getattr(base, "model_fields", ())}
    fields: dict[str, Any] = {}
    for name, answer_name in _shown_names(record, stubs, declared).items():
        owner = field_owners(record)[name]
        if answer_name in without.split() or (answer_name in inherited and answer_name not in declared):
            continue
        fields[answer_name] = declared.get(answer_name) or _annotation(owner, name, answer_name, stubs)
        description = _description(owner, name)
        if description is not None and answer_name not in vars(answer):
            words = owner.model_fields[name].json_schema_extra
            setattr(answer, answer_name, Field(description=description, json_schema_extra=words))
    answer.__annotations__ = _in_order({**fields, **declared}, after or {})


def _description(record: type[Record], name: str) -> str | None:
    """Return the description of the field, with the readers who get null although it has a value."""
    codec = codecs(record).get(name)
    text = description_of(record, name)
    if codec is None or text is None:
        return text
    reasons = []
    if codec.personal:
        reasons.append("if its author was erased")
    if codec.withheld is not None:
        non_readers = "neither staff nor in the acceptance group" if codec.withheld.reviewers else "not staff"
        reasons.append(f"for callers who are {non_readers}")
    if codec.names_record is not None:
        reasons.append("for callers who may not see that record")
    return _with_reasons(text, reasons)


def _with_reasons(text: str, reasons: Sequence[str]) -> str:
    """Return the description with further reasons why the field is null, in one sentence about null."""
    if not reasons:
        return text
    also = f"{' or '.join(reasons)}."
    own = _NULL.search(text)
    if own is None:
        is_one_phrase = not {";", "."} & set(text[:-1])
        return f"{text[:-1]}; null {also}" if is_one_phrase else f"{text} Null {also}"
    return f"{text[: own.end() - 1]}, or {also}{text[own.end() :]}"


def _shown_names(record: type[Record], stubs: Mapping[str, Any], declared: Collection[str]) -> dict[str, str]:
    """Return the names under which clients see the record's fields, by the fields' names."""
    names = {"id": "id"}
    for name, codec in all_codecs(record).items():
        short = name.removesuffix("_id")
        if codec.hidden or name in _NOT_SHOWN:
            continue
        has_stub = codec.refers is not None and (codec.refers.kind in stubs or short in declared)
        names[name] = short if has_stub and name not in declared else name
    return names


def _annotation(record: type[Record], name: str, answer_name: str, stubs: Mapping[str, Any]) -> Any:
    """Return the type of the field as clients see it: null where it may have no value, where the caller may
    not see it, and where it was a person's who is erased.
    """
    if name == "id":
        return record.model_fields[name].annotation
    codec = codecs(record)[name]
    kind = codec.type
    if codec.refers is not None and answer_name != name:
        kind = stubs[codec.refers.kind]
    is_withheld = codec.personal or codec.staff_only or codec.names_record is not None
    return kind if codec.required and not is_withheld else kind | None


def _in_order(fields: dict[str, Any], after: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields, with those in `after` behind the ones that they are to follow."""
    moved = {name for names in after.values() for name in names.split()}
    order: list[str] = []
    for name in fields:
        if name not in moved:
            order += [name, *after.get(name, "").split()]
    return {name: fields[name] for name in order}
