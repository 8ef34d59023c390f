"""Names of processes: a kind of record of ours, however its letters and its number are written, or a name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator

from app.common.records import NamedAs
from app.kernel.actions.payloads import RecordKey

#: The kinds of record that a process of ours handles, with their plurals as addresses have them.
PROCESS_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "incident": "incidents",
        "request": "requests",
        "problem": "problems",
        "change": "changes",
        "release": "releases",
        "improvement": "improvements",
        "article": "articles",
        "training": "trainings",
    }
)


def process_named(name: str) -> str:
    """Return the kind that the name means, as `incident` of `Incidents`; any other name as it is."""
    folded = name.casefold()
    return next((kind for kind, plural in PROCESS_KINDS.items() if folded in (kind, plural)), name)


def spellings_of(process: str) -> list[str]:
    """Return what the process may be called in small letters, as older records have it."""
    kind = process_named(process)
    names = (kind, PROCESS_KINDS[kind]) if kind in PROCESS_KINDS else (kind,)
    return [name.casefold() for name in names]


#: Marks a field of a record that names a process.
OF_PROCESS = NamedAs("process_definition", spellings=spellings_of)
#: The name of a process: that of its definition, if one has it for its name, title or another name.
ProcessName = Annotated[RecordKey, AfterValidator(process_named), NamedAs("process_definition")]
