"""Warnings of a KPI's answer: values in its filters that name nothing here. The figures are 0 because of
them, and would read as "there were no cases". They are not refused, as clients may rely on the answer; and a
value that a case once had is no mistake, even if its record is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.api.listings.unknown_names import FilterWarning, NameLookup
from app.common.people import Caller
from app.common.records import Codec, CodeEnum, all_codecs
from app.i18n import translate
from app.kernel.ledger import Ledger
from app.kpis.declaration.dimensions import COLUMN, IDS, TEAMS, Dimension
from app.kpis.declaration.kpi import Kpi
from app.kpis.facts.backlog import stretch_table
from app.kpis.facts.query import fact_table
from app.kpis.questions.question import NO_VALUE, KpiQuestion

#: By dimension, the kind of records that its values name, and the field that has the name.
RECORDS_NAMED = {
    Dimension.service: ("service", "key"),
    Dimension.category: ("category", "key"),
    Dimension.catalogue_item: ("catalogue_item", "key"),
    Dimension.assignee: ("person", "id"),
    Dimension.owner: ("person", "id"),
}
#: The dimensions whose unknown values are refused.
REFUSED = TEAMS | {Dimension.agreement, Dimension.priority, Dimension.age}
SELECT_COUNTED = """
select value from unnest(%(values)s::{type}[]) as given(value)
where exists (select from {table} where {column} = value)"""


async def unknown_values(
    ledger: Ledger, caller: Caller, language: str, questions: Iterable[KpiQuestion]
) -> list[FilterWarning]:
    """Return the warnings of values in the filters of the questions that no record has, as far as the caller
    sees them, and that no case of the questions' KPIs ever had.
    """
    every_question = list(questions)
    kpis_by_value = {
        (dimension, value): [question.kpi for question in every_question if dimension in question.filters]
        for question in every_question
        for dimension, values in question.filters.items()
        for value in values
        if value != NO_VALUE and dimension not in REFUSED
    }
    warnings = [
        await _warning(ledger, caller, language, dimension, value, kpis)
        for (dimension, value), kpis in sorted(kpis_by_value.items(), key=lambda each: each[0])
    ]
    return [warning for warning in warnings if warning is not None]


async def _warning(
    ledger: Ledger, caller: Caller, language: str, dimension: Dimension, value: str, kpis: Sequence[Kpi]
) -> FilterWarning | None:
    """Return the warning of the value, or None if something here has it."""
    if dimension in RECORDS_NAMED:
        kind, by = RECORDS_NAMED[dimension]
        for process in dict.fromkeys(process for kpi in kpis for process in kpi.processes):
            lookup = NameLookup(ledger, caller, language, process)
            warning = await lookup.warning_of(dimension.value, kind, by, value)
            if warning is None:
                return None
    elif value in _codes(ledger, dimension, kpis):
        return None
    else:
        words = {"value": value, "dimension": dimension.label(language)}
        detail = translate(language, "warning", "no_case_with_value", words)
        warning = FilterWarning(parameter=dimension.value, code="unknown_value", detail=detail, near=[])
    return None if await _was_counted(ledger, dimension, value, kpis) else warning


def _codes(ledger: Ledger, dimension: Dimension, kpis: Sequence[Kpi]) -> set[str]:
    """Return the codes that the type of the dimension's field allows in the records that the KPIs count;
    empty if the type lists none.
    """
    lifecycles: list[Any] = [ledger.lifecycles[process] for kpi in kpis for process in kpi.processes]
    if dimension is Dimension.state:
        return {str(code) for lifecycle in lifecycles for code in lifecycle.states}
    fields = () if dimension.raw is None else dimension.raw.ticket_fields
    codecs = [all_codecs(lifecycle.record).get(field) for lifecycle in lifecycles for field in fields]
    return {str(code) for codec in codecs if codec is not None for code in _codes_of(codec)}


def _codes_of(codec: Codec) -> Iterable[CodeEnum]:
    return codec.type if isinstance(codec.type, type) and issubclass(codec.type, CodeEnum) else ()


async def _was_counted(ledger: Ledger, dimension: Dimension, value: str, kpis: Sequence[Kpi]) -> bool:
    """Return whether a case that one of the KPIs counts, at any time, has the value."""
    tables = {fact_table(kpi) for kpi in kpis if kpi.fact is not None}
    tables |= {stretch_table(kpi) for kpi in kpis if kpi.still_open is not None}
    type_name = "uuid" if dimension in IDS else "text"
    for table in sorted(tables):
        statement = SELECT_COUNTED.format(type=type_name, table=table, column=COLUMN[dimension])
        if await ledger.db.rows(statement, {"values": [value]}):
            return True
    return False
