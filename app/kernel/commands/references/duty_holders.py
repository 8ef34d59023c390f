"""Persons, teams and groups that get a duty by a payload: they must be active, and eligible for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import PersonKind
from app.common.records import ForeignRef, Record
from app.common.state_fields import DeferredRef
from app.kernel.access.eligibility import is_eligible, scopes_of
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    PartialPayload,
    Payload,
    marks,
)
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command

#: States in which a person, a team or a group is given no duty.
NO_LONGER = frozenset({"inactive", "erased", "retired"})


async def require_eligible(
    reads: ReadContext,
    command: Command,
    ctx: ActionContext,
    record: Record,
    *,
    field: str,
    mark: ForeignRef,
    named: Mapping[str, Any],
) -> None:
    """Raise WrongValue unless each person, team or group, by its pointer, is active and eligible for
    the duty that the field gives. A rule, and a tool's report, may name anybody who is active. A correction
    that repeats what the record holds is not asked, and neither is a reference whose duty the action checks.
    """
    duty = mark.duty
    if duty is None or duty is GivenDuty.recorded or isinstance(mark, DeferredRef):
        return
    body = command.body
    held = getattr(record, f"{field}_id", None) if isinstance(body, PartialPayload) else None
    is_asked = command.metadata.is_sent and not ctx.command.follows
    for pointer, holder in named.items():
        if held is not None and holder.id == held:
            continue
        if holder.state.value in NO_LONGER:
            raise WrongValue(pointer=pointer, because=f"{mark.kind}_{holder.state.value}")
        if not is_asked:
            continue
        if mark.kind == "person" and holder.kind is PersonKind.machine and duty is not GivenDuty.account:
            raise WrongValue(pointer=pointer, because="machine_gets_no_duty")
        team = await _named_team(reads, body)
        scopes = scopes_of(record, body, team)
        if not await is_eligible(reads, mark.kind, holder.id, duty, scopes):
            words = {"team": str(holder.key)} if mark.kind == "team" else {}
            raise WrongValue(words, pointer=pointer, because=_refusal(duty, holder))


def _refusal(duty: GivenDuty, holder: Any) -> str:
    """Return the code of the refusal of an active person, team or group who is not eligible for the duty."""
    if duty in (GivenDuty.team_work, GivenDuty.team_handling):
        if str(holder.kind) == "supplier":
            return "supplier_gets_no_work"
        if str(holder.kind) == "customer":
            return GivenDuty.team_work.because
    return duty.because


async def _named_team(reads: ReadContext, body: Payload) -> UUID | None:
    """Return the id of the team to which the payload gives the record, if it names one."""
    name = getattr(body, "team", None)
    if not isinstance(name, str) or "team" not in marks(type(body), ForeignRef):
        return None
    loaded = await reads.record("team", name)
    return None if loaded is None else loaded.record.id
