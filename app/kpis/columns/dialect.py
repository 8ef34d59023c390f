"""The statements of query.py as other engines understand them, over exported facts. Pure.

Conditions and measures are those of query.py, word by word; only what other engines lack is written
differently. Instants are in UTC without a zone, so no engine needs to know zones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.kpis.declaration.dimensions import COLUMN, IDS, Dimension
from app.kpis.declaration.measures import BUDGET, REPEATS
from app.kpis.facts import query
from app.kpis.facts.query import Filters
from app.kpis.questions.question import KpiQuestion

#: More periods would make a statement that is slower to plan than the facts are to read.
MOST_PERIODS = 1_000
_PARAMETER = re.compile(r"%\((\w+)\)s(::timestamptz)?")


@dataclass(frozen=True, slots=True)
class Engine:
    """How an engine writes a parameter, an instant, and the type of an id; and which percentiles it has."""

    mark: str
    instant: str
    id_type: str
    percentiles: str


DUCKDB = Engine("$", "TIMESTAMP", "::uuid", "quantile_cont({column}, [0.5, 0.9])")
SPARK = Engine(":", "TIMESTAMP_NTZ", "", "percentile({column}, array(0.5D, 0.9D))")


def unnested(parameter: str, kind: str) -> str:
    """Return the expression for the values of that type in a parameter, which is a JSON array, in DuckDB: an
    array of Python objects takes three times as long to pass.
    """
    return f"unnest(from_json(${parameter}, '[\"{kind}\"]'))"


def facts(question: KpiQuestion, filters: Filters, engine: Engine, parameters: dict[str, Any]) -> str:
    """Return the rows of the facts in the time and under the filters of the question: period, the cuts,
    excluded, number_n of each measure, and skewed; add their parameters.

    The relation stands there as `{facts}`, so that the caller can leave out rows.
    """
    kpi = question.kpi
    where = [
        f'"at" >= {_instant(question.bounds[0], engine)}',
        f'"at" < {_instant(question.bounds[-1], engine)}',
        _expression(query.counted_condition(kpi), question, engine, parameters),
        *_conditions(filters, engine, parameters),
    ]
    if question.case_id is not None:
        parameters["case_id"] = str(question.case_id)
        where.append(f"case_id = {engine.mark}case_id{engine.id_type}")
    numbers = [
        f"{_expression(measure, question, engine, parameters)} as number_{n}"
        for n, measure in enumerate(query.measure_columns(kpi))
    ]
    period = _tree('"at"', question.bounds, _numbers(question.bounds), engine)
    columns = [
        f"{period} as period",
        *_cuts(question),
        "excluded",
        *numbers,
        *(["skewed"] if kpi.may_be_skewed else []),
    ]
    # An engine may have a reserved word that is a column of ours: hence the quotes around `at`.
    return f"select {', '.join(columns)} from {{facts}} fact where {' and '.join(where)}"


def cells(question: KpiQuestion, rows: str, most: int, engine: Engine) -> str:
    """Return a statement with the columns of query.cells, over rows of `facts`."""
    kpi = question.kpi
    by = ", ".join(["period", *_cuts(question), "excluded"])
    figures = ["count(*)", "count(*) filter (where skewed)" if kpi.may_be_skewed else "0"]
    for n, _ in enumerate(query.measure_columns(kpi)):
        figures.append(f"sum(number_{n})")
        if kpi.is_timed:
            percentiles = engine.percentiles.format(column=f"number_{n}")
            figures += [percentiles, f"max(number_{n})", f"count(*) filter (where number_{n} <= 0)"]
        else:
            figures += ["null", "null", "null"]
    return f"select {by}, {', '.join(figures)} from ({rows}) fact group by {by} limit {query.row_limit(most)}"


def counts(question: KpiQuestion, rows: str) -> str:
    """Return a statement with the columns of query.counts, over rows of `facts`."""
    by = ", ".join(["period", *_cuts(question)])
    return f"select {by}, count(*) from ({rows}) fact where excluded is null group by {by}"


def as_cells(question: KpiQuestion, row: Sequence[Any]) -> tuple[Any, ...]:
    """Return a row of `cells` as query.cells gives it: each measure's percentiles one by one, ids as ids."""
    width = 2 + len(question.by)
    figures = list(row[width : width + 2])
    for n in range(width + 2, len(row), 4):
        total, spread, largest, zeros = row[n : n + 4]
        median, p90 = spread or (None, None)
        figures += [total, median, p90, largest, zeros]
    return (row[0], *_own_cuts(question, row), row[width - 1], *figures)


def as_counts(question: KpiQuestion, row: Sequence[Any]) -> tuple[Any, ...]:
    """Return a row of `counts` as query.counts gives it: ids as ids."""
    return (row[0], *_own_cuts(question, row), row[1 + len(question.by)])


def _own_cuts(question: KpiQuestion, row: Sequence[Any]) -> list[Any]:
    """Return the cuts of a row, which stand after its period; ids are text in some engines."""
    return [_cut(value, name) for value, name in zip(row[1 : 1 + len(question.by)], question.by, strict=True)]


def _cut(value: Any, dimension: Dimension) -> Any:
    return UUID(value) if dimension in IDS and isinstance(value, str) else value


def _cuts(question: KpiQuestion) -> list[str]:
    return [COLUMN.get(dimension, dimension.value) for dimension in question.by]


def _numbers(bounds: Sequence[datetime]) -> list[str]:
    return ["0", *(str(n) for n in range(1, len(bounds) + 1))]


def _expression(text: str, question: KpiQuestion, engine: Engine, parameters: dict[str, Any]) -> str:
    """Return an expression or condition of query.py in the words of the engine; add its parameters."""
    budgets = question.budgets
    amounts = [
        "null::bigint",
        *(f"{cost}::bigint" if cost is not None else "null::bigint" for cost in budgets.hundredths),
    ]
    text = text.replace(BUDGET, _tree("at", budgets.instants, amounts, engine)).replace(REPEATS, "repeated")
    of_question = {"now": question.now, "currency": question.currency}

    def parameter(match: re.Match[str]) -> str:
        own_value = of_question[match[1]]
        if isinstance(own_value, datetime):
            return _instant(own_value, engine)
        parameters[match[1]] = own_value
        return f"{engine.mark}{match[1]}"

    return re.sub(r"(?<![\w\"])at(?![\w\"])", '"at"', _PARAMETER.sub(parameter, text)).replace("fact.", "")


def _conditions(filters: Filters, engine: Engine, parameters: dict[str, Any]) -> list[str]:
    """Return the conditions of the filters, as query.conditions means them; add their parameters."""
    conditions = []
    for dimension, chosen in filters.items():
        column = COLUMN[dimension]
        of_type = engine.id_type if dimension in IDS else ""
        names = []
        for n, chosen_value in enumerate(each for each in chosen if each is not None):
            parameters[f"{column}_{n}"] = str(chosen_value)
            names.append(f"{engine.mark}{column}_{n}{of_type}")
        among = f"{column} in ({', '.join(names)})" if names else "false"
        conditions.append(f"({among} or {column} is null)" if None in chosen else among)
    return conditions


def _instant(instant: datetime, engine: Engine) -> str:
    return f"{engine.instant} '{instant.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"


def _tree(column: str, bounds: Sequence[datetime], leaves: Sequence[str], engine: Engine) -> str:
    """Return an expression for the leaf of the stretch in which the instant lies: the first is before all
    bounds, each other one begins at its bound.
    """
    if not bounds:
        return leaves[0]
    middle = len(bounds) // 2
    before = _tree(column, bounds[:middle], leaves[: middle + 1], engine)
    behind = _tree(column, bounds[middle + 1 :], leaves[middle + 1 :], engine)
    return f"case when {column} < {_instant(bounds[middle], engine)} then {before} else {behind} end"
