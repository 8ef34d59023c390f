"""Registry of all processes: their lifecycles, for generic code (docs, tests, rebuild), and their routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.foundation.assignment import assignment_rules
from app.foundation.calendars import lifecycle as calendars
from app.foundation.categories import categories
from app.foundation.checklists import checklists
from app.foundation.cis import baselines, verifications
from app.foundation.cis import lifecycle as cis
from app.foundation.costs import hourly_rates
from app.foundation.custom import fields as custom_fields
from app.foundation.decisions.approval_rules import lifecycle as approval_rules
from app.foundation.decisions.deputies import lifecycle as deputies
from app.foundation.escalation import escalation_rules
from app.foundation.people import groups, keys, persons, teams
from app.foundation.priorities import matrices as priority_matrices
from app.foundation.rota import shifts, stand_ins
from app.foundation.services import items as catalogue_items
from app.foundation.services import services
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.budgets import lifecycle as kpi_budgets
from app.kpis.effects import lifecycle as kpi_effects
from app.kpis.rebases import lifecycle as kpi_rebases
from app.kpis.reconciliations import lifecycle as reconciliations
from app.kpis.signals import lifecycle as kpi_signals
from app.kpis.targets import lifecycle as kpi_targets
from app.meetings import lifecycle as meetings
from app.notifications import lifecycle as notices
from app.processes.articles import lifecycle as articles
from app.processes.changes import lifecycle as changes
from app.processes.changes.policies import freezes, questionnaires, templates
from app.processes.deployments import lifecycle as deployments
from app.processes.improvement_assessments import lifecycle as improvement_assessments
from app.processes.improvement_plans import lifecycle as improvement_plans
from app.processes.improvement_suggestions import lifecycle as improvement_suggestions
from app.processes.improvements import lifecycle as improvements
from app.processes.incidents import lifecycle as incidents
from app.processes.problems import candidates as problem_candidates
from app.processes.problems import lifecycle as problems
from app.processes.releases import lifecycle as releases
from app.processes.releases import stages as release_stage_sets
from app.processes.requests import lifecycle as requests
from app.processes.trainings import lifecycle as trainings
from app.service_levels.agreements import lifecycle as agreements
from app.service_levels.plans import lifecycle as service_level_plans
from app.webhooks.sources import lifecycle as webhook_sources


@dataclass(frozen=True, init=False)
class Process:
    """A process: the module with its routes (`ROUTES`, which the application imports), and its lifecycles."""

    routes: str
    lifecycles: tuple[Lifecycle[Any], ...]

    def __init__(self, routes: str, *lifecycles: Lifecycle[Any]) -> None:
        object.__setattr__(self, "routes", routes)
        object.__setattr__(self, "lifecycles", lifecycles)


PROCESSES = (
    Process("app.processes.requests.router", requests.LIFECYCLE),
    Process("app.processes.incidents.router", incidents.LIFECYCLE),
    Process("app.processes.articles.router", articles.LIFECYCLE),
    Process("app.processes.releases.router", releases.LIFECYCLE, release_stage_sets.LIFECYCLE),
    Process("app.processes.deployments.router", deployments.LIFECYCLE),
    Process("app.processes.problems.router", problems.LIFECYCLE, problem_candidates.LIFECYCLE),
    Process("app.processes.changes.router", changes.LIFECYCLE),
    Process(
        "app.processes.changes.policies.router",
        templates.LIFECYCLE,
        questionnaires.LIFECYCLE,
        freezes.LIFECYCLE,
    ),
    Process("app.service_levels.agreements.router", agreements.LIFECYCLE),
    Process("app.service_levels.plans.router", service_level_plans.LIFECYCLE),
    Process("app.processes.improvement_plans.router", improvement_plans.LIFECYCLE),
    Process("app.processes.improvement_suggestions.router", improvement_suggestions.LIFECYCLE),
    Process("app.processes.improvement_assessments.router", improvement_assessments.LIFECYCLE),
    Process("app.processes.improvements.router", improvements.LIFECYCLE),
    Process("app.processes.trainings.router", trainings.LIFECYCLE),
    Process("app.meetings.router", meetings.LIFECYCLE),
    Process("app.kpis.targets.router", kpi_targets.LIFECYCLE),
    Process("app.kpis.budgets.queries", kpi_budgets.LIFECYCLE),
    Process("app.kpis.reconciliations.queries", reconciliations.LIFECYCLE),
    Process("app.kpis.effects.router", kpi_effects.LIFECYCLE),
    Process("app.kpis.signals.queries", kpi_signals.LIFECYCLE),
    Process("app.kpis.rebases.queries", kpi_rebases.LIFECYCLE),
    Process(
        "app.foundation.people.router", persons.LIFECYCLE, teams.LIFECYCLE, groups.LIFECYCLE, keys.LIFECYCLE
    ),
    Process("app.foundation.rota.router", shifts.LIFECYCLE, stand_ins.LIFECYCLE),
    Process("app.foundation.assignment.router", assignment_rules.LIFECYCLE),
    Process("app.foundation.escalation.queries", escalation_rules.LIFECYCLE),
    Process("app.foundation.checklists.queries", checklists.LIFECYCLE),
    Process("app.foundation.costs.queries", hourly_rates.LIFECYCLE),
    Process("app.foundation.custom.queries", custom_fields.LIFECYCLE),
    Process("app.foundation.cis.router", cis.LIFECYCLE, baselines.LIFECYCLE, verifications.LIFECYCLE),
    Process("app.foundation.categories.queries", categories.LIFECYCLE),
    Process("app.foundation.services.router", services.LIFECYCLE, catalogue_items.LIFECYCLE),
    Process("app.foundation.calendars.router", calendars.LIFECYCLE),
    Process("app.foundation.priorities.router", priority_matrices.LIFECYCLE),
    Process("app.notifications.queries", notices.LIFECYCLE),
    Process("app.webhooks.router", webhook_sources.LIFECYCLE),
    Process("app.foundation.decisions.router", approval_rules.LIFECYCLE, deputies.LIFECYCLE),
)

LIFECYCLES: tuple[Lifecycle[Any], ...] = tuple(
    lifecycle for process in PROCESSES for lifecycle in process.lifecycles
)
LIFECYCLES_BY_KIND = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
