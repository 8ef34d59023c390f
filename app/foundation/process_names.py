"""Names of processes: a kind of record of ours, however people write it, or another name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Protocol

from pydantic import AfterValidator

from app.common.spellings import NamedAs
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
#: Words that people use for records and their processes besides the kind and its plural.
_LABELS = {
    "incident": ("事件", "故障", "事故"),
    "request": ("service request", "service requests", "服务请求", "请求"),
    "problem": ("问题",),
    "change": ("变更",),
    "release": ("发布",),
    "improvement": ("process improvement", "process improvements", "改进", "流程改进"),
    "article": ("knowledge", "knowledge article", "knowledge articles", "知识", "知识文章"),
    "training": ("培训",),
}
_SEPARATORS = (" ", "_", "-", "")
_SUFFIXES = (
    *(
        "",
        " management",
        " process",
        " management process",
        " handling",
        " mgmt",
        " fulfilment",
        " fulfillment",
    ),
    *("管理", "流程", "管理流程", "处理", "处理流程"),
)


def _spellings(kind: str, plural: str) -> Iterator[str]:
    """Yield the names of the process in small letters, the kind and its plural first."""
    names = (kind, plural, *_LABELS[kind])
    yield from names
    for name in names:
        is_english = name.isascii()
        for suffix in _SUFFIXES:
            if not suffix or suffix.isascii() is is_english:
                yield from (f"{name}{suffix}".replace(" ", separator) for separator in _SEPARATORS)


_SPELLINGS = {kind: list(dict.fromkeys(_spellings(kind, plural))) for kind, plural in PROCESS_KINDS.items()}


def _folded(name: str) -> str:
    """Return the name without what people write in different ways: case, width, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


_KINDS = {_folded(spelling): kind for kind, spellings in _SPELLINGS.items() for spelling in spellings}


def process_named(name: str) -> str:
    """Return the kind that the name means, as `incident` of `Incidents` or `事件管理`; any other name as it
    is.
    """
    return _KINDS.get(_folded(name), name)


def spellings_of(process: str) -> list[str]:
    """Return what the process may be called in small letters, as older records have it."""
    kind = process_named(process)
    return _SPELLINGS.get(kind) or [kind.casefold()]


#: Marks a field of a record that names a process.
OF_PROCESS = NamedAs("process_definition", spellings=spellings_of)
#: The name of a process: that of its definition, if one has it for its name, title or another name.
ProcessName = Annotated[RecordKey, AfterValidator(process_named), NamedAs("process_definition")]


class _Labelled(Protocol):
    def label(self, language: str) -> str: ...


def process_in_words(kinds: Mapping[str, _Labelled], process: str | None, language: str) -> str | None:
    """Return how people call a process: the label of the kind of its records, or its own name."""
    kind = kinds.get(process or "")
    return process if kind is None else kind.label(language)
