"""The actions that a caller may perform on a record now, and those that a check refuses for now, with the
reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from app.common.children import Onlooker
from app.common.people import Caller
from app.kernel.access.reads import ReadContext, VersionedRecord
from app.kernel.access.visibility import onlooker, sees_every_record
from app.kernel.actions.actor_policy import RecordDuty, conflicting_duties
from app.kernel.actions.context import ActionContext, CommandMetadata
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.refusals import CALLER_CHECKS, ConflictingDuty, SegregationOfDuties
from app.kernel.commands.references import acting_caller
from app.kernel.commands.stream import action_context
from app.kernel.ledger import Ledger
from app.log.events import id_of, stream

#: The heads of those of the records that the person once handed over.
HANDED_OVER = """
select stream, audience from log.stream_head where stream = any(%s) and audience @> array[%s]"""


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
    acting = acting_caller(ledger, lifecycle, metadata.caller, loaded.audience)
    metadata = replace(metadata, caller=acting)
    reads, ctx = (
        ReadContext(ledger.db, ledger.lifecycles, ledger.directory),
        action_context(ledger, loaded, metadata),
    )
    caller, offered = {acting.person_id}, []
    for row in lifecycle.open_to(loaded.record, acting):
        if among is not None and row.name not in among:
            continue
        if row.checks.segregate_from and (
            had := conflicting_duties(row.checks.segregate_from, loaded.record, caller)
        ):
            offered.append(Offer(row, SegregationOfDuties.CODE, had[0]))
            continue
        because = None
        for check in row.checks.unless:
            because = because or await check(reads, loaded.record, ctx)
        duty = None if because else await _conflicting_duty(reads, row, loaded.record, ctx)
        offered.append(Offer(row, because) if duty is None else Offer(row, SegregationOfDuties.CODE, duty))
    return offered


async def _conflicting_duty(
    reads: ReadContext, row: Action[Any, Any], record: Any, ctx: ActionContext
) -> RecordDuty | None:
    """Return the caller's duty by the log because of which the action's checks will refuse them, if any."""
    try:
        for check in row.checks.wrong:
            if check in CALLER_CHECKS:
                await check(reads, record, None, ctx)
    except ConflictingDuty as had:
        return had.duty
    return None


async def onlooker_records(
    ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, ids: Iterable[UUID]
) -> frozenset[UUID]:
    """Return those of these records of the kind at which the caller only looks on, by one statement for all:
    they act on them as `caller.looking_on()`.
    """
    everything = sees_every_record(caller, lifecycle, agents_see=ledger.settings.agents_see)
    if caller.person_id is None or everything or Onlooker not in lifecycle.children:
        return frozenset()
    streams = [stream(lifecycle.kind, record_id) for record_id in ids]
    rows = await ledger.db.rows(HANDED_OVER, (streams, onlooker(caller.person_id)))
    return frozenset(
        id_of(row["stream"])
        for row in rows
        if acting_caller(ledger, lifecycle, caller, row["audience"]).looks_on
    )
