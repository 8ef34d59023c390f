"""Measuring benefits again when they are due: 3, 6 and 12 months after an improvement was standardised.

Among several workers, the holder of an advisory lock measures, and each measurement has an idempotency key,
so that it is made once. After downtime the missed ones are made, each of its own months.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from app.common.people import rule_caller
from app.common.records import from_row
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.consumers import polling
from app.kernel.consumers.rules import ROUTE
from app.kernel.ledger import Ledger
from app.log.writer import DuplicateCommand
from app.platform.db import Connection
from app.processes.improvements.effects.measuring import measure_targets
from app.processes.improvements.effects.payloads import MeasureEffectsImprovement
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.records import Improvement

#: The actor's name in the log.
NAME = "measure_benefits"
POLL_SECONDS = 60.0
#: The lock of the one worker that does it.
LOCK = "improvement_benefits"
DUE = f"""
select * from {LIFECYCLE.source} r where state = 'standardised' and next_benefit_due_at <= %s
order by next_benefit_due_at, id"""
logger = structlog.get_logger()


async def measure_due(connection: Connection, ledger: Ledger, now: datetime) -> int:
    """Measure the benefits that are due, the oldest first, if no other worker does. Return their number.
    Raises DatabaseGone; they are still due then.
    """
    async with polling.locked(connection, LOCK) as free:
        if not free:
            return 0
        due = [from_row(Improvement, row) for row in await ledger.db.rows(DUE, (now,))]
        return sum([await _measure(ledger, improvement, now) for improvement in due])


async def _measure(ledger: Ledger, improvement: Improvement, now: datetime) -> bool:
    """Measure the benefit; return False if it was measured meanwhile, or is refused."""
    caller = rule_caller(NAME)
    reference = f"{caller.actor}:{improvement.id}:{improvement.benefit_months or 0}"
    metadata = CommandMetadata(caller, now, reference, source="rule", source_ref=reference)
    key = IdempotencyKey(ROUTE, reference, "")
    row = LIFECYCLE["measure_effects"]
    try:
        measured_targets = await measure_targets(ledger, improvement, now)
        command = Command(
            LIFECYCLE,
            row,
            str(improvement.id),
            MeasureEffectsImprovement(),
            metadata,
            if_match=frozenset({improvement.version}),
            key=key,
            prepared=(measured_targets,),
        )
        await perform(ledger, command)
    except DuplicateCommand:
        return False
    except Refusal as refused:
        logger.warning("a benefit cannot be measured", improvement=improvement.number, code=refused.code)
        return False
    return True


run = polling.job(NAME, measure_due, every=POLL_SECONDS)
