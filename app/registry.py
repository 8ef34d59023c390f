"""Every lifecycle. All that is generic walks this list: the API, the docs, the tests, the rebuild."""

from typing import Any

from app.base.assignment import shifts, stand_ins
from app.base.costs import budgets, hourly_rates
from app.base.custom import fields as custom_fields
from app.base.people import groups, keys, persons, teams
from app.deliveries import lifecycle as notices
from app.kernel.lifecycle import Lifecycle
from app.kpis.reconciliations import lifecycle as reconciliations
from app.kpis.targets import lifecycle as kpi_targets
from app.processes.incidents import lifecycle as incidents

LIFECYCLES: tuple[Lifecycle[Any], ...] = (
    persons.LIFECYCLE,
    teams.LIFECYCLE,
    groups.LIFECYCLE,
    keys.LIFECYCLE,
    shifts.LIFECYCLE,
    stand_ins.LIFECYCLE,
    hourly_rates.LIFECYCLE,
    budgets.LIFECYCLE,
    custom_fields.LIFECYCLE,
    incidents.LIFECYCLE,
    kpi_targets.LIFECYCLE,
    reconciliations.LIFECYCLE,
    notices.LIFECYCLE,
)

BY_KIND = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
