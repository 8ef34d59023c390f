"""The map of the processes: the tree of their published definitions, which of them hand over to which, and
which are core (pure).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.foundation.process_definitions.records import ProcessDefinition

#: Largest share of core processes, in per cent, unless the organisation sets another.
CORE_PERCENT = 20
SHARES = ("cost_share", "growth_share", "revenue_share", "value_share")


@dataclass(frozen=True, slots=True)
class MappedProcess:
    """A process in its place of the map: `depth` counts its ancestors. `score` is the mean of its shares. Its
    parent and those that it hands over to are named as their definitions name them.
    """

    definition: ProcessDefinition
    depth: int
    score: float
    is_core: bool
    parent: str | None
    interfaces: tuple[dict[str, Any], ...]


def mapped(definitions: Sequence[ProcessDefinition], core_percent: int = CORE_PERCENT) -> list[MappedProcess]:
    """Return the processes, each behind its parent. Whose parent has no definition, or is beneath the process
    itself, stands at the root. Core are those with the highest scores, of all processes this share at most.
    """
    scores = {definition.process: _score(definition) for definition in definitions}
    ranked = sorted(
        (process for process, score in scores.items() if score > 0), key=lambda process: -scores[process]
    )
    core = frozenset(ranked[: len(definitions) * core_percent // 100])
    names = _names_of(definitions)
    return [
        MappedProcess(
            definition,
            depth,
            scores[definition.process],
            definition.process in core,
            None if definition.parent is None else _named(definition.parent, names),
            tuple(
                {**entry, "process": _named(entry["process"], names)} for entry in definition.interfaces or ()
            ),
        )
        for definition, depth in _in_order(definitions, names)
    ]


def _names_of(definitions: Iterable[ProcessDefinition]) -> dict[str, str]:
    """Return the process by each of its names, in small letters: its own name before those of others."""
    names: dict[str, str] = {}
    for definition in definitions:
        other_names = (definition.title, *(definition.aliases or ()))
        names |= {name.casefold(): str(definition.process) for name in other_names if name}
    return names | {str(definition.process).casefold(): str(definition.process) for definition in definitions}


def _named(name: str, names: Mapping[str, str]) -> str:
    return names.get(name.casefold(), name)


def _score(definition: ProcessDefinition) -> float:
    return sum(getattr(definition, name) or 0 for name in SHARES) / len(SHARES)


def _in_order(
    definitions: Iterable[ProcessDefinition], names: Mapping[str, str]
) -> Iterator[tuple[ProcessDefinition, int]]:
    by_process = {definition.process: definition for definition in definitions}
    beneath: dict[str | None, list[ProcessDefinition]] = {}
    for definition in by_process.values():
        parent = None if definition.parent is None else names.get(definition.parent.casefold())
        beneath.setdefault(parent, []).append(definition)
    waiting = [(definition, 0) for definition in reversed(beneath.get(None, []))]
    left = dict(by_process)
    while left:
        if not waiting:  # what is left goes in a circle: any of it is as good a root as another
            waiting.append((next(iter(left.values())), 0))
        definition, depth = waiting.pop()
        if left.pop(definition.process, None) is not None:
            yield definition, depth
            waiting += [(child, depth + 1) for child in reversed(beneath.get(definition.process, []))]
