"""Times that somebody has promised on a ticket, apart from its agreement: the next update, the delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from app.desk.pages.context import Desk
from app.html.filters import classed, marked
from app.log.canonical import instant

#: States in which a delivery is still awaited.
DELIVERY_STATES = frozenset({"implementing", "rectifying"})
#: Fields with promised times, the latest word first, and the states in which each binds (None: as long as it
#: has a value).
PROMISES: Mapping[str, frozenset[str] | None] = {
    "next_update_due_at": None,
    "expected_at": DELIVERY_STATES,
    "planned_at": DELIVERY_STATES,
}


def promised_field(record: Mapping[str, Any]) -> str | None:
    """Return the field with the promised time that binds now; None if nothing is promised."""
    return next(
        (
            name
            for name, states in PROMISES.items()
            if record.get(name) and (states is None or record.get("state") in states)
        ),
        None,
    )


def promise_text(desk: Desk, record: Mapping[str, Any], schemas: Mapping[str, Any]) -> Markup | None:
    """Return what was promised and for when, marked if that has passed; None if nothing is promised."""
    name = promised_field(record)
    if name is None:
        return None
    label = desk.contract.field_label(name, schemas.get(name, {}), desk.language)
    text = Markup("{}: {}").format(label, desk.display.instant(record[name]))  # a constant
    is_late = desk.display.now is not None and record[name] < instant(desk.display.now)
    return marked(text, "clock", "overdue") if is_late else classed(text, "clock")
