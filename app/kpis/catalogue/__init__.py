"""All KPIs by key, in the order in which they are shown. Declarations only. To find a KPI, search for its key
in this folder.
"""

from __future__ import annotations

from app.kpis.catalogue import (
    agents,
    agreements,
    changes,
    deployments,
    governance,
    improvement,
    outages,
    quality,
    records,
    service_levels,
)
from app.kpis.catalogue.tickets import (
    incident_costs,
    incident_deadlines,
    incident_quality,
    incidents,
    knowledge,
    majors,
    problems,
    request_leads,
    request_quality,
    request_times,
    satisfaction,
)
from app.kpis.declaration.kpi import Kpi

KPIS: dict[str, Kpi] = {
    kpi.key: kpi
    for kpi in (
        *incidents.KPIS,
        *incident_deadlines.KPIS,
        *incident_quality.KPIS,
        *incident_costs.KPIS,
        *majors.KPIS,
        *records.KPIS,
        *request_times.KPIS,
        *request_leads.KPIS,
        *request_quality.KPIS,
        *agents.KPIS,
        *problems.KPIS,
        *changes.KPIS,
        *deployments.KPIS,
        *service_levels.KPIS,
        *outages.KPIS,
        *agreements.KPIS,
        *satisfaction.KPIS,
        *knowledge.KPIS,
        *improvement.KPIS,
        *quality.KPIS,
        *governance.KPIS,
    )
}
