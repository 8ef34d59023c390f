"""The time at which an action happened: as the caller states it, within the limits of their roles, or now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.common.people import Caller, Role
from app.common.tickets import Ticket
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.decide import CommandDecision

#: Difference between the clock of a sender and ours, in either direction, that is no fault.
CLOCK_TOLERANCE = timedelta(seconds=60)
# How far back a role may date an action. Integrations: without limit; everybody else: not at all.
BACKDATING_LIMITS = {
    Role.agent: timedelta(days=7),
    Role.engineer: timedelta(days=7),
    Role.admin: timedelta(days=90),
} | {role: timedelta(days=90) for role in Role if role.value.endswith("_manager")}


def occurred_at(command: Command, record: Any) -> datetime:
    """Return the time of the action: the time in the payload, within the limits of the caller's roles; for a
    rule, the time at which its action was due; otherwise now.

    A state is not left before it began, and a ticket has no events before it was opened. Acts of a rule are
    never before the record's last change, because the rule has read this change.
    """
    now, stated, due = command.metadata.now, command.body.occurred_at, command.metadata.due_at
    if stated is None:
        since = record.state_since if _leaves_a_state(command, record) else record.changed_at
        instant, changed_at = (now, None) if due is None else (min(due, now), record.changed_at)
        bounds: list[datetime] = [instant, *(bound for bound in (since, changed_at) if bound is not None)]
        return max(bounds)
    if stated > now + CLOCK_TOLERANCE:
        raise WrongValue(pointer="/occurred_at", because="in_the_future")
    reach = _backdating_limit(command.metadata.caller)
    if reach is not None and stated < now - max(reach, CLOCK_TOLERANCE):
        raise WrongValue({"days": str(reach.days)}, pointer="/occurred_at", because="too_far_back")
    if _leaves_a_state(command, record):
        _require_not_before(stated, record.state_since, "before_this_state")
    elif isinstance(record, Ticket):
        _require_not_before(stated, record.opened_at, "before_it_was_opened")
    return stated


def _leaves_a_state(command: Command, record: Any) -> bool:
    return isinstance(record, Ticket) and not command.row.stays


def not_before_the_last_change(command: Command, record: Any, decided: CommandDecision) -> None:
    """Refuse (`before_the_last_change`) if the action changes the record as of a time before its last change.
    Only an action that changes nothing but child records, as a comment does, may be dated between changes.
    """
    stated, changes = command.body.occurred_at, decided.data["set"]
    only_beside = bool(changes) and record.row_key not in changes
    if stated is not None and not only_beside and not _leaves_a_state(command, record):
        _require_not_before(stated, record.changed_at, "before_the_last_change")


def _require_not_before(stated: datetime, since: datetime | None, because: str) -> None:
    if since is not None and stated < since:
        raise WrongValue({"since": since}, pointer="/occurred_at", because=because)


def _backdating_limit(caller: Caller) -> timedelta | None:
    """Return how far back the caller may date; None: without limit."""
    if caller.is_rule or Role.integration in caller.role_codes:
        return None
    return max(
        (BACKDATING_LIMITS.get(role, timedelta(0)) for role in caller.role_codes), default=timedelta(0)
    )
