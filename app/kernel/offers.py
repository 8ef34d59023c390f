"""What somebody may do with a record now, and what of it is forbidden for the time being, with the reason."""

from __future__ import annotations

from typing import Any, NamedTuple

from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.look import Loaded, Look
from app.kernel.moment import Context
from app.kernel.perform import moment
from app.kernel.refusals import KeptApart
from app.kernel.who import Part, parts_had


class Offer(NamedTuple):
    """An action that is for the caller in this state. `because` is the code of what forbids it, if anything
    does; where that is separation of duties, `part` is the one that the caller has had in the record.
    """

    action: Action[Any, Any]
    because: str | None
    part: Part | None = None


async def offers(
    ledger: Ledger, lifecycle: Lifecycle[Any], loaded: Loaded[Any], context: Context
) -> list[Offer]:
    """The actions for the caller in this state, in the order of the table, each asked of its checks."""
    look, at = Look(ledger.db, ledger.lifecycles, ledger.directory), moment(ledger, loaded, context)
    caller, offered = {context.caller.person_id}, []
    for row in lifecycle.open_to(loaded.record, context.caller):
        if row.never and (had := parts_had(row.never, loaded.record, caller)):
            offered.append(Offer(row, KeptApart.CODE, had[0]))
            continue
        because = None
        for check in row.unless:
            because = because or await check(look, loaded.record, at)
        offered.append(Offer(row, because))
    return offered
