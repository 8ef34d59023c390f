"""Tickets, and others with a number and a state, as other answers refer to them, as far as the caller sees
them. Without HTTP.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.records.shapes import OutputModel, Renderer
from app.kernel.access.visibility import sees_every_record, tokens
from app.log.events import id_of, kind_of


class TicketStub(OutputModel):
    """A ticket, as other answers refer to it."""

    id: UUID
    kind: str = Field(description="Kind of the record, such as `incident`.")
    number: str = Field(description="Number by which people know the record.")
    title: str | None = Field(
        description="Title of the record; null if it is not set, or if the caller may not see it."
    )
    state: str = Field(description="Code of the record's current state.")


def ticket_visibility_condition(
    renderer: Renderer, parameters: dict[str, Any], column: str, other_kinds: Collection[str] = ()
) -> str:
    """Return the SQL condition that the caller sees the ticket, or the record of one of the other kinds, that
    is named in the column; adds its parameters.
    """
    ledger, caller = renderer.ledger, renderer.caller
    conditions = []
    for n, (kind, lifecycle) in enumerate(ledger.lifecycles.items()):
        if not lifecycle.is_ticket and kind not in other_kinds:
            continue
        condition = "true"
        if not sees_every_record(caller, lifecycle, agents_see=ledger.settings.agents_see):
            condition = f"h.audience && %(tokens{n})s"
            parameters[f"tokens{n}"] = sorted(tokens(caller, lifecycle))
        conditions.append(f"(h.kind = '{kind}' and {condition})")
    return f"exists (select from log.stream_head h where h.stream = {column} and ({' or '.join(conditions)}))"


async def ticket_stubs(renderer: Renderer, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return tickets and others by their stream names, as other answers refer to them: one query for each
    kind.
    """
    ids: dict[str, list[UUID]] = {}
    for name in names:
        ids.setdefault(kind_of(name), []).append(id_of(name))
    return {
        f"{kind}/{row['id']}": {"kind": kind, **row}
        for kind, some in ids.items()
        for row in await renderer.ledger.db.rows(
            f"select id, number, {_title_column(renderer, kind)}, state from fold.{kind} where id = any(%s)",
            (some,),
        )
    }


def _title_column(renderer: Renderer, kind: str) -> str:
    has_title = "title" in renderer.ledger.lifecycles[kind].record.model_fields
    return "title" if has_title else "null::text as title"
