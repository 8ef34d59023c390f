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
    before, ours, theirs = _by_key(common), _by_key(tags), _by_key(labels)
    return LabelDifference(
        tag=_names(theirs, theirs.keys() - before.keys() - ours.keys()),
        untag=_names(ours, (before.keys() - theirs.keys()) & ours.keys()),
        add=_names(ours, {k for k, name in ours.items() if tags[name]} - before.keys() - theirs.keys()),
        remove=_names(theirs, (before.keys() - ours.keys()) & theirs.keys()),
    )


def common_names(tags: Iterable[str], labels: Iterable[str]) -> frozenset[str]:
    """Return the labels that both sides have."""
    ours = _by_key(tags)
    return frozenset(name for key, name in _by_key(labels).items() if key in ours)


def _by_key(names: Iterable[str]) -> dict[str, str]:
    return {name.casefold(): name for name in sorted(names)}


def _names(named: Mapping[str, str], keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(named[key] for key in sorted(keys))
