"""Types of fields that records of every kind show: components, so that the contract describes each once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from app.common.components import Component

RecordVersion = Annotated[
    int,
    Component(
        "RecordVersion",
        "Version of the record, to be sent in the header If-Match: the number of the last event "
        "that changed one of the record's own fields.",
        7,
    ),
]
ChangedAt = Annotated[
    datetime,
    Component(
        "ChangedAt",
        "Time at which the latest change of the record's own fields happened. Use `recorded_at` with "
        "`as_of`: an event may be recorded later than it happened.",
        "2026-03-02T09:30:00Z",
    ),
]
RecordedAt = Annotated[
    datetime,
    Component(
        "RecordedAt",
        "Time at which the log recorded the event of `version`; `as_of` with this time returns this version.",
        "2026-03-02T09:30:01Z",
    ),
]
#: The type of `actions` in lists: only the names.
NAMES = Annotated[
    list[str] | None,
    Component(
        "ActionNames",
        "Names of the actions that the caller may take on the record in its state, as in `POST "
        "…/{id}/{action}`. Null unless requested by `include=actions` or `fields`. Only the answer with "
        "the single record also checks other conditions.",
        ["resolve"],
    ),
]
#: Custom values are shown as they are sent: a person's id, a date or a decimal number as text.
CustomValues = Annotated[
    dict[str, str | int | bool | None],
    Component("ShownCustomValues", "Values of custom fields, by their keys.", {"site": "beijing"}),
]
Total = Annotated[
    int | None,
    Component(
        "Total",
        "Number of entries on all pages; null if it was not requested, or if there are more than are "
        "counted.",
        3,
    ),
]
TotalAtLeast = Annotated[
    int | None,
    Component(
        "TotalAtLeast",
        "Number that the entries exceed; null if the total is known or was not requested.",
        10_000,
    ),
]
