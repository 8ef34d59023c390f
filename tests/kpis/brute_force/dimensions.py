"""The dimensions of cases, by the fields that they are read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.kpis.brute_force.reading import Record

#: By the name of a dimension, the field that it is read from.
TICKET = {
    "priority": "priority",
    "team": "team_id",
    "service": "service",
    "category": "category",
    "channel": "channel",
    "assignee": "assignee_id",
    "customer": "customer_id",
    "path": "path",
    "catalogue_item": "item",
}
#: What those that count openings have as of the first time that it was given (0006).
GIVEN = {"team": "team_id", "assignee": "assignee_id"}


def cut_of(names: Mapping[str, str], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the dimensions among these fields."""
    return {dimension: fields.get(field) for dimension, field in names.items()}


def ticket_cut(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a ticket's dimensions among these fields."""
    return cut_of(TICKET, fields)


def first_given(record: Record) -> dict[str, Any]:
    """The team and the person that a case was given to first, each by itself."""
    return {
        dimension: _first(step.told.get(field) for step in record.steps) for dimension, field in GIVEN.items()
    }


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)
