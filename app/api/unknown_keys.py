"""Warnings of a command's answer: keys of its payload that are taken although nothing here has them, as a
monitoring tool may name what is not recorded yet, and environments that are on no list. They stand in no
event and in no ETag.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.common.people import Caller, Role
from app.common.records import KeyRef
from app.i18n import translate
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payload_fields import UsualName
from app.kernel.actions.payloads import Payload, marks, references
from app.kernel.commands.command import Command
from app.kernel.commands.references.defined_names import with_defined_names
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible

#: The kinds of records whose keys are warned of.
WARNED_KINDS = frozenset({"service", "ci", "category"})
#: The table of the sentences.
TABLE = "warning"
#: Number of keys that a warning names as near, of those that are compared.
MOST_NEAR, MOST_COMPARED = 3, 500
#: How much of a key another one begins with to be compared with it.
SHARED_START = 1
LEAST_ALIKE = 0.6
#: The key itself first, and then those that begin alike, in order.
ALIKE = """
select r.key, h.audience from {table} r join log.stream_head h on h.stream = '{kind}/' || r.id
where (r.key = %(key)s or starts_with(lower(r.key), %(start)s)) {process}
order by r.key <> %(key)s, r.key limit {most}"""


class KeyWarning(OutputModel):
    """A key that was accepted although no record here has it."""

    pointer: str = Field(description="Place of the key in the body: a JSON Pointer.", examples=["/service"])
    code: str = Field(
        description="Code of the warning: `unknown_service`, `unknown_ci`, `unknown_category` or "
        "`unknown_environment`.",
        examples=["unknown_service"],
    )
    detail: str = Field(description="Warning as a sentence, in the reader's language.")
    near: list[str] = Field(description="Known keys that resemble it, the closest first; at most three.")


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key that a payload names: where, of which kind of record, and of which process (None: any)."""

    pointer: str
    kind: str
    key: str
    process: str | None


def names_keys(lifecycle: Lifecycle[Any], body: type[Payload]) -> bool:
    """Return whether payloads of that type may name what is warned of: on tickets keys, everywhere names."""
    has_keys = lifecycle.is_ticket and any(_is_warned_of(mark) for mark in marks(body, KeyRef).values())
    return has_keys or bool(marks(body, UsualName))


def _is_warned_of(mark: KeyRef) -> bool:
    return mark.kind in WARNED_KINDS and not mark.must_exist


@cache
def warned_shape(shape: type[OutputModel]) -> type[OutputModel]:
    """Return the shape of the answer to a body that may name unknown keys, as that of a record is."""
    namespace = {
        "__doc__": shape.__doc__,
        "__module__": __name__,
        "__annotations__": {"warnings": list[KeyWarning] | None},
        # The member is left out where there is nothing to warn of, and so is not required.
        "model_config": ConfigDict(json_schema_serialization_defaults_required=False),
        "warnings": Field(
            default=None,
            description="Unknown keys and environments in the body; left out if there are none.",
        ),
    }
    return cast(type[OutputModel], type(f"{shape.__name__}WithWarnings", (shape,), namespace))


async def unknown_keys(ledger: Ledger, command: Command) -> list[dict[str, Any]]:
    """Return the warnings of the command's answer, by what there is now that its caller may see."""
    if not names_keys(command.lifecycle, type(command.body)):
        return []
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    command = await with_defined_names(reads, command)
    process = getattr(command.body, "process", None) or command.lifecycle.kind
    unusual = list(_unusual_names(ledger, command))
    if not command.lifecycle.is_ticket:
        return unusual
    return [*await unknown_keys_of(ledger, command.body, process, command.metadata), *unusual]


def _unusual_names(ledger: Ledger, command: Command) -> Iterator[dict[str, Any]]:
    """Yield the warnings of names that are neither usual nor listed in the settings."""
    for field, mark in marks(type(command.body), UsualName).items():
        name = getattr(command.body, field)
        if name is not None and not mark.is_known(name, getattr(ledger.settings, mark.listed_in)):
            code = f"unknown_{mark.kind}"
            detail = warning_sentence(command.metadata.language, code, name, ())
            yield KeyWarning(pointer=f"/{field}", code=code, detail=detail, near=[]).model_dump()


async def unknown_keys_of(
    ledger: Ledger, body: BaseModel, process: str, metadata: CommandMetadata
) -> list[dict[str, Any]]:
    """Return the warnings of what names keys for a ticket of the process, by what there is now that its
    caller may see.
    """
    warnings = []
    for named in _named_keys(body, process):
        alike = await visible_keys(ledger, metadata.caller, named)
        if named.key not in alike:
            near = nearest(named.key, alike)
            code = f"unknown_{named.kind}"
            detail = warning_sentence(metadata.language, code, named.key, near)
            warnings.append(
                KeyWarning(pointer=named.pointer, code=code, detail=detail, near=near).model_dump()
            )
    return warnings


def warning_sentence(language: str, code: str, key: str, near: Sequence[str]) -> str:
    """Return the sentence of a warning, with the keys that are near."""
    sentence = translate(language, TABLE, code, {"key": key})
    if near:
        sentence += translate(language, TABLE, "near", {"near": ", ".join(near)})
    return sentence


def _named_keys(body: BaseModel, process: str) -> Iterator[NamedKey]:
    """Yield the keys that the body names of kinds that are warned of."""
    for field, mark, keys in references(body, marked=KeyRef):
        if "/" in field or not _is_warned_of(mark):
            continue
        for n, key in enumerate([keys] if isinstance(keys, str) else keys):
            pointer = f"/{field}" if isinstance(keys, str) else f"/{field}/{n}"
            yield NamedKey(pointer, mark.kind, key, process if mark.per_process else None)


async def visible_keys(ledger: Ledger, caller: Caller, named: NamedKey) -> Sequence[str]:
    """Return the key, if there is one, and keys that begin alike, as far as the caller can see them. An
    integration sees hardly any, so it learns only whether the key that it named is right: otherwise all its
    warnings would be wrong.
    """
    lifecycle = ledger.lifecycles[named.kind]
    of_process = "" if named.process is None else "and r.process = %(process)s"
    query = ALIKE.format(table=lifecycle.table, kind=named.kind, process=of_process, most=MOST_COMPARED)
    start = named.key[:SHARED_START].lower()
    rows = await ledger.db.rows(query, {"key": named.key, "start": start, "process": named.process})
    is_tool = Role.integration in caller.role_codes
    return [
        row["key"]
        for row in rows
        if is_visible(ledger, lifecycle, caller, row["audience"]) or (is_tool and row["key"] == named.key)
    ]


def nearest(key: str, keys: Sequence[str]) -> list[str]:
    """Return the keys that are much like the key, the nearest first; upper and lower case are alike."""
    by_lower = {each.lower(): each for each in keys}
    return [by_lower[each] for each in get_close_matches(key.lower(), by_lower, MOST_NEAR, LEAST_ALIKE)]
