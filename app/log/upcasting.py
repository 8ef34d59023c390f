"""Up-casters: they bring the data of events that were written before a table was split or renamed into the
present form, whenever events are read. The log itself stays as it is.

Each has a twin in SQL, `log.upcast`, by which the view `log.told` reads (the newest migration that replaces
it); tests/log/test_upcasting.py compares the two. To add one: add it to UPCASTERS, replace `log.upcast` in a
migration, and move the rows in the same migration. Data in the present form passes unchanged. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Data = dict[str, Any]
#: The fields of rows by row key, as in the members `set` and `late` of an event's data.
Rows = dict[str, Any]
Upcaster = Callable[[Data], Data]

#: The members of an event's data that name rows.
ROW_MEMBERS = ("set", "late")


def upcast(event_type: str, schema_version: int, data: Data) -> Data:
    """Return the event's data in the present schema version of its type."""
    for upcaster in _upcasters(event_type)[schema_version - 1 :]:
        data = upcaster(data)
    return data


def current_version(event_type: str) -> int:
    """Return the schema version in which events of that type are written."""
    return len(_upcasters(event_type)) + 1


def _upcasters(event_type: str) -> tuple[Upcaster, ...]:
    """Return the up-casters of that type of event, or else of all types of its kind of record."""
    return UPCASTERS.get(event_type) or UPCASTERS.get(event_type.partition(".")[0], ())


def move_fields(kind: str, children: Mapping[str, frozenset[str]]) -> Upcaster:
    """Return the up-caster that moves fields of the records of that kind to child rows with the record's id:
    `children` are the fields by the kind of the child row.
    """
    prefix, moved = f"{kind}/", frozenset[str]().union(*children.values())

    def split(rows: Rows) -> Rows:
        upcasted: Rows = {}
        for key, fields in rows.items():
            if fields is None or not key.startswith(prefix) or moved.isdisjoint(fields):
                upcasted[key] = fields
                continue
            upcasted[key] = {name: value for name, value in fields.items() if name not in moved}
            for child, names in children.items():
                if of_child := {name: value for name, value in fields.items() if name in names}:
                    upcasted[f"{child}/{key.removeprefix(prefix)}"] = {"record": key, **of_child}
        return upcasted

    return _for_rows(split)


def rename_rows(kind: str, new_kind: str) -> Upcaster:
    """Return the up-caster that renames the kind of child rows."""
    prefix = f"{kind}/"

    def rename(rows: Rows) -> Rows:
        return {
            f"{new_kind}/{key.removeprefix(prefix)}" if key.startswith(prefix) else key: fields
            for key, fields in rows.items()
        }

    return _for_rows(rename)


def _for_rows(change: Callable[[Rows], Rows]) -> Upcaster:
    def upcaster(data: Data) -> Data:
        return data | {member: change(data[member]) for member in ROW_MEMBERS if member in data}

    return upcaster


#: The up-casters by the type of the event, or by the kind of the record for all of its types: the first takes
#: schema version 1 to 2, and so on.
UPCASTERS: Mapping[str, tuple[Upcaster, ...]] = {
    "request.training_recorded": (rename_rows("training", "request_training"),),
}
