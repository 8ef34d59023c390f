"""The demo's maintenance plans: a round each month, one of them late, and one with a reading out of limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.demo.data.governance import quality_data as data
from app.demo.data.governance.quality_data import MaintenanceTemplate
from app.demo.lookups import round_of_plan
from app.demo.programme import Programme, ProgrammeScript
from app.governance.maintenance_plans.intervals import next_round
from app.governance.maintenance_plans.payloads import PlanMaintenancePlan
from app.governance.maintenance_plans.records import MaintenanceInterval
from app.governance.maintenance_rounds.payloads import (
    CompleteMaintenance,
    ReadMaintenance,
    RecordFindingMaintenance,
)
from app.governance.maintenance_rounds.records import FindingOpens
from app.kernel.actions.payloads import EmptyPayload
from app.log.canonical import instant

DAY = timedelta(days=1)
OPENER, FLAGGER = "open_maintenance_rounds", "flag_maintenance_rounds"


async def make_maintenance(programme: Programme) -> None:
    """Play the maintenance plans that are not there yet, with their rounds."""
    for template in data.MAINTENANCE:
        await MaintenanceScript(programme, "maintenance_plan", template.name, template=template).play()


@dataclass
class MaintenanceScript(ProgrammeScript):
    """The script of one maintenance plan."""

    template: MaintenanceTemplate = field(kw_only=True)

    async def play(self) -> None:
        """Plan the maintenance, and make its rounds so far."""
        template, first_at = self.template, self.programme.before_end(self.template.first)
        plan = PlanMaintenancePlan.model_validate(
            {
                "title": template.title,
                "service": template.service,
                "team": template.team,
                "interval": MaintenanceInterval.monthly.value,
                "days": data.DAYS,
                "items": template.items,
                "limits": template.limits,
                "first_round_at": instant(first_at),
            }
        )
        await self.act(first_at - 4 * DAY, self.programme.callers[data.PLANNER], "plan", plan)
        zone = ZoneInfo(self.programme.maker.ledger.settings.time_zone)
        planned_at = first_at
        for number in range(data.LATEST + 1):
            if planned_at < self.programme.end:
                await self._make_round(number, planned_at)
            planned_at = next_round(first_at, zone, MaintenanceInterval.monthly, planned_at)

    async def _make_round(self, number: int, planned_at: datetime) -> None:
        await self.rule(planned_at, OPENER, "fall_due", EmptyPayload())
        opened = await round_of_plan(self.programme.maker.ledger.db, self.record_id, planned_at)
        script = ProgrammeScript(self.programme, "maintenance", f"{self.name}-{number}", opened)
        is_late, end = number == self.template.late, self.programme.end
        if is_late and planned_at + data.DAYS * DAY < end:
            await script.rule(planned_at + data.DAYS * DAY, FLAGGER, "fall_overdue", EmptyPayload())
        done_at = planned_at + (data.LATE_AFTER if is_late else data.DONE_AFTER) * DAY
        if done_at < end:
            await self._complete_round(script, number, done_at)

    async def _complete_round(self, script: ProgrammeScript, number: int, done_at: datetime) -> None:
        """Read, record what was found, and complete the round."""
        template = self.template
        by = self.programme.callers[template.by]
        values = template.readings[min(number, len(template.readings) - 1)]
        readings = [{"reading": n, "value": value} for n, value in enumerate(values, 1)]
        await script.act(done_at, by, "read", ReadMaintenance.model_validate({"readings": readings}))
        if (fault := template.faults.get(number)) is not None:
            finding = RecordFindingMaintenance(
                opens=FindingOpens.incident,
                title=fault.title,
                description=fault.description,
                reading=fault.reading,
            )
            await script.act(done_at + timedelta(minutes=10), by, "record_finding", finding)
        body = CompleteMaintenance(items=tuple(range(1, len(template.items) + 1)))
        await script.act(done_at + timedelta(minutes=30), by, "complete", body)
