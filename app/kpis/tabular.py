"""Figures as tables: one row for each point or case, with the JSON fields under stable column names.

A nested field is named after both levels, as `elapsed_mean`. Fields of the whole answer are repeated at the
end of every row, so that a file is self-explanatory and rows of several files can be combined.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from app.common.files.csv_text import Cell
from app.kpis.answers.answer import KpiAnswer
from app.kpis.answers.point_parts import KpiInterval, KpiPrevious, KpiSurvival, PointTarget
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import KpiCase
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.exposure import KpiExposure
from app.kpis.declaration.figures import Distribution
from app.kpis.declaration.kpi import EXCLUSIONS

#: The nested fields of a point and their subfields: all have columns, even if the field is null.
SUBFIELDS: Mapping[str, Collection[str]] = {
    "business": Distribution.model_fields,
    "elapsed": Distribution.model_fields,
    "survival": KpiSurvival.model_fields,
    "exposure": KpiExposure.model_fields,
    "interval": KpiInterval.model_fields,
    "excluded": EXCLUSIONS,
    "target": PointTarget.model_fields,
    "previous": KpiPrevious.model_fields,
    "last_year": KpiPrevious.model_fields,
}
#: The field of a point that is a list, and has no column: `by=service` gives its values as rows.
LISTED = "worst_services"
#: A column's path: a field, or a field and its subfield.
Column = tuple[str, ...]
TableData = tuple[list[str], Iterator[list[Cell]]]


def series_table(kpi_answer: KpiAnswer, by: Sequence[Dimension]) -> TableData:
    """Return the columns and rows of a series; a cut's columns are named after its dimensions alone."""
    parts = {**SUBFIELDS, "by": [dimension.value for dimension in by]}
    subfields: dict[str, list[Column]] = {
        name: [(subfield,) for subfield in of_it] for name, of_it in parts.items()
    }
    subfields["beside"] = [
        (key, subfield) for key in KPIS[kpi_answer.key].companions for subfield in ("value", "cases")
    ]
    names = [name for name in _fields(KpiPoint) if name != LISTED]
    columns = [(name, *part) for name in names for part in subfields.get(name, [()])]
    answer_fields = kpi_answer.model_dump(mode="json", by_alias=True, exclude={"warnings"})
    return _table(columns, answer_fields.pop("points"), answer_fields)


def cases_table(page_fields: dict[str, Any]) -> TableData:
    """Return the columns and rows of a page of cases; `page_fields` is the page as JSON, and events are given
    by their ids.
    """
    rows = [
        {**case, "events": " ".join(event["id"] for event in case["events"])} for case in page_fields["items"]
    ]
    common_fields = {
        name: value for name, value in page_fields.items() if name not in ("items", "next_cursor", "warnings")
    }
    return _table([(name,) for name in _fields(KpiCase)], rows, common_fields)


def _table(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], common_fields: Mapping[str, Cell]
) -> TableData:
    names = [column[-1] if column[0] == "by" else "_".join(column) for column in columns]
    return [*names, *common_fields], (
        [*(_cell(row, column) for column in columns), *common_fields.values()] for row in rows
    )


def _cell(row: Mapping[str, Any], column: Column) -> Cell:
    nested_value: Any = row
    for name in column:
        nested_value = None if nested_value is None else nested_value[name]
    value: Cell = nested_value
    return value


def _fields(model: type[BaseModel]) -> list[str]:
    return [field.serialization_alias or name for name, field in model.model_fields.items()]
