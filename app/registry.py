"""Every lifecycle. All that is generic walks this list: the API, the docs, the tests, the rebuild."""

from typing import Any

from app.base.assignment import assignment_rules, escalation_rules, shifts, stand_ins
from app.base.calendars import lifecycle as calendars
from app.base.categories import categories
from app.base.checklists import checklists
from app.base.cis import baselines, verifications
from app.base.cis import lifecycle as cis
from app.base.costs import hourly_rates
from app.base.custom import fields as custom_fields
from app.base.meetings import lifecycle as meetings
from app.base.people import groups, keys, persons, teams
from app.base.priorities import matrices as priority_matrices
from app.base.services import items as catalogue_items
from app.base.services import services
from app.deliveries import lifecycle as notices
from app.kernel.lifecycle import Lifecycle
from app.kpis.budgets import lifecycle as kpi_budgets
from app.kpis.reconciliations import lifecycle as reconciliations
from app.kpis.targets import lifecycle as kpi_targets
from app.processes.articles import lifecycle as articles
from app.processes.incidents import lifecycle as incidents
from app.processes.problems import candidates as problem_candidates
from app.processes.problems import lifecycle as problems
from app.processes.requests import lifecycle as requests

LIFECYCLES: tuple[Lifecycle[Any], ...] = (
    persons.LIFECYCLE,
    teams.LIFECYCLE,
    groups.LIFECYCLE,
    keys.LIFECYCLE,
    shifts.LIFECYCLE,
    stand_ins.LIFECYCLE,
    assignment_rules.LIFECYCLE,
    escalation_rules.LIFECYCLE,
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
    articles.LIFECYCLE,
    problems.LIFECYCLE,
    problem_candidates.LIFECYCLE,
    kpi_targets.LIFECYCLE,
    kpi_budgets.LIFECYCLE,
    reconciliations.LIFECYCLE,
    notices.LIFECYCLE,
)

BY_KIND = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
