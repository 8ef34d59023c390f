"""The demo's maintenance plans: a round each month, one of them late, and one with a reading out of limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.demo.data.governance import quality_data as data
from app.demo.data.governance.quality_data import MaintenanceTemplate
from app.demo.languages import in_language
from app.demo.lookups import incident_found, round_of_plan
from app.demo.programme import Programme, ProgrammeScript
from app.demo.script import RULES_LANGUAGE
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
from app.processes.incidents.payloads import ResolveIncident
from app.processes.incidents.records import ResolutionCode
from app.ticketing.work.assignment import AssignTicket
from app.ticketing.work.costs import LogWork

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
            found_at = done_at + timedelta(minutes=10)
            await script.act(found_at, by, "record_finding", finding)
            await self._mend(number, fault.title, found_at)
        body = CompleteMaintenance(items=tuple(range(1, len(template.items) + 1)))
        await script.act(done_at + timedelta(minutes=30), by, "complete", body)

    async def _mend(self, number: int, title: str, found_at: datetime) -> None:
        """Resolve the incident that the round has opened, as the one who has found it."""
        template, db = self.template, self.programme.maker.ledger.db
        by, name = self.programme.callers[template.by], f"{self.name}-{number}"
        incident = await incident_found(db, in_language(title, by.locale or RULES_LANGUAGE), found_at)
        script = ProgrammeScript(self.programme, "incident", f"{name}-found", incident)
        body = AssignTicket(team=template.team, person=str(by.person_id))
        await script.act(found_at + timedelta(minutes=5), by, "acknowledge", EmptyPayload())
        await script.act(found_at + timedelta(minutes=6), by, "assign", body)
        await script.act(found_at + timedelta(minutes=10), by, "start", EmptyPayload())
        worked = LogWork(minutes=40, role_class="engineer")
        await script.act(found_at + timedelta(minutes=50), by, "log_work", worked)
        mended = ResolveIncident(resolution_code=ResolutionCode.fixed, done=data.STORE_MENDED)
        await script.act(found_at + timedelta(minutes=51), by, "resolve", mended)
