"""The watched KPIs: those whose signals are noted, so that few false ones are among them.

Simulated on stable processes, all KPIs of six scopes give three to twelve false signals every month, these
fourteen not half of one.
"""

from __future__ import annotations

from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.platform.settings import PREFIX, Settings, SettingsError

#: The KPIs that the service regulation publishes, and those of agreements met, of what is open, and of
#: quality.
USUAL = (
    "service_availability",
    "csat",
    "complaints_yoy",
    "incident_response_seconds",
    "incident_response_attainment",
    "incident_resolution_seconds",
    "incident_resolution_attainment",
    "incident_unit_cost",
    "request_handling_seconds",
    "requests_per_agent_day",
    "change_first_pass",
    "sla_attainment",
    "backlog",
    "reopen_rate",
)


def watched_kpis(settings: Settings) -> tuple[Kpi, ...]:
    """Return the watched KPIs: those that the setting names, or the usual ones. Raises SettingsError."""
    keys = settings.watched_kpi_keys or USUAL
    unknown = [key for key in keys if key not in KPIS]
    if unknown:
        raise SettingsError(f"{PREFIX}WATCHED_KPIS has unknown KPIs: {', '.join(unknown)}.")
    return tuple(KPIS[key] for key in keys)
