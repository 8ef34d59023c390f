"""Registry of all lifecycles, for generic code: the API, the docs, the tests, the rebuild."""

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
from app.kernel.lifecycle import Lifecycle
from app.kpis.budgets import lifecycle as kpi_budgets
from app.kpis.effects import lifecycle as kpi_effects
from app.kpis.rebases import lifecycle as kpi_rebases
from app.kpis.reconciliations import lifecycle as reconciliations
from app.kpis.signals import lifecycle as kpi_signals
from app.kpis.targets import lifecycle as kpi_targets
from app.meetings import lifecycle as meetings
from app.notifications import lifecycle as notices
from app.processes.articles import lifecycle as articles
from app.processes.changes import freezes, questionnaires, templates
from app.processes.changes import lifecycle as changes
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

LIFECYCLES: tuple[Lifecycle[Any], ...] = (
    persons.LIFECYCLE,
    teams.LIFECYCLE,
    groups.LIFECYCLE,
    keys.LIFECYCLE,
    shifts.LIFECYCLE,
    stand_ins.LIFECYCLE,
    assignment_rules.LIFECYCLE,
    escalation_rules.LIFECYCLE,
    approval_rules.LIFECYCLE,
    deputies.LIFECYCLE,
    checklists.LIFECYCLE,
    hourly_rates.LIFECYCLE,
    custom_fields.LIFECYCLE,
    cis.LIFECYCLE,
    categories.LIFECYCLE,
    priority_matrices.LIFECYCLE,
    services.LIFECYCLE,
    catalogue_items.LIFECYCLE,
    calendars.LIFECYCLE,
    meetings.LIFECYCLE,
    requests.LIFECYCLE,
    baselines.LIFECYCLE,
    verifications.LIFECYCLE,
    incidents.LIFECYCLE,
    releases.LIFECYCLE,
    release_stage_sets.LIFECYCLE,
    deployments.LIFECYCLE,
    articles.LIFECYCLE,
    problems.LIFECYCLE,
    problem_candidates.LIFECYCLE,
    changes.LIFECYCLE,
    agreements.LIFECYCLE,
    service_level_plans.LIFECYCLE,
    improvement_plans.LIFECYCLE,
    trainings.LIFECYCLE,
    templates.LIFECYCLE,
    questionnaires.LIFECYCLE,
    freezes.LIFECYCLE,
    improvement_suggestions.LIFECYCLE,
    improvement_assessments.LIFECYCLE,
    improvements.LIFECYCLE,
    kpi_targets.LIFECYCLE,
    kpi_budgets.LIFECYCLE,
    reconciliations.LIFECYCLE,
    kpi_effects.LIFECYCLE,
    kpi_signals.LIFECYCLE,
    kpi_rebases.LIFECYCLE,
    webhook_sources.LIFECYCLE,
    notices.LIFECYCLE,
)

LIFECYCLES_BY_KIND = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
