"""What an expression of Prometheus names: metrics, their labels, values of these; and what a scrape has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

NAME = re.compile(r"(?<![\w$:])(?:ledgerdesk|process)[_:][a-z0-9_:]+")
SELECTOR = re.compile(r"([a-z][a-z0-9_:]+)\s*\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left)\s*\(([^)]*)\)")
#: What Prometheus puts beside the labels of a metric, and its own metric.
OF_PROMETHEUS = {"job", "instance"}
UP = "up"


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of a scrape: by name their labels, with the values that these have."""

    labels: Mapping[str, Mapping[str, set[str]]] = field(default_factory=dict)


def scraped(text: str) -> Metrics:
    """What stands in the answer of a scrape."""
    labels: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            of_metric = labels.setdefault(sample.name, defaultdict(set))
            for label, value in sample.labels.items():
                of_metric[label].add(value)
    return Metrics(labels)


def faults(
    expr: str, metrics: Metrics, *, more: Iterable[str] = (), values: Mapping[str, set[str]]
) -> list[str]:
    """What the expression names that is not there. `more`: metrics that rules record; `values`: those of
    labels of which a scrape has only what has happened.
    """
    # The names of metrics in the values of labels are none, and neither are those of labels.
    bare = re.sub(r'"[^"]*"', '""', expr)
    names = set(NAME.findall(bare)) - {UP}
    missing = [f"{name} is no metric" for name in sorted(names - metrics.labels.keys() - set(more))]
    known_labels = {label for name in names for label in metrics.labels.get(name, {})} | OF_PROMETHEUS
    if names & set(more):
        return missing
    for labels in GROUPING.findall(bare):
        grouped = {label.strip() for label in labels.split(",")} - {""}
        missing += [f"{label} is no label of {sorted(names)}" for label in sorted(grouped - known_labels)]
    for name, matchers in SELECTOR.findall(expr):
        for label, how, value in MATCHER.findall(matchers):
            values_of_label = values.get(label) or metrics.labels.get(name, {}).get(label, set())
            if label in OF_PROMETHEUS:
                continue
            if not any(_matches(how, value, candidate) for candidate in values_of_label):
                missing.append(f"{name} has no {label} {value}")
    return missing


def _matches(how: str, value: str, candidate: str) -> bool:
    """Whether a label of that value is meant; of those to be left out, each that is named must be there."""
    pattern = value if "~" in how else re.escape(value)
    return re.fullmatch(pattern, candidate) is not None
