"""Alterations of configuration items after go-live: authorised by a change, or flagged.

A change authorises an alteration of an item that it touches from its approval until it is closed, cancelled
or backed out; if it has a window, only within that, and from its start until its implementation has ended.
This package knows no changes: a preparation looks one up by its name and reads its fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.tickets import Ticket
from app.foundation.cis.lookups import unauthorised_alterations
from app.foundation.cis.payloads import CiAlteration, EditCi, RegulariseCi
from app.foundation.cis.records import Ci, CiState
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import ConflictingDuty, PreparationRefused, WrongValue
from app.log.canonical import instant
from app.platform.db import Row

#: The form of our changes' numbers.
OUR_NUMBER = re.compile(r"CHG-[0-9]{4}-[0-9]+")
#: The person who altered an item does not regularise it. The log names that person, because no field of the
#: item does.
ALTERER = RecordDuty("person who altered the item", "变更配置项的人", ())
#: Most alterations that a refusal names.
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The id of the change that authorises an alteration, or None. `outside` is the name of a change that is
    not known here.
    """

    change_id: UUID | None
    outside: str | None = None


async def authorisation(
    reads: ReadContext, ci: Ci, body: CiAlteration | EditCi, ctx: ActionContext
) -> Authorisation:
    """Find out whether the change that the payload names authorises the alteration at the time when it
    happens. An unknown name is that of another tool's change, which cannot be verified. Raises WrongValue for
    a number of our own without a change.
    """
    if body.change is None or ci.state is CiState.planned:
        return Authorisation(None)
    loaded = await reads.record("change", body.change)
    if loaded is None:
        if OUR_NUMBER.fullmatch(body.change):
            raise WrongValue(
                {"kind": "change", "name": body.change}, pointer="/change", because="unknown_reference"
            )
        return Authorisation(None, body.change)
    if not is_authorised(loaded.record, ci, ctx.occurred_at):
        return Authorisation(None)
    return Authorisation(loaded.record.id)


def is_authorised(change: Any, ci: Ci, altered_at: datetime) -> bool:
    """Return whether the change authorised alterations of the item at that time, by its own times."""
    approved_at = _approved_at(change)
    if not _touches(change, ci) or approved_at is None or altered_at < approved_at:
        return False
    ends = (change.closed_at, change.cancelled_at, change.backed_out_at)
    if any(end is not None and altered_at >= end for end in ends):
        return False
    if change.window_from_at is None:
        return True
    if change.window_from_at <= altered_at < change.window_until_at:
        return True
    is_under_way = change.started_at is not None and change.started_at <= altered_at
    return is_under_way and (change.implemented_at is None or altered_at < change.implemented_at)


def _approved_at(change: Any) -> datetime | None:
    """Return the time of the change's approval: of a standard change, whose template was approved, that of
    its scheduling.
    """
    approved_at: datetime | None = change.approved_at or change.scheduled_at
    return approved_at


def _touches(change: Any, ci: Ci) -> bool:
    return str(ci.id) in (change.ci_ids or ())


def note_alteration(ci: Ci, ctx: ActionContext) -> None:
    """Count an alteration after go-live, and flag it unless a change authorises it."""
    if ci.state is CiState.planned:
        return
    authorised_by = ctx.prepared(Authorisation).change_id
    ci.outside_change = ctx.prepared(Authorisation).outside
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


@dataclass(frozen=True, slots=True)
class UnauthorisedAlteration:
    """An unauthorised alteration for which no change was named: its number among all, from 1, and the number
    of those that remain without a change.
    """

    number: int
    remaining: int


async def alteration_to_regularise(
    reads: ReadContext, ci: Ci, body: RegulariseCi, ctx: ActionContext
) -> UnauthorisedAlteration:
    """Find the alteration that the payload names, or the only one without a change. Raises WrongValue if the
    named one is authorised or regularised, or if the payload names no alteration and several wait;
    PreparationRefused if no alteration waits; ConflictingDuty if the caller made the alteration.
    """
    alterations = await unauthorised_alterations(reads, ci.row_key)
    waiting = [row for row in alterations if not row["is_regularised"]]
    if not waiting:
        raise PreparationRefused("nothing_to_regularise")
    if body.alteration is None:
        if len(waiting) > 1:
            named = ", ".join(f"{row['id']} ({instant(row['occurred_at'])})" for row in waiting[:MOST_NAMED])
            raise WrongValue({"alterations": named}, pointer="/alteration", because="several_alterations")
        return _by_others(waiting[0], 0, ctx)
    chosen = [row for row in alterations if row["id"] == body.alteration]
    if not chosen:
        raise WrongValue(pointer="/alteration", because="no_unauthorised_alteration")
    if chosen[0]["is_regularised"]:
        raise WrongValue(pointer="/alteration", because="regularised_already")
    return _by_others(chosen[0], len(waiting) - 1, ctx)


def _by_others(row: Row, remaining: int, ctx: ActionContext) -> UnauthorisedAlteration:
    """Return the alteration, unless the caller made it. Raises ConflictingDuty."""
    if f"person:{ctx.caller.person_id}" in (row["actor"], row["on_behalf_of"]):
        raise ConflictingDuty(ALTERER)
    return UnauthorisedAlteration(row["number"], remaining)


def regularise(ci: Ci, body: RegulariseCi, ctx: ActionContext) -> None:
    """Regularise the item: name the change that was approved afterwards for an unauthorised alteration. The
    item stays flagged.
    """
    alteration = ctx.prepared(UnauthorisedAlteration)
    ci.regularised_number = alteration.number
    ci.regularised_count = (ci.unauthorised_count or 0) - alteration.remaining
    ci.regularised_at = ctx.occurred_at
    ci.regularised_by_id = ctx.required_ref(Ticket, "change").id


async def nothing_to_regularise(reads: ReadContext, ci: Ci, ctx: ActionContext) -> str | None:
    """Refuse if the item has no unauthorised alterations, or if all are regularised."""
    all_then = 0 if ci.regularised_at is None else ci.unauthorised_count or 0
    regularised = all_then if ci.regularised_count is None else ci.regularised_count
    return None if (ci.unauthorised_count or 0) > regularised else "nothing_to_regularise"


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
