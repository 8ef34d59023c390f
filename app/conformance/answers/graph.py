"""The directly-follows graph of cases: which step followed which, how often and how long after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from app.conformance.answers.links import CaseLinks
from app.conformance.answers.variants import SPREAD, durations
from app.conformance.parameters import StepKind
from app.conformance.questions import ConformanceQuestion, selected
from app.conformance.shapes import ConformanceEdge, ConformanceNode
from app.conformance.step_words import step_label
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.platform.db import Connection

#: The columns of a case `c` with its steps, and with the seconds since the one before.
STEPS = {
    StepKind.changes: ("c.variant", "c.steps", "c.step_seconds"),
    StepKind.all: ("c.all_variant", "c.all_steps", "c.all_seconds"),
}
#: The order of steps is the same in all cases of a variant; the time between steps is not.
SELECT_VARIANTS = """
select any_value({steps}), count(*) from kpi.process_case c where {where} group by {variant}"""
# The pairs of steps are numbered once for each variant: to sort the types of all steps takes twice as long.
SELECT_TIMES = """
with pair as materialized (
  select went.variant, n, previous, type, dense_rank() over (order by previous, type) as edge
  from (
    select {variant} as variant, any_value({steps}) as steps from kpi.process_case c
    where {where} group by {variant}
  ) went
  cross join lateral unnest(went.steps[:cardinality(went.steps) - 1], went.steps[2:])
    with ordinality as one(previous, type, n)
),
numbered as materialized (select variant, array_agg(edge order by n) as edges from pair group by variant),
timed as (
  select one.edge, {spread}
  from kpi.process_case c join numbered on numbered.variant = {variant}
  cross join lateral unnest(numbered.edges, {seconds}[2:]) as one(edge, seconds)
  where {where}
  group by one.edge
)
select named.previous, named.type, timed.*
from timed join (select distinct edge, previous, type from pair) named using (edge)"""


@dataclass(frozen=True, slots=True)
class GraphRows:
    """The steps and edges of a graph, and the number of its cases."""

    nodes: list[ConformanceNode]
    edges: list[ConformanceEdge]
    cases: int


@dataclass(slots=True)
class GraphCounts:
    """Counts of steps, by their types, and of edges."""

    cases: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    step_cases: Counter[str] = field(default_factory=Counter)
    begins: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    #: The sum of the places of all occurrences of a step.
    places: Counter[str] = field(default_factory=Counter)
    edges: Counter[tuple[str, str]] = field(default_factory=Counter)
    edge_cases: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, path: Sequence[str], cases: int) -> None:
        """Add the cases of a variant."""
        self.cases += cases
        if not path:
            return
        self.begins[path[0]] += cases
        self.ends[path[-1]] += cases
        edges = list(pairwise(path))
        for place, step in enumerate(path, start=1):
            self.steps[step] += cases
            self.places[step] += place * cases
        for step in set(path):
            self.step_cases[step] += cases
        for edge in edges:
            self.edges[edge] += cases
        for edge in set(edges):
            self.edge_cases[edge] += cases


async def graph(
    connection: Connection, question: ConformanceQuestion, links: CaseLinks, language: str
) -> GraphRows:
    """Return the graph of the question's cases."""
    where, parameters = selected(question)
    variant, steps, seconds = STEPS[question.steps]

    async def rows(text: str) -> list[tuple[Any, ...]]:
        words = {
            "variant": variant,
            "steps": steps,
            "seconds": seconds,
            "spread": SPREAD.format("one.seconds"),
        }
        return await fetch(connection, SqlStatement(text.format(where=where, **words), parameters))

    counted = GraphCounts()
    for path, cases in await rows(SELECT_VARIANTS):
        counted.add(path, cases)
    times = {(before, step): durations(*spread) for before, step, _, *spread in await rows(SELECT_TIMES)}
    return GraphRows(
        nodes=[
            ConformanceNode(
                step=step,
                label=step_label(question.lifecycle, step, language),
                cases=counted.step_cases[step],
                occurrences=occurrences,
                begins=counted.begins[step],
                ends=counted.ends[step],
                place=round(counted.places[step] / occurrences, 3),
                link=links.address(step=step),
            )
            for step, occurrences in sorted(
                counted.steps.items(), key=lambda step: (counted.places[step[0]] / step[1], step[0])
            )
        ],
        edges=[
            ConformanceEdge(
                from_step=edge[0],
                to_step=edge[1],
                count=count,
                cases=counted.edge_cases[edge],
                seconds=spread,
                link=links.address(step=edge[1], after=edge[0]),
            )
            for edge, count in sorted(counted.edges.items(), key=lambda edge: (-edge[1], edge[0]))
            if (spread := times[edge]) is not None
        ],
        cases=counted.cases,
    )
