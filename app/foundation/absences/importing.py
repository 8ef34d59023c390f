"""Absences of a calendar, compared with those that were taken from it before: new ones are planned, changed
ones changed, vanished ones removed. An event that can no longer be read has not vanished. Absences that a
person entered or withdrew by hand stay.

Each absence is a command of its own. A process that is killed in between compares again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.common.people import rule_caller
from app.foundation.absences.absences import LIFECYCLE, PlanAbsence, RescheduleAbsence
from app.foundation.absences.calendar_file import CalendarAbsence, CalendarContent
from app.foundation.absences.lookups import taken_from_calendar, usable_deputy
from app.foundation.absences.records import AbsenceSource, AbsenceState
from app.foundation.people.credentials.maker_credential import MakerCredential
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log.ids import uuid7

NAME = "import_absences"
#: Events that begin later are taken when their time has come nearer.
HORIZON = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class AbsenceOrigin:
    """Whose absences they are, and where they come from; the deputy is in each that is new. `maker` is the
    credential of the person who sent the file or added the calendar.
    """

    person_id: UUID
    source: AbsenceSource
    maker: MakerCredential
    calendar_id: UUID | None = None
    deputy_id: UUID | None = None


@dataclass(slots=True)
class ImportedCounts:
    """Numbers of absences by the outcome of an import."""

    planned: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


async def import_absences(
    ledger: Ledger, origin: AbsenceOrigin, content: CalendarContent, now: datetime
) -> ImportedCounts:
    """Make the person's absences of that origin those of the calendar, from now on."""
    rows = await taken_from_calendar(
        ledger.db.rows, origin.person_id, origin.source.value, origin.calendar_id, now
    )
    withdrawn = {row["event_key"] for row in rows if row["state"] == AbsenceState.withdrawn.value}
    planned = {row["event_key"]: row for row in rows if row["state"] == AbsenceState.planned.value}
    deputy_id = await usable_deputy(ledger.db.rows, origin.deputy_id, origin.person_id)
    counts, correlation = ImportedCounts(), str(uuid7())
    for absence in content.absences:
        row = planned.pop(absence.key, None)
        if row is None:
            if absence.key not in withdrawn:
                body = _new(origin, absence, deputy_id)
                counts.planned += await _perform(ledger, "plan", None, body, now, correlation, origin.maker)
        elif (row["from_at"], row["until_at"]) != (absence.begin, absence.end):
            moved = RescheduleAbsence(from_at=absence.begin, until_at=absence.end)
            counts.changed += await _perform(ledger, "reschedule", row["id"], moved, now, correlation)
        else:
            counts.unchanged += 1
    for row in planned.values():
        if content.may_have_absence(row["event_key"], row["from_at"]):
            counts.unchanged += 1
            continue
        counts.removed += await _perform(ledger, "remove", row["id"], EmptyPayload(), now, correlation)
    return counts


def _new(origin: AbsenceOrigin, absence: CalendarAbsence, deputy_id: UUID | None) -> PlanAbsence:
    return PlanAbsence(
        person=str(origin.person_id),
        deputy=None if deputy_id is None else str(deputy_id),
        from_at=absence.begin,
        until_at=absence.end,
        source=origin.source,
        calendar=None if origin.calendar_id is None else str(origin.calendar_id),
        event_key=absence.key,
    )


async def _perform(
    ledger: Ledger,
    action: str,
    absence_id: UUID | None,
    body: Payload,
    now: datetime,
    correlation: str,
    *prepared: object,
) -> int:
    """Carry the action out. Return 1, or 0 if it is done already: by another import at the same time."""
    metadata = CommandMetadata(
        caller=rule_caller(NAME), now=now, correlation_id=correlation, source=f"rule:{NAME}"
    )
    name = None if absence_id is None else str(absence_id)
    try:
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE[action], name, body, metadata, prepared=prepared))
    except Refusal:
        return 0
    return 1
