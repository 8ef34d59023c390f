"""Types of fields that records of every kind show: components, so that the contract describes each once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from app.common.components import Component

RecordVersion = Annotated[
    int,
    Component(
        "RecordVersion", "For If-Match: the version of the last event that changed a field of its own.", 7
    ),
]
ChangedAt = Annotated[
    datetime,
    Component(
        "ChangedAt",
        "When the latest change of a field of its own happened. For `as_of` take `recorded_at`: what "
        "happened may be told later.",
        "2026-03-02T09:30:00Z",
    ),
]
RecordedAt = Annotated[
    datetime,
    Component(
        "RecordedAt",
        "When the log took the event of `version`: with it, `as_of` shows this version of it.",
        "2026-03-02T09:30:01Z",
    ),
]
#: The type of `actions` in lists: only the names.
NAMES = Annotated[
    list[str] | None,
    Component(
        "ActionNames",
        "What the caller may do with it in its state, by its name in the address: `POST …/{id}/{action}`. "
        "Null unless `include=actions`, or `fields`, asks for it. What else forbids one of them is looked up "
        "for one record only.",
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
        "How many there are on all pages. Null if it was not asked for, or there are more than are counted.",
        3,
    ),
]
TotalAtLeast = Annotated[
    int | None,
    Component(
        "TotalAtLeast", "There are more than so many. Null if it was not asked for, or not so.", 10_000
    ),
]
