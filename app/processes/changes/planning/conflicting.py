"""Changes of a period that were scheduled although others stood in the way, each with those conflicts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.filters import Time
from app.api.listings.list_queries import Paging
from app.api.listings.paging import page
from app.api.records.shapes import OutputModel, PersonStub, Renderer, TeamStub
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.queries import LISTING, overridden_records
from app.processes.changes.records import ChangeState, ChangeType

#: The states in which a change takes its window, or has taken it.
STATES = (
    *(ChangeState.scheduled, ChangeState.implementing, ChangeState.implemented),
    *(ChangeState.backed_out, ChangeState.closed),
)


class ConflictingChangesQuery(Paging):
    """The period whose conflicts are asked for."""

    begin: Time = Field(alias="from", description="Beginning of the period.")
    end: Time = Field(alias="to", description="End of the period, exclusive.")


class OverriddenOut(OutputModel):
    """A change or freeze that conflicts with the scheduled change, in its present state."""

    kind: str = Field(description="Kind of the conflict: `change` or `freeze`.", examples=["change"])
    id: UUID
    name: str = Field(description="Number of the change, or kind of the freeze.")
    title: str | None = Field(description="Title; null for a change that the caller may not see.")
    state: str | None = Field(description="State; null for a change that the caller may not see.")
    from_at: datetime | None = Field(
        description="Beginning of the window, or else the start of the implementation."
    )
    until_at: datetime | None = Field(
        description="End of the window or freeze; null for a change without a window."
    )


class ConflictingChange(OutputModel):
    """A change that was scheduled in spite of conflicts."""

    id: UUID
    number: str = Field(description="Number by which people know the change.")
    title: str | None = Field(description="Title of the change; null if an imported history has no title.")
    type: ChangeType
    state: ChangeState
    team: TeamStub | None = Field(description="Team that implements the change; null if no team is assigned.")
    assignee: PersonStub | None = Field(description="Person assigned to the change; null while unassigned.")
    window_from_at: datetime | None = Field(
        description="Beginning of the window; null for an emergency without a window."
    )
    window_until_at: datetime | None = Field(
        description="End of the window; null for an emergency without a window."
    )
    started_at: datetime | None = Field(
        description="Time at which the implementation began; null if it has not."
    )
    override_reason: str | None = Field(
        description="Reason for scheduling the change in spite of the conflicts; null for an "
        "emergency, which needs no reason."
    )
    conflicts: list[OverriddenOut] = Field(description="Conflicting changes and freezes, the earliest first.")


FIELDS = frozenset(ConflictingChange.model_fields) - {"conflicts"} | {"overrides"}


async def conflicting_changes(
    renderer: Renderer, query: ConflictingChangesQuery, sees: Callable[[list[str]], bool]
) -> dict[str, Any]:
    """Return one page of the changes that the caller may see; `sees` returns whether they may see records of
    an audience. Raises WrongValue and BadCursor.
    """
    if query.end <= query.begin:
        raise WrongValue(parameter="to", because="ends_before_it_begins")
    chosen = LISTING.query.model_validate(
        {
            "overridden": True,
            "takes_place_after": query.begin.isoformat(),
            "takes_place_before": query.end.isoformat(),
            "state": [state.value for state in STATES],
            "sort": "window_from_at",
            "limit": query.limit,
            "cursor": query.cursor,
        }
    )
    renderer.fields = FIELDS
    changes = await page(LISTING, renderer, chosen)
    streams = {name for change in changes["items"] for name in change["overrides"] or ()}
    overridden = await overridden_records(renderer.ledger.db, streams)
    items = [_with_conflicts(change, overridden, sees) for change in changes["items"]]
    return {"items": items, "next_cursor": changes["next_cursor"]}


def _with_conflicts(
    change: dict[str, Any], overridden: dict[str, dict[str, Any]], sees: Callable[[list[str]], bool]
) -> dict[str, Any]:
    rows = [overridden[name] for name in change["overrides"] or () if name in overridden]
    rows.sort(key=lambda row: (row["from_at"] is None, row["from_at"], row["name"]))
    fields = {name: change[name] for name in ConflictingChange.model_fields if name in change}
    return {**fields, "conflicts": [_overridden(row, sees) for row in rows]}


def _overridden(row: dict[str, Any], sees: Callable[[list[str]], bool]) -> dict[str, Any]:
    hidden = row["audience"] is not None and not sees(row["audience"])
    unseen = {"title": None, "state": None} if hidden else {}
    return {name: row[name] for name in OverriddenOut.model_fields} | unseen
