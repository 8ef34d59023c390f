"""Reading the moments of a chart, by its scope and as far as the reader sees their records: changes that were
implemented, major incidents, improvements of the KPI or of its process, and targets that were set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from app.api.listings.filters import WhereClause
from app.common.people import Caller
from app.kernel.access.visibility import seen_condition
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import resolve_filters, snapshot_connection
from app.kpis.answers.charts import ChartMarks, KpiMoment, KpiMomentKind
from app.kpis.answers.point_parts import PointTarget
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Kpi, TargetValue
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import Filters, SqlStatement
from app.kpis.questions.effective_dating import Layer
from app.kpis.questions.question import KpiQuestion
from app.kpis.targets.validity import effective_target, targets
from app.platform.db import Connection

#: A chart has so many moments of a kind, the newest.
MOST_OF_A_KIND = 12
#: The dimensions by which changes and incidents are narrowed as the cases of the chart are, by their columns.
COLUMNS: Mapping[str, Mapping[Dimension, tuple[str, ...]]] = {
    "change": {Dimension.team: ("team_id",), Dimension.service: ("service", "services", "ci_services")},
    "incident": {
        Dimension.team: ("team_id",),
        Dimension.service: ("service",),
        Dimension.priority: ("priority",),
        Dimension.category: ("category",),
        Dimension.customer: ("customer_id",),
    },
}
LISTS = frozenset({"services", "ci_services"})
SELECT_CASES = """
select r.{instant}, r.number, count(*) over () from fold.{kind} r
where r.{instant} >= %(begin)s and r.{instant} < %(end)s and {conditions}
order by r.{instant} desc limit {most}"""
# An improvement for one team is not marked in another team's chart.
SELECT_IMPROVEMENTS = """
select moment.kind, moment.instant, r.number
from fold.improvement r join fold.improvement_pilot p on p.id = r.id
cross join lateral (values
  ('pilot_began', p.pilot_started_at, p.pilot_scope), ('improvement_implemented', r.implemented_at, null),
  ('cut_over', r.cutover_at, null), ('reverted', r.reverted_at, null)) moment (kind, instant, scope)
where moment.instant >= %(begin)s and moment.instant < %(end)s and {visible}
  and (r.process = any(%(processes)s) or exists (select from fold.improvement_target t
    where t.record = 'improvement/' || r.id and t.kpi = %(kpi)s and t.dropped_at is null))
  and not exists (select from fold.kpi_baseline b
    where b.record = 'improvement/' || r.id and ({elsewhere_baseline}))
  and not coalesce({elsewhere_pilot}, false)
order by moment.instant desc limit {most}"""


async def with_moments(
    ledger: Ledger, caller: Caller, question: KpiQuestion, marks: ChartMarks
) -> ChartMarks:
    """Return the marks of the question's chart with its moments, earliest first, and how many are left out.
    Without a service or a team there are changes only if they are few. Raises CannotAnswer, DatabaseGone.
    """
    kpi, (begin, *_, end) = question.kpi, question.bounds
    async with snapshot_connection(ledger.db) as connection:
        filters = await resolve_filters(connection, question)
        layers = (await targets(connection, [kpi.key])).get(kpi.key, ())
        moments = target_moments(kpi, layers, begin, end)
        moments += await _improvements(connection, ledger, caller, question, filters)
        majors, left_majors = await _cases(connection, ledger, caller, question, filters, "incident")
        changes, left_changes = await _cases(connection, ledger, caller, question, filters, "change")
    if left_changes and not {Dimension.service, Dimension.team} & question.filters.keys():
        left_changes += len(changes)
        changes = []
    moments = sorted([*moments, *majors, *changes], key=attrgetter("occurred_at"))
    return replace(marks, moments=moments, moments_left_out=left_majors + left_changes)


def target_moments(
    kpi: Kpi, layers: Sequence[Layer[TargetValue]], begin: datetime, end: datetime
) -> list[KpiMoment]:
    """Return the instants of that time from which on another target is in force."""
    edges = {edge for layer in layers for edge in (layer.begin, layer.end) if edge is not None}
    moments = []
    for edge in sorted(edge for edge in edges if begin <= edge < end):
        before = effective_target(kpi, layers, edge)
        target = effective_target(kpi, layers, edge + datetime.resolution)
        if target != before:
            aim = None if target is None else PointTarget(comparator=target.comparator, value=target.value)
            moments.append(
                KpiMoment(
                    kind=KpiMomentKind.target_set, occurred_at=edge, record=None, number=None, target=aim
                )
            )
    return moments


async def _cases(
    connection: Connection,
    ledger: Ledger,
    caller: Caller,
    question: KpiQuestion,
    filters: Filters,
    kind: str,
) -> tuple[list[KpiMoment], int]:
    """Return the newest changes that were implemented, or incidents that were declared major, and how many
    more there are.
    """
    moment, instant = {
        "change": (KpiMomentKind.change_implemented, "implemented_at"),
        "incident": (KpiMomentKind.major_incident, "declared_major_at"),
    }[kind]
    where = _time(question)
    conditions = [_visible(ledger, caller, kind, where)]
    for dimension, values in filters.items():
        if values and (columns := COLUMNS[kind].get(dimension)):
            conditions.append(_one_of(columns, values, where))
    text = SELECT_CASES.format(
        kind=kind, instant=instant, conditions=" and ".join(conditions), most=MOST_OF_A_KIND
    )
    rows = await fetch(connection, SqlStatement(text, where.parameters))
    moments = [
        KpiMoment(kind=moment, occurred_at=occurred_at, record=kind, number=number, target=None)
        for occurred_at, number, _ in rows
    ]
    return moments, rows[0][2] - len(rows) if rows else 0


async def _improvements(
    connection: Connection, ledger: Ledger, caller: Caller, question: KpiQuestion, filters: Filters
) -> list[KpiMoment]:
    """Return the newest beginnings, cutovers and ends of improvements of the KPI or of its process."""
    where = _time(question)
    names = {
        dimension.value: [*question.filters[dimension], *map(str, values)]
        for dimension, values in filters.items()
        if values and dimension in (Dimension.team, Dimension.service)
    }
    text = SELECT_IMPROVEMENTS.format(
        visible=_visible(ledger, caller, "improvement", where),
        elsewhere_baseline=_elsewhere("b.scope", names, where),
        elsewhere_pilot=_elsewhere("moment.scope", names, where),
        most=MOST_OF_A_KIND,
    )
    where.parameters |= {"processes": sorted(question.kpi.processes), "kpi": question.kpi.key}
    return [
        KpiMoment(kind=kind, occurred_at=occurred_at, record="improvement", number=number, target=None)
        for kind, occurred_at, number in await fetch(connection, SqlStatement(text, where.parameters))
    ]


def _time(question: KpiQuestion) -> WhereClause:
    return WhereClause(parameters={"begin": question.bounds[0], "end": question.bounds[-1]})


def _visible(ledger: Ledger, caller: Caller, kind: str, where: WhereClause) -> str:
    lifecycle, agents_see = ledger.lifecycles[kind], ledger.settings.agents_see
    return seen_condition(caller, lifecycle, f"'{kind}/' || r.id", where.bind, agents_see=agents_see)


def _one_of(columns: Sequence[str], values: Sequence[str | UUID | None], where: WhereClause) -> str:
    """Return the condition that one of the columns has one of the values; None stands for no value."""
    named: list[Any] = [value for value in values if value is not None]
    bound = where.bind(named) if named else None
    conditions = [f"r.{columns[0]} is null"] if None in values else []
    for column in columns if bound else ():
        conditions.append(
            f"r.{column} && {bound}::text[]" if column in LISTS else f"r.{column} = any({bound})"
        )
    return f"({' or '.join(conditions)})"


def _elsewhere(scope: str, names: Mapping[str, Sequence[str]], where: WhereClause) -> str:
    """Return the condition that the scope names teams or services, but not these."""
    conditions = []
    for dimension, values in names.items():
        value = f"{scope}->'{dimension}'"
        conditions.append(f"({value} is not null and not {value} ?| {where.bind(list(values))}::text[])")
    return " or ".join(conditions) or "false"
