"""Descriptions of records' fields for the API's contract. A field's own description comes first; otherwise
the marks of its state and the field's name describe it, in one place for all records (pure).
"""

from __future__ import annotations

from collections.abc import Collection

from app.common.records import CodeEnum, Record, codecs
from app.common.state_fields import ClearedBy, EnteredAt
from app.i18n.kind_nouns import noun

#: The descriptions of fields without one of their own, by name. `{record}` stands for the kind of the record
#: or child record, so each must be true of every kind that has such a field.
SHARED = {
    "added_at": "Time at which the {record} was added: the `occurred_at` of the event that added it.",
    "id": "Identifier of the {record}: a UUID that never changes.",
    "number": "Number by which people know the {record}; accepted wherever the id is.",
    "retired_at": "Time at which the {record} was last retired; null if it never was.",
    "state": "Current state of the {record}, which decides what can be done with it.",
}
#: The descriptions of fields of answers that show no record's field, by name.
IN_ANSWERS = {
    "id": "Identifier: a UUID that never changes.",
    "items": "Entries of this page, in the order of the list.",
    "next_cursor": "Value of `cursor` that returns the next page; null on the last page.",
}


def description_of(record: type[Record], name: str) -> str | None:
    """Return the description of the record's field for clients, or None."""
    text = record.model_fields[name].description or SHARED.get(name) or _of_state(record, name)
    # A base of several kinds, as `Ticket`, has no kind of its own.
    kind = getattr(record, "KIND", record.__name__.lower())
    return None if text is None else text.replace("{record}", noun(kind))


def _of_state(record: type[Record], name: str) -> str | None:
    """Return the description of a field that follows from the record's state, as its marks have it."""
    marks = record.model_fields[name].metadata
    entered = next((mark for mark in marks if isinstance(mark, EnteredAt)), None)
    if entered is None or entered.after is not None or entered.not_after:
        return None
    if not entered.states:
        return "Time at which the {record} entered its current state."
    which = "first" if entered.first else "last"
    text = f"Time at which the {{record}} {which} entered the state {_either(entered.states)}"
    if codecs(record)[name].required:
        return f"{text}."
    cleared = next((mark for mark in marks if isinstance(mark, ClearedBy)), None)
    if cleared is None:
        return f"{text}; null if it never has."
    return (
        f"{text}; null if it never has, or has been {'reopened' if cleared.leaving else 'sent back'} since."
    )


def _either(states: Collection[CodeEnum]) -> str:
    return " or ".join(f"`{state}`" for state in states)
