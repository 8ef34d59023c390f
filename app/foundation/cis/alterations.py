"""Alterations of configuration items after go-live: authorised by a change, or flagged.

A change authorises an alteration of an item that it touches from its approval until it is closed, cancelled
or backed out; if it has a window, only within that, and from its start until its implementation has ended.
This package knows no changes: a preparation looks one up by its name and reads its fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.records import ForeignRef
from app.common.tickets import Ticket
from app.foundation.cis.records import Ci, CiState
from app.kernel.context import ActionContext
from app.kernel.payloads import Payload, Reference
from app.kernel.reads import ReadContext
from app.kernel.refusals import WrongValue

if TYPE_CHECKING:
    from app.foundation.cis.lifecycle import CiAlteration, EditCi


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The id of the change that authorises an alteration; None: none does."""

    change_id: UUID | None


async def authorisation(
    reads: ReadContext, ci: Ci, body: CiAlteration | EditCi, ctx: ActionContext
) -> Authorisation:
    """Find whether the change that the payload names authorises an alteration of the item when it happened.
    A name that is not known here is that of another tool's change, which cannot be verified.
    """
    if body.change is None or ci.state is CiState.planned:
        return Authorisation(None)
    loaded = await reads.record("change", body.change)
    if loaded is None or not is_authorised(loaded.record, ci, ctx.occurred_at):
        return Authorisation(None)
    return Authorisation(loaded.record.id)


def is_authorised(change: Any, ci: Ci, at: datetime) -> bool:
    """Return whether the change authorised alterations of the item at that instant, by its own instants."""
    approved_at = _approved_at(change)
    if not _touches(change, ci) or approved_at is None or at < approved_at:
        return False
    ends = (change.closed_at, change.cancelled_at, change.backed_out_at)
    if any(end is not None and at >= end for end in ends):
        return False
    if change.window_from_at is None:
        return True
    if change.window_from_at <= at < change.window_until_at:
        return True
    under_way = change.started_at is not None and change.started_at <= at
    return under_way and (change.implemented_at is None or at < change.implemented_at)


def _approved_at(change: Any) -> datetime | None:
    """Return when the change was approved: a standard change when it was scheduled, as its template was."""
    found: datetime | None = change.approved_at or change.scheduled_at
    return found


def _touches(change: Any, ci: Ci) -> bool:
    return str(ci.id) in (change.ci_ids or ())


def note_alteration(ci: Ci, ctx: ActionContext) -> None:
    """Count an alteration after go-live, and flag it unless a change authorises it."""
    if ci.state is CiState.planned:
        return
    authorised_by = ctx.prepared(Authorisation).change_id
    ci.alteration_count = (ci.alteration_count or 0) + 1
    ci.altered_at = ctx.occurred_at
    ci.alteration_authorised = authorised_by is not None
    if authorised_by is not None:
        ci.authorised_by_id = authorised_by
        return
    ci.unauthorised = True
    ci.unauthorised_count = (ci.unauthorised_count or 0) + 1
    ci.unauthorised_at = ctx.occurred_at
    ci.regularised_at = ci.regularised_by_id = None


class RegulariseCi(Payload):
    """The change that was approved afterwards for what was altered without one."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="The change: its id or number. It touches the item.", examples=["CHG-2026-000001"]
    )


def regularise(ci: Ci, body: RegulariseCi, ctx: ActionContext) -> None:
    """Name the change that was approved afterwards for unauthorised alterations: they stay flagged."""
    ci.regularised_at = ctx.occurred_at
    ci.regularised_by_id = ctx.required_ref(Ticket, "change").id


async def nothing_to_regularise(reads: ReadContext, ci: Ci, ctx: ActionContext) -> str | None:
    """Refuse if the item was not altered without a change, or if that is regularised."""
    open_flag = ci.unauthorised_at is not None and ci.regularised_at is None
    return None if open_flag else "nothing_to_regularise"


async def change_does_not_regularise(
    reads: ReadContext, ci: Ci, body: RegulariseCi, ctx: ActionContext
) -> None:
    """Refuse a change that does not touch the item (`touches_another_item`), or that is not approved
    (`change_not_approved`).
    """
    change: Any = ctx.required_ref(Ticket, "change")
    if not _touches(change, ci):
        raise WrongValue(pointer="/change", because="touches_another_item")
    if _approved_at(change) is None or change.cancelled_at is not None:
        raise WrongValue(pointer="/change", because="change_not_approved")
