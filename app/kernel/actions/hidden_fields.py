"""The fields of payloads and records that a client does not see."""

from __future__ import annotations

from functools import cache
from typing import Any

from app.common.records import Hidden, StaffOnly, codecs
from app.kernel.access.redaction import Viewer, is_withheld, records_of
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks


@cache
def hidden_names(lifecycle: Lifecycle[Any], viewer: Viewer) -> set[str]:
    """Return the fields that are hidden from this viewer, or from every client, by their names in payloads
    and in records.
    """
    of_bodies = [name for row in lifecycle.rows for name in marks(row.body, Hidden)]
    of_bodies += [
        name
        for row in lifecycle.rows
        for name, mark in marks(row.body, StaffOnly).items()
        if is_withheld(mark, viewer)
    ]
    of_rows = [
        name
        for record in records_of(lifecycle)
        for name, codec in codecs(record).items()
        if codec.hidden or is_withheld(codec.withheld, viewer)
    ]
    return {*of_bodies, *of_rows}
