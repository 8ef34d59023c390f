"""What both sides have added and removed comes to both, and only public tags leave this side."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.two_way.labels import common_names, label_difference

NAMES = st.frozensets(st.sampled_from(["red", "Red", "green", "blue"]))
TAGS = st.dictionaries(st.sampled_from(["red", "green", "BLUE"]), st.booleans())


def keys(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}


@given(common=NAMES, tags=TAGS, labels=NAMES)
def test_after_the_changes_both_sides_are_equal_but_for_internal_tags(
    common: frozenset[str], tags: dict[str, bool], labels: frozenset[str]
) -> None:
    changes = label_difference(common, tags, labels)
    ours = (keys(tags) | keys(changes.tag)) - keys(changes.untag)
    theirs = (keys(labels) | keys(changes.add)) - keys(changes.remove)
    internal = keys(name for name, is_public in tags.items() if not is_public)
    assert theirs <= ours
    assert ours - theirs <= internal
    assert not keys(changes.add) & internal, "no internal tag is written"
    settled = common_names([*tags, *changes.tag], labels)
    assert keys(settled) <= ours | keys(changes.untag)


@given(tags=TAGS, labels=NAMES)
def test_what_only_one_side_had_is_never_removed(tags: dict[str, bool], labels: frozenset[str]) -> None:
    changes = label_difference((), tags, labels)
    assert not changes.untag
    assert not changes.remove
