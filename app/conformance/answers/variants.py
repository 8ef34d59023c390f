"""The variants of cases, with how often and how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.conformance.answers.fitting import (
    VARIANTS,
    JudgedVariant,
    Yardstick,
    fitting_cases,
    held_steps,
    misfit_counts,
)
from app.conformance.answers.links import CaseLinks
from app.conformance.paths import Misfit
from app.conformance.questions import ConformanceQuestion, selected
from app.conformance.shapes import ConformanceDurations, ConformanceMisfit, ConformanceVariant
from app.conformance.step_words import step_label
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.platform.db import Connection

#: SQL of the mean of a column, and of its median and 90th percentile.
SPREAD = """avg({0})::float8, percentile_cont(array[0.5, 0.9]) within group (order by {0})"""
SELECT_VARIANTS = """
select *
from (
  select *, count(*) over () as variants, sum(cases) over () as all_cases, sum(cases) over in_order as covered
  from (
    select {variant} as variant, any_value({steps}) as steps, count(*) as cases, {spread}
    from kpi.process_case c where {where} group by 1
  ) counted
  window in_order as (order by cases desc, variant)
) placed
where %(last)s::bigint is null or (-cases, variant) > (-%(last)s::bigint, %(last_variant)s::uuid)
order by cases desc, variant limit %(limit)s"""


@dataclass(frozen=True, slots=True)
class VariantRows:
    """A page of variants, with the number of all variants and of all cases; `last` is where the page ends,
    None if there are no more.
    """

    items: list[ConformanceVariant]
    variants: int
    cases: int
    last: tuple[int, UUID] | None


def durations(mean: float | None, percentiles: Sequence[float] | None) -> ConformanceDurations | None:
    """Return the durations of the columns of SPREAD, or None."""
    if mean is None or percentiles is None:
        return None
    median, p90 = percentiles
    return ConformanceDurations(mean=round(mean, 3), median=round(median, 3), p90=round(p90, 3))


async def variants(  # what decides a page
    connection: Connection,
    question: ConformanceQuestion,
    yardstick: Yardstick,
    links: CaseLinks,
    language: str,
    *,
    limit: int,
    after: tuple[int, UUID] | None = None,
) -> VariantRows:
    """Return a page of the variants of the question's cases, the most frequent first."""
    where, parameters = selected(question)
    variant, steps = VARIANTS[question.steps]
    text = SELECT_VARIANTS.format(
        variant=variant, steps=steps, where=where, spread=SPREAD.format("c.seconds")
    )
    last, last_variant = after or (None, None)
    page = {"last": last, "last_variant": last_variant, "limit": limit + 1}
    rows = await fetch(connection, SqlStatement(text, parameters | page))
    more, rows = len(rows) > limit, rows[:limit]
    judged = await _judged(connection, question, yardstick, [row[0] for row in rows])
    items = []
    for variant_hash, variant_steps, cases, mean, percentiles, _, all_cases, covered in rows:
        of_variant = judged[variant_hash]
        items.append(
            ConformanceVariant(
                variant=variant_hash,
                steps=variant_steps,
                cases=cases,
                share=round(cases / float(all_cases), 6),
                cumulative_share=round(float(covered) / float(all_cases), 6),
                seconds=durations(mean, percentiles),
                fitting=fitting_cases(of_variant) if is_path(yardstick) else None,
                misfits=misfits(question, of_variant, links, language, variant=variant_hash),
                link=links.address(variant=variant_hash),
            )
        )
    total_variants, total_cases = (rows[0][5], int(rows[0][6])) if rows else (0, 0)
    end = (rows[-1][2], rows[-1][0]) if more else None
    return VariantRows(items, total_variants, total_cases, end)


def is_path(yardstick: Yardstick) -> bool:
    """Return whether there is a path that cases are held against."""
    return yardstick.expected is not None or bool(yardstick.usual)


def misfits(
    question: ConformanceQuestion,
    judged: Sequence[JudgedVariant],
    links: CaseLinks,
    language: str,
    **narrowed: object,
) -> list[ConformanceMisfit]:
    """Return the steps in which the variants do not fit, those of the most cases first."""
    counts = misfit_counts(judged)
    return [
        ConformanceMisfit(
            misfit=misfit,
            step=step,
            label=step_label(question.lifecycle, step, language),
            cases=cases,
            link=links.address(misfit=misfit.value, step=step, **narrowed),
        )
        for (misfit, step), cases in sorted(
            counts.items(),
            key=lambda counted: (list(Misfit).index(counted[0][0]), -counted[1], counted[0][1]),
        )
    ]


async def _judged(
    connection: Connection, question: ConformanceQuestion, yardstick: Yardstick, hashes: Sequence[UUID]
) -> dict[UUID, list[JudgedVariant]]:
    """Return how the cases of these variants are held against the path: a variant may have cases that fit and
    others, if the path names events that are no steps of it.
    """
    variant, _ = VARIANTS[question.steps]
    held, steps, named = held_steps(question, yardstick)
    where, parameters = selected(question)
    text = f"""
select variant, held, any_value(steps), count(*)
from (
  select {variant} as variant, {held} as held, {steps} as steps from kpi.process_case c
  where {where} and {variant} = any(%(hashes)s::uuid[])
) one
group by variant, held"""
    rows = await fetch(connection, SqlStatement(text, parameters | named | {"hashes": list(hashes)}))
    judged: dict[UUID, list[JudgedVariant]] = defaultdict(list)
    for of_variant, held_variant, held_as, cases in rows:
        judged[of_variant].append(yardstick.judge(held_variant, held_as, cases, is_open=question.open))
    return judged
