"""The rules that fit an alert, and their result (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from app.processes.incidents.alert_rules.records import AlertRule

MOST_PATTERNS = 1_000
_MATCHER = re.compile(r"([^=!]+)(!?=)(.*)", re.DOTALL)


def fits(rule: AlertRule, labels: Mapping[str, str]) -> bool:
    """Return whether the rule fits an alert with these labels, its source among them."""
    if rule.source is not None and labels.get("source") != rule.source:
        return False
    return all(_holds(matcher, labels) for matcher in rule.matchers or ())


def _holds(matcher: str, labels: Mapping[str, str]) -> bool:
    parts = _MATCHER.fullmatch(matcher)
    assert parts is not None, "a matcher was checked when its rule was added"
    name, sign, pattern = parts.groups()
    matched = _pattern(pattern).fullmatch(labels.get(name, "")) is not None
    return matched if sign == "=" else not matched


@lru_cache(MOST_PATTERNS)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


def routing_rule(rules: Iterable[AlertRule], labels: Mapping[str, str]) -> AlertRule | None:
    """Return the first rule that fits and assigns the alert, or None."""
    return next((rule for rule in rules if rule.routes and fits(rule, labels)), None)


def grouping_rule(rules: Iterable[AlertRule], labels: Mapping[str, str]) -> AlertRule | None:
    """Return the first rule that fits and groups the alert; None without one, or if the alert lacks all
    labels by which it would be grouped.
    """
    rule = next((rule for rule in rules if rule.group_by and fits(rule, labels)), None)
    return rule if rule is not None and any(labels.get(name) for name in rule.group_by or ()) else None


def group_values(rule: AlertRule, labels: Mapping[str, str]) -> Sequence[str]:
    """Return the values by which the rule groups an alert; alerts with the same ones are one group."""
    return [labels.get(name, "") for name in rule.group_by or ()]


def quiet_rule(rules: Iterable[AlertRule], labels: Mapping[str, str], moment: datetime) -> AlertRule | None:
    """Return the rule that fits and is quiet at that time, the one that is so longest, or None."""
    quiet = [
        (rule.quiet_until_at, rule)
        for rule in rules
        if rule.quiet_from_at is not None
        and rule.quiet_until_at is not None
        and rule.quiet_from_at <= moment < rule.quiet_until_at
        and fits(rule, labels)
    ]
    return max(quiet, key=lambda each: each[0])[1] if quiet else None
