"""Values that actions on maintenance rounds load beforehand, and checks, beyond state and role."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.common.records import Record
from app.governance.maintenance_rounds.payloads import (
    CompleteMaintenance,
    OpenMaintenance,
    ReadMaintenance,
    RecordFindingMaintenance,
    TickMaintenance,
)
from app.governance.maintenance_rounds.records import FindingOpens, MaintenanceReading, MaintenanceRound
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue


@dataclass(frozen=True, slots=True)
class RoundReadings:
    """The readings of the round, by their numbers."""

    by_place: dict[int, MaintenanceReading]


async def load_readings(
    reads: ReadContext, maintenance: MaintenanceRound, body: object, ctx: ActionContext
) -> RoundReadings:
    """Load the readings of the round."""
    readings = await reads.children(MaintenanceReading, maintenance)
    return RoundReadings({reading.place or 0: reading for reading in readings})


def exceeds_limits(reading: MaintenanceReading, value: str) -> bool:
    """Return whether the value is out of the limits of the reading."""
    number = Decimal(value)
    below = reading.lower is not None and number < Decimal(reading.lower)
    return below or (reading.upper is not None and number > Decimal(reading.upper))


async def unknown_number(
    reads: ReadContext,
    maintenance: MaintenanceRound,
    body: TickMaintenance | ReadMaintenance | CompleteMaintenance,
    ctx: ActionContext,
) -> None:
    """Refuse items and readings that the round does not have, and a reading that is given twice."""
    for n, place in enumerate(() if isinstance(body, ReadMaintenance) else body.items):
        if place > len(maintenance.items or ()):
            raise WrongValue({"value": str(place)}, pointer=f"/items/{n}", because="unknown_value")
    readings = () if isinstance(body, TickMaintenance) else body.readings
    by_place, earlier = ctx.prepared(RoundReadings).by_place, set[int]()
    for n, reading in enumerate(readings):
        pointer = f"/readings/{n}/reading"
        if reading.reading not in by_place:
            raise WrongValue({"value": str(reading.reading)}, pointer=pointer, because="unknown_value")
        if reading.reading in earlier:
            raise WrongValue(pointer=pointer, because="each_once")
        earlier.add(reading.reading)


async def not_complete(
    reads: ReadContext, maintenance: MaintenanceRound, body: CompleteMaintenance, ctx: ActionContext
) -> None:
    """Refuse as long as items or readings are missing and no reason is given (`left_out_without_reason`)."""
    ticked = {*(maintenance.ticked or ()), *body.items}
    numbers = {reading.reading for reading in body.readings}
    missing = [text for n, text in enumerate(maintenance.items or (), 1) if n not in ticked]
    missing += [
        str(reading.name)
        for place, reading in ctx.prepared(RoundReadings).by_place.items()
        if reading.value is None and place not in numbers
    ]
    if missing and body.left_out is None:
        words = {"missing": ", ".join(missing)}
        raise WrongValue(words, pointer="/left_out", because="left_out_without_reason")


async def plan_retired(
    reads: ReadContext, maintenance: MaintenanceRound, body: OpenMaintenance, ctx: ActionContext
) -> None:
    """Refuse a round of a plan that is retired (`maintenance_plan_retired`)."""
    plan: Any = ctx.required_ref(Record, "plan")
    if plan.retired_at is not None:
        raise WrongValue(pointer="/plan", because="maintenance_plan_retired")


async def finding_does_not_fit(
    reads: ReadContext, maintenance: MaintenanceRound, body: RecordFindingMaintenance, ctx: ActionContext
) -> None:
    """Refuse a reading that the round does not have, a problem that is about nothing, and a change of an item
    that there is not.
    """
    if body.opens is FindingOpens.change and body.ci is not None and not await reads.by_key("ci", body.ci):
        raise WrongValue({"kind": "ci", "name": body.ci}, pointer="/ci", because="unknown_reference")
    if body.reading is not None and body.reading not in ctx.prepared(RoundReadings).by_place:
        raise WrongValue({"value": str(body.reading)}, pointer="/reading", because="unknown_value")
    if body.opens is FindingOpens.problem and maintenance.service is None and body.ci is None:
        raise WrongValue(pointer="/ci", because="missing")
    if body.opens is FindingOpens.problem and body.tried is None:
        raise WrongValue(pointer="/tried", because="missing")
