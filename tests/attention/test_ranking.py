"""What needs attention is ranked by severity, then by what is due, missed, or concerns most cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.attention.conditions import AttentionCondition, Severity
from app.attention.ranking import fold, rank

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def a_condition(subject: str, severity: Severity = Severity.missed, **more: Any) -> AttentionCondition:
    """A condition of the code `target_missed`, which folds."""
    fields: dict[str, Any] = {
        "code": "target_missed",
        "process": "incident",
        "parameters": {},
        "cases": None,
        "count": 1,
    }
    return AttentionCondition(severity=severity, subject=subject, **({"folds": True} | fields | more))


def test_the_order_is_severity_then_due_time_then_misses_then_cases() -> None:
    conditions = [
        a_condition("few", misses=1, count=1),
        a_condition("many", misses=1, count=9),
        a_condition("again", misses=4),
        a_condition("later", Severity.now, due_at=NOW + timedelta(hours=2)),
        a_condition("sooner", Severity.now, due_at=NOW),
        a_condition("above all", Severity.banner),
        a_condition("mine", Severity.yours),
    ]
    ranked = [condition.subject for condition in rank(conditions)]
    assert ranked == ["above all", "sooner", "later", "again", "many", "few", "mine"]


def test_from_the_third_on_they_fold_into_the_first_and_others_stay() -> None:
    alike = [a_condition(name) for name in "abc"]
    other = a_condition("other", process="change")
    unfolding = [a_condition(name, code="clocks_due", folds=False) for name in "xyz"]
    assert fold(rank(alike[:2])) == alike[:2]
    first, *rest = fold([*alike, other, *unfolding])
    assert (first.count, first.key, first.folded) == (3, "target_missed:incident", tuple(alike))
    assert rest == [other, *unfolding]
