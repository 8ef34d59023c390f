"""Flags an action against a risk that was not carried out in time, and notifies its owner."""

from __future__ import annotations

from datetime import datetime

from app.foundation.people.lookups import active_person
from app.governance.risks.payloads import FlagActionRisk
from app.governance.risks.records import RiskAction
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings


def due(action: RiskAction, settings: Settings) -> datetime | None:
    """Return when the action is due; None if it is over, or flagged already."""
    is_over = action.done_at is not None or action.dropped_at is not None
    return None if is_over or action.overdue_at is not None else action.due_at


async def flag_action(ledger: Ledger, action: RiskAction, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags it, and its payload, which names an owner who is active."""
    owner = await active_person(ledger.db.rows, action.person_id)
    return "flag_action", FlagActionRisk(action=action.id, owner=owner)


RULE = TimedRule(
    "flag_risk_actions",
    "risk_action",
    frozenset(),
    due,
    flag_action,
    # A lapsed response waits for another one, which drops it.
    only="r.done_at is null and r.dropped_at is null and r.overdue_at is null and exists (select from "
    "fold.risk i where i.id = split_part(r.record, '/', 2)::uuid and i.state = 'treated')",
    child_class=RiskAction,
)
