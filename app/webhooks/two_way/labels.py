"""Labels of a ticket at a tool and its tags here: what each side has changed since both were equal (pure).

Tools compare labels without case. Only public tags are written to a tool, as only public comments are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelDifference:
    """What one side has added or removed, and the other does not have yet: names in a stable order."""

    tag: tuple[str, ...]
    untag: tuple[str, ...]
    add: tuple[str, ...]
    remove: tuple[str, ...]


def label_difference(
    common: Collection[str], tags: Mapping[str, bool], labels: Collection[str]
) -> LabelDifference:
    """Return the changes of both sides. `common`: the names that both sides had; `tags`: whether each is
    public, by name; `labels`: those of the tool.
    """
    before, here, there = _by_key(common), _by_key(tags), _by_key(labels)
    return LabelDifference(
        tag=_names(there, there.keys() - before.keys() - here.keys()),
        untag=_names(here, (before.keys() - there.keys()) & here.keys()),
        add=_names(here, {k for k, name in here.items() if tags[name]} - before.keys() - there.keys()),
        remove=_names(there, (before.keys() - here.keys()) & there.keys()),
    )


def common_names(tags: Iterable[str], labels: Iterable[str]) -> frozenset[str]:
    """Return the labels that both sides have."""
    here = _by_key(tags)
    return frozenset(name for key, name in _by_key(labels).items() if key in here)


def _by_key(names: Iterable[str]) -> dict[str, str]:
    return {name.casefold(): name for name in sorted(names)}


def _names(named: Mapping[str, str], keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(named[key] for key in sorted(keys))
