"""Which cases fit: each variant is compared with the path once, and its cases are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.conformance.kinds import HELD_STEPS, named_events, withdrawals_of
from app.conformance.parameters import PathKind, StepKind
from app.conformance.paths import Misfit, PathFit, fit_of, usual_variants
from app.conformance.questions import ConformanceQuestion, selected
from app.foundation.process_definitions.expected_paths import ExpectedPath
from app.foundation.process_definitions.lookups import expected_path_of
from app.kernel.access.reads import Reading
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.platform.db import Connection, fetch_rows

#: The variant of a case `c`, by which events are its steps.
VARIANTS = {StepKind.changes: ("c.variant", "c.steps"), StepKind.all: ("c.all_variant", "c.all_steps")}
#: Whether a case has such events beyond its changes; the arrays are searched first, as most cases have no
#: such event.
HAS_NAMED = """(false = any(c.all_changes) and exists (
  select from unnest(c.all_steps, c.all_changes) as one(type, changes)
  where not one.changes and one.type = any(%(named)s::text[])))"""


@dataclass(frozen=True, slots=True)
class JudgedVariant:
    """A variant as it is held against a path: its hash, its steps, how many cases have it, and how these fit;
    `fit` is None for the usual path, where `fits` is everything.
    """

    variant: UUID
    steps: tuple[str, ...]
    cases: int
    fits: bool
    fit: PathFit | None


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The measure for cases: the expected path, or the variants of the usual one (with the number of the
    cases in which they were found). Both are None without a path. `successors` are the present types of the
    process's events by those of earlier releases, `withdrawals` those that withdraw a case.
    """

    kind: PathKind
    expected: ExpectedPath | None = None
    usual: frozenset[UUID] = frozenset()
    usual_cases: int = 0
    successors: Mapping[str, str] = field(default_factory=dict)
    withdrawals: frozenset[str] = frozenset()

    def judge(self, variant: UUID, steps: Sequence[str], cases: int, *, is_open: bool) -> JudgedVariant:
        """Return how the variant fits."""
        if self.expected is None:
            return JudgedVariant(variant, tuple(steps), cases, variant in self.usual, None)
        fit = fit_of(
            self.expected,
            steps,
            is_open=is_open,
            successors=self.successors,
            withdrawals=self.withdrawals,
        )
        return JudgedVariant(variant, tuple(steps), cases, fit.fits, fit)


def held_steps(question: ConformanceQuestion, yardstick: Yardstick) -> tuple[str, str, dict[str, Any]]:
    """Return the SQL of the hash and of the steps of a case `c` that are held against the path, and their
    parameters.
    """
    if yardstick.expected is None:
        return *VARIANTS[StepKind.changes], {}
    named = named_events(question.lifecycle, yardstick.expected)
    if not named:
        return *VARIANTS[StepKind.changes], {}
    variant = f"case when {HAS_NAMED} then md5(array_to_string({HELD_STEPS}, ' '))::uuid else c.variant end"
    return variant, f"case when {HAS_NAMED} then {HELD_STEPS} else c.steps end", {"named": named}


async def yardstick_of(connection: Connection, question: ConformanceQuestion) -> Yardstick:
    """Return what the question holds cases against: the path in force at the end of its time."""
    kind = question.path or (PathKind.usual if question.is_of_histories else PathKind.expected)
    if kind is PathKind.expected:
        expected = await expected_path_of(reading(connection), question.kind, question.end)
        if expected is not None or question.path is PathKind.expected:
            return Yardstick(
                kind,
                expected,
                successors=question.lifecycle.successors,
                withdrawals=withdrawals_of(question.lifecycle),
            )
    where, parameters = selected(question.in_usual_time())
    text = f"""
select c.variant, count(*) as cases from kpi.process_case c where {where}
group by c.variant order by cases desc, c.variant"""
    counted: list[tuple[UUID, int]] = [
        (variant, cases) for variant, cases in await fetch(connection, SqlStatement(text, parameters))
    ]
    usual = frozenset(usual_variants(counted))
    return Yardstick(PathKind.usual, None, usual, sum(cases for _, cases in counted))


def reading(connection: Connection) -> Reading:
    """Return a function that runs queries on the connection."""

    async def read(query: str, parameters: Any) -> list[dict[str, Any]]:
        return await fetch_rows(connection, query, parameters)

    return read


async def judged_variants(
    connection: Connection, question: ConformanceQuestion, yardstick: Yardstick
) -> list[JudgedVariant]:
    """Return all variants of the question's cases, as they are held against the path."""
    variant, steps, named = held_steps(question, yardstick)
    where, parameters = selected(question)
    text = f"""
select variant, any_value(steps), count(*)
from (select {variant} as variant, {steps} as steps from kpi.process_case c where {where}) held
group by variant"""
    rows = await fetch(connection, SqlStatement(text, parameters | named))
    return [
        yardstick.judge(variant_hash, held_as, cases, is_open=question.open)
        for variant_hash, held_as, cases in rows
    ]


def misfit_counts(judged: Iterable[JudgedVariant]) -> Mapping[tuple[Misfit, str], int]:
    """Return the number of cases by the way in which they do not fit, and the step."""
    counts: Counter[tuple[Misfit, str]] = Counter()
    for held in judged:
        if held.fit is None:
            continue
        for misfit in Misfit:
            for step in held.fit.steps(misfit):
                counts[misfit, step] += held.cases
    return counts


def fitting_cases(judged: Iterable[JudgedVariant]) -> int:
    """Return the number of cases that fit."""
    return sum(held.cases for held in judged if held.fits)


def misfitting(judged: Iterable[JudgedVariant], misfit: Misfit, step: str | None) -> list[UUID]:
    """Return the variants that do not fit in that way; with `step`, in that step."""
    return [
        held.variant
        for held in judged
        if held.fit is not None and (steps := held.fit.steps(misfit)) and (step is None or step in steps)
    ]
