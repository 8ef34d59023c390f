"""Registry of all processes: their lifecycles, for generic code (docs, tests, rebuild), and their routes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any

from app.common.faces import BilingualLabel
from app.kernel.actions.lifecycle import Lifecycle


class Area(Enum):
    """The area in which people look for a process, by its label."""

    tickets = BilingualLabel("Tickets and knowledge", "工单与知识")
    changes = BilingualLabel("Changes and releases", "变更与发布")
    services = BilingualLabel("Services and agreements", "服务与协议")
    improvement = BilingualLabel("Improvement", "改进")
    governance = BilingualLabel("Processes, audits and risks", "流程、审核与风险")
    quality = BilingualLabel("Quality and figures", "质量与指标")
    people = BilingualLabel("People and teams", "人员与团队")
    settings = BilingualLabel("Rules and integrations", "规则与集成")


@dataclass(frozen=True)
class Process:
    """A process, by its package, and its area in the navigation: the modules in it that have a LIFECYCLE, and
    the one with its ROUTES, which only the application imports.
    """

    package: str
    area: Area
    lifecycles: str = "lifecycle"
    routes: str = "router"


PROCESSES = (
    Process("app.processes.requests", Area.tickets),
    Process("app.processes.incidents", Area.tickets),
    Process("app.processes.articles", Area.tickets),
    Process("app.processes.releases", Area.changes, lifecycles="lifecycle stages"),
    Process("app.processes.deployments", Area.changes),
    Process("app.processes.problems", Area.tickets, lifecycles="lifecycle candidates"),
    Process("app.processes.changes", Area.changes),
    Process("app.processes.changes.policies", Area.changes, lifecycles="templates questionnaires freezes"),
    Process("app.service_levels.agreements", Area.services),
    Process("app.service_levels.plans", Area.services),
    Process("app.processes.improvement_plans", Area.improvement),
    Process("app.processes.improvement_suggestions", Area.improvement),
    Process("app.processes.improvement_assessments", Area.improvement),
    Process("app.processes.improvements", Area.improvement),
    Process("app.processes.trainings", Area.improvement),
    Process("app.governance.documents", Area.governance),
    Process("app.governance.audits", Area.governance),
    Process("app.governance.findings", Area.governance, routes="routes"),
    Process("app.governance.corrective_actions", Area.governance, routes="routes"),
    Process("app.governance.quality_targets", Area.quality),
    Process("app.governance.quality_assessments", Area.quality, routes="routes"),
    Process("app.governance.maintenance_plans", Area.services, routes="routes"),
    Process("app.governance.maintenance_rounds", Area.services, routes="routes"),
    Process("app.governance.process_definitions", Area.governance),
    Process("app.governance.process_changes", Area.governance),
    Process("app.governance.process_assessments", Area.governance),
    Process("app.governance.risks", Area.governance, lifecycles="lifecycle matrices"),
    Process("app.governance.surveys", Area.quality, lifecycles="lifecycle responses results"),
    Process("app.governance.recognitions", Area.quality),
    Process("app.governance.scorecards", Area.quality, lifecycles="lifecycle ratings editions"),
    Process("app.meetings", Area.governance),
    Process("app.kpis.targets", Area.quality),
    Process("app.kpis.budgets", Area.quality, routes="routes"),
    Process("app.kpis.reconciliations", Area.quality, routes="routes"),
    Process("app.kpis.effects", Area.quality),
    Process("app.kpis.signals", Area.quality, routes="routes"),
    Process("app.kpis.rebases", Area.quality, routes="routes"),
    Process("app.attention.alerts", Area.quality, routes="routes"),
    Process("app.foundation.people", Area.people, lifecycles="persons teams groups keys"),
    Process("app.foundation.absences", Area.people, lifecycles="absences absence_calendars"),
    Process(
        "app.foundation.people.provisioning",
        Area.people,
        lifecycles="group_mappings directory_groups",
        routes="routes",
    ),
    Process("app.foundation.rota", Area.people, lifecycles="shifts stand_ins"),
    Process("app.foundation.assignment", Area.settings, lifecycles="assignment_rules"),
    Process(
        "app.foundation.audit_points", Area.governance, lifecycles="audit_points point_rules", routes="routes"
    ),
    Process("app.foundation.escalation", Area.settings, lifecycles="escalation_rules", routes="routes"),
    Process("app.foundation.checklists", Area.tickets, lifecycles="checklists", routes="routes"),
    Process("app.foundation.text_blocks", Area.tickets, lifecycles="text_blocks", routes="routes"),
    Process("app.foundation.costs", Area.settings, lifecycles="hourly_rates", routes="routes"),
    Process("app.foundation.custom", Area.settings, lifecycles="fields", routes="routes"),
    Process("app.foundation.cis", Area.services, lifecycles="lifecycle baselines verifications"),
    Process("app.foundation.discoveries", Area.services),
    Process("app.foundation.categories", Area.settings, lifecycles="categories", routes="routes"),
    Process("app.foundation.services", Area.services, lifecycles="services items"),
    Process("app.foundation.calendars", Area.settings),
    Process("app.foundation.priorities", Area.settings, lifecycles="matrices"),
    Process("app.foundation.branding", Area.settings, lifecycles="brandings", routes="routes"),
    Process("app.notifications", Area.people, routes="routes.notices"),
    Process("app.webhooks", Area.settings, lifecycles="sources.lifecycle"),
    Process("app.processes.incidents.alert_rules", Area.settings, routes="routes"),
    Process("app.subscriptions", Area.settings, routes="routes"),
    Process(
        "app.foundation.decisions", Area.people, lifecycles="approval_rules.lifecycle deputies.lifecycle"
    ),
)

LIFECYCLES: tuple[Lifecycle[Any], ...] = tuple(
    import_module(f"{process.package}.{module}").LIFECYCLE
    for process in PROCESSES
    for module in process.lifecycles.split()
)
LIFECYCLES_BY_KIND = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
#: The area of each kind of record.
AREA_OF_KIND = {
    import_module(f"{process.package}.{module}").LIFECYCLE.kind: process.area
    for process in PROCESSES
    for module in process.lifecycles.split()
}
