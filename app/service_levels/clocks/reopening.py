"""The number of days for which an agreement lets a ticket be reopened, for the commands that open a ticket or
change what its agreement is chosen by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.common.times.clocks import AgreementType
from app.kernel.access.reads import ReadContext, Unguarded
from app.platform.db import Database
from app.service_level_engine.target_selection import Opening
from app.service_levels.clocks.agreement_history import AgreementHistory, load_agreements
from app.service_levels.clocks.calendar_history import load_calendars

#: A position after all events.
END_OF_LOG = 2**62
CHOSEN_AS_OF_OPENING = Unguarded(
    "An agreement that is signed meanwhile applies to tickets that are opened after it."
)
OPENING = (
    "select position, source like 'import:%%' as imported from log.event where stream = %s and version = 1"
)
NEVER_CHANGES = Unguarded("The first event of a stream stays as it is.")


@dataclass(frozen=True, slots=True)
class AgreedReopening:
    """The days after its end for which the ticket may be reopened; None: the installation's setting."""

    days: int | None


async def agreed_reopening(
    reads: ReadContext, stream: str | None, opened_at: datetime, attributes: Mapping[str, str | None]
) -> AgreedReopening:
    """Return the days that the agreement allows which applies to a ticket with these attributes. `stream` is
    the ticket's; None: it is being opened.
    """
    agreements = await reads.configuration("agreements", _load, guard=CHOSEN_AS_OF_OPENING)
    if not agreements.has_any_agreement(END_OF_LOG):
        return AgreedReopening(None)
    opening = Opening(opened_at, END_OF_LOG)
    if stream is not None:
        row = await reads.row(OPENING, (stream,), guard=NEVER_CHANGES)
        assert row is not None, "a record has a first event"
        opening = Opening(opened_at, row["position"], imported=row["imported"])
    agreement = agreements.applying("", opening, END_OF_LOG).choose(AgreementType.sla, attributes)
    return AgreedReopening(None if agreement is None else agreements.reopen_days[agreement.key])


async def _load(db: Database) -> AgreementHistory:
    async with db.connection() as connection:
        return await load_agreements(connection, await load_calendars(connection))
