"""Registry of all processes: their lifecycles, for generic code (docs, tests, rebuild), and their routes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from app.kernel.actions.lifecycle import Lifecycle


@dataclass(frozen=True)
class Process:
    """A process, by its package: the modules in it that have a LIFECYCLE, and the one with its ROUTES, which
    only the application imports.
    """

    package: str
    lifecycles: str = "lifecycle"
    routes: str = "router"


PROCESSES = (
    Process("app.processes.requests"),
    Process("app.processes.incidents"),
    Process("app.processes.articles"),
    Process("app.processes.releases", lifecycles="lifecycle stages"),
    Process("app.processes.deployments"),
    Process("app.processes.problems", lifecycles="lifecycle candidates"),
    Process("app.processes.changes"),
    Process("app.processes.changes.policies", lifecycles="templates questionnaires freezes"),
    Process("app.service_levels.agreements"),
    Process("app.service_levels.plans"),
    Process("app.processes.improvement_plans"),
    Process("app.processes.improvement_suggestions"),
    Process("app.processes.improvement_assessments"),
    Process("app.processes.improvements"),
    Process("app.processes.trainings"),
    Process("app.governance.documents"),
    Process("app.governance.audits"),
    Process("app.governance.findings", routes="routes"),
    Process("app.governance.corrective_actions", routes="routes"),
    Process("app.governance.quality_targets"),
    Process("app.governance.quality_assessments", routes="routes"),
    Process("app.governance.maintenance_plans", routes="routes"),
    Process("app.governance.maintenance_rounds", routes="routes"),
    Process("app.governance.process_definitions"),
    Process("app.governance.process_changes"),
    Process("app.governance.process_assessments"),
    Process("app.governance.risks", lifecycles="lifecycle matrices"),
    Process("app.governance.surveys", lifecycles="lifecycle responses results"),
    Process("app.governance.recognitions"),
    Process("app.governance.scorecards", lifecycles="lifecycle ratings editions"),
    Process("app.meetings"),
    Process("app.kpis.targets"),
    Process("app.kpis.budgets", routes="routes"),
    Process("app.kpis.reconciliations", routes="routes"),
    Process("app.kpis.effects"),
    Process("app.kpis.signals", routes="routes"),
    Process("app.kpis.rebases", routes="routes"),
    Process("app.attention.alerts", routes="routes"),
    Process("app.foundation.people", lifecycles="persons teams groups keys"),
    Process("app.foundation.absences", lifecycles="absences absence_calendars"),
    Process(
        "app.foundation.people.provisioning", lifecycles="group_mappings directory_groups", routes="routes"
    ),
    Process("app.foundation.rota", lifecycles="shifts stand_ins"),
    Process("app.foundation.assignment", lifecycles="assignment_rules"),
    Process("app.foundation.audit_points", lifecycles="audit_points point_rules", routes="routes"),
    Process("app.foundation.escalation", lifecycles="escalation_rules", routes="routes"),
    Process("app.foundation.checklists", lifecycles="checklists", routes="routes"),
    Process("app.foundation.text_blocks", lifecycles="text_blocks", routes="routes"),
    Process("app.foundation.costs", lifecycles="hourly_rates", routes="routes"),
    Process("app.foundation.custom", lifecycles="fields", routes="routes"),
    Process("app.foundation.cis", lifecycles="lifecycle baselines verifications"),
    Process("app.foundation.discoveries"),
    Process("app.foundation.categories", lifecycles="categories", routes="routes"),
    Process("app.foundation.services", lifecycles="services items"),
    Process("app.foundation.calendars"),
    Process("app.foundation.priorities", lifecycles="matrices"),
    Process("app.notifications", routes="routes.notices"),
    Process("app.webhooks", lifecycles="sources.lifecycle"),
    Process("app.processes.incidents.alert_rules", routes="routes"),
    Process("app.subscriptions", routes="routes"),
    Process("app.foundation.decisions", lifecycles="approval_rules.lifecycle deputies.lifecycle"),
)

LIFECYCLES: tuple[Lifecycle[Any], ...] = tuple(
    import_module(f"{process.package}.{module}").LIFECYCLE
    for process in PROCESSES
    for module in process.lifecycles.split()
)
LIFECYCLES_BY_KIND = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
