"""Names that records define, in the place of other names for the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from app.common.records import KeyRef
from app.common.spellings import NamedAs
from app.kernel.access.reads import ReadContext
from app.kernel.actions.payloads import (
    marks,
    part_types,
)
from app.kernel.commands.command import Command


async def with_defined_names(reads: ReadContext, command: Command, *, follows: bool = False) -> Command:
    """Return the command with the names that records define in the place of other names for the same: in a
    command of a person, of what is referred to by key, too.
    """
    marked = (NamedAs,) if follows or not command.metadata.is_by_person else (NamedAs, KeyRef)
    looked_up: dict[tuple[str, str], str | None] = {}
    changed = await _defined_names(reads, command.body, looked_up, marked)
    for field in part_types(type(command.body)):
        parts = getattr(command.body, field)
        if isinstance(parts, tuple):
            renamed = [await _defined_names(reads, part, looked_up, marked) for part in parts]
            if any(renamed):
                pairs = zip(parts, renamed, strict=True)
                changed[field] = tuple(part.model_copy(update=names) for part, names in pairs)
    return replace(command, body=command.body.model_copy(update=changed)) if changed else command


async def _defined_names(
    reads: ReadContext,
    body: BaseModel,
    looked_up: dict[tuple[str, str], str | None],
    marked: tuple[type[NamedAs | KeyRef], ...],
) -> dict[str, Any]:
    """Return, by field, the defined names in the place of those that the payload or its part has, where they
    are others, of the fields with such a mark. `looked_up` are those that were looked up already.
    """
    changed: dict[str, Any] = {}
    for field, kind in [
        (field, mark.kind) for each in marked for field, mark in marks(type(body), each).items()
    ]:
        value = getattr(body, field)
        if not isinstance(value, str | tuple) or not reads.defines_names(kind):
            continue
        names = (value,) if isinstance(value, str) else value
        for name in names:
            if (kind, name) not in looked_up:
                looked_up[kind, name] = await reads.defined_name(kind, name)
        defined = tuple(looked_up[kind, name] or name for name in names)
        if defined != names:
            changed[field] = defined[0] if isinstance(value, str) else tuple(dict.fromkeys(defined))
    return changed
