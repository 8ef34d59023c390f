"""The actions that a caller may perform on a record now, and those that a check refuses for now, with the
reason.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from app.kernel.access.reads import ReadContext, VersionedRecord
from app.kernel.actions.actor_policy import RecordDuty, conflicting_duties
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.refusals import SegregationOfDuties
from app.kernel.commands.perform import action_context
from app.kernel.ledger import Ledger


class Offer(NamedTuple):
    """An action that role and state allow the caller. `because`: the code of the check that refuses it now,
    if any; for a segregation of duties, `duty` is the caller's conflicting duty in the record.
    """

    action: Action[Any, Any]
    because: str | None
    duty: RecordDuty | None = None


async def offers(
    ledger: Ledger,
    lifecycle: Lifecycle[Any],
    loaded: VersionedRecord[Any],
    metadata: CommandMetadata,
    among: Collection[str] | None = None,
) -> list[Offer]:
    """Return the actions that the caller may perform in the record's state, in the order of the lifecycle's
    table, each with the refusal of its checks, if any; only those named in `among`, unless it is None.
    """
    reads, ctx = (
        ReadContext(ledger.db, ledger.lifecycles, ledger.directory),
        action_context(ledger, loaded, metadata),
    )
    caller, offered = {metadata.caller.person_id}, []
    for row in lifecycle.open_to(loaded.record, metadata.caller):
        if among is not None and row.name not in among:
            continue
        if row.segregate_from and (had := conflicting_duties(row.segregate_from, loaded.record, caller)):
            offered.append(Offer(row, SegregationOfDuties.CODE, had[0]))
            continue
        because = None
        for check in row.unless:
            because = because or await check(reads, loaded.record, ctx)
        offered.append(Offer(row, because))
    return offered
