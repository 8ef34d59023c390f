"""All KPIs that are written a second time, by their keys."""

from __future__ import annotations

from tests.kpis.brute_force import (
    agents,
    changes,
    deployments,
    governance,
    improvement,
    incident_times,
    incidents,
    knowledge,
    outages,
    problems,
    quality,
    requests,
    resolution_rate,
    satisfaction,
    service_levels,
    slas,
    unknown_keys,
)

DEFINITIONS = {
    **incidents.DEFINITIONS,
    **incident_times.DEFINITIONS,
    **unknown_keys.DEFINITIONS,
    **requests.DEFINITIONS,
    **resolution_rate.DEFINITIONS,
    **agents.DEFINITIONS,
    **problems.DEFINITIONS,
    **changes.DEFINITIONS,
    **deployments.DEFINITIONS,
    **service_levels.DEFINITIONS,
    **outages.DEFINITIONS,
    **slas.DEFINITIONS,
    **satisfaction.DEFINITIONS,
    **knowledge.DEFINITIONS,
    **improvement.DEFINITIONS,
    **quality.DEFINITIONS,
    **governance.DEFINITIONS,
}
