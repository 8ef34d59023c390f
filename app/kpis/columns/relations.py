"""The tables and views of facts that are exported, and those that answer questions. Pure."""

from __future__ import annotations

from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.declaration.measures import INCIDENTS_AROUND, REPEATS
from app.kpis.facts import query

#: The aggregates that are not made of the cells of periods and cuts.
_OTHER = frozenset({Aggregate.per_agent_day, Aggregate.kaplan_meier})
#: The cases delivered, which others are divided by.
CONCLUDED = "kpi.request_concluded"
#: Columns that are computed when they are exported: by relation the expressions, and a join that they need.
COMPUTED: dict[str, tuple[dict[str, str], str]] = {
    "kpi.incident_opened": ({"repeated": REPEATS}, ""),
    "kpi.problem_resolved": ({"came_before": "came_before", "came_after": "came_after"}, INCIDENTS_AROUND),
}
#: Columns that no question answered from columns needs: positions in the log, and types that the engine
#: lacks.
UNEXPORTED_COLUMNS = frozenset({"position", "opened_position", "ended_position", "positions"})
#: Views whose rows change with cases that are not noted, and a table filled by sessions: they are small, and
#: stay in PostgreSQL.
NOT_ANSWERED = frozenset(
    {
        "kpi.article_visit",
        "kpi.deployment_recovered",
        "kpi.improvement_suggestion_standardised",
        "kpi.incident_clock_withdrawn",
        "kpi.problem_resolved",
    }
)


def has_cells(kpi: Kpi) -> bool:
    """Return whether the KPI's figures are made of cells (query.cells)."""
    return kpi.fact is not None and not kpi.is_of_outages and kpi.aggregate not in _OTHER


#: The tables and views that are exported.
RELATIONS = tuple(
    dict.fromkeys([*(query.fact_table(kpi) for kpi in KPIS.values() if has_cells(kpi)), CONCLUDED])
)


def is_answered(kpi: Kpi) -> bool:
    """Return whether questions about the KPI can be answered from columns and what has changed since."""
    return has_cells(kpi) and query.fact_table(kpi) in RELATIONS and query.fact_table(kpi) not in NOT_ANSWERED


def file_name(relation: str) -> str:
    """Return the name of the relation's folder, and of its table in DuckDB: without its schema."""
    return relation.partition(".")[2]
