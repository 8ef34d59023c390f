"""The order of what needs attention, and what folds into one sentence (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity

#: So many sentences of a code and process stand for themselves; more are one.
MOST_ALIKE = 2
LATEST_TIME = datetime.max.replace(tzinfo=UTC)
ORDER = list(Severity)
BY_TIME = frozenset({Severity.now, Severity.yours})


def rank(conditions: Iterable[AttentionCondition]) -> list[AttentionCondition]:
    """Return the conditions, the most urgent first: by severity; then what is due first, what was missed in
    most periods in a row, and what concerns most cases.
    """
    return sorted(conditions, key=_rank)


def _rank(condition: AttentionCondition) -> tuple[object, ...]:
    due_at = condition.due_at or LATEST_TIME if condition.severity in BY_TIME else LATEST_TIME
    since = condition.since or LATEST_TIME
    return (
        ORDER.index(condition.severity),
        due_at,
        -condition.misses,
        -condition.weight,
        -condition.count,
        since,
        condition.key,
    )


def fold(ranked: Sequence[AttentionCondition]) -> list[AttentionCondition]:
    """Return the conditions with three or more of the same code and process folded into one, at the place of
    the first, which the sentence names. Conditions without a plural sentence are not folded.
    """
    alike: dict[tuple[str, str | None], list[AttentionCondition]] = {}
    for condition in ranked:
        alike.setdefault((condition.code, condition.process), []).append(condition)
    return [
        condition if len(group) <= MOST_ALIKE or not condition.folds else _folded(group)
        for condition in ranked
        for group in [alike[condition.code, condition.process]]
        if len(group) <= MOST_ALIKE or not condition.folds or condition is group[0]
    ]


def _folded(group: Sequence[AttentionCondition]) -> AttentionCondition:
    first = group[0]
    more = {"n": values.number(len(group))}
    return replace(
        first,
        sentence=f"{first.code}_several",
        parameters={**first.parameters, **more},
        cases=first.several,
        desk=first.several_desk,
        count=len(group),
        subject="",
        folded=tuple(group),
    )
