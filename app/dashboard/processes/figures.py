"""The figures of each process's page, and who may open it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.common.people import Caller
from app.conformance.kinds import with_cases
from app.kernel.access.visibility import sees_every_record
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.questions.access import may_see_kpi

CONFORMANCE = "conformance"
#: Figures of each page, the most important first.
FIGURES: Mapping[str, tuple[str, ...]] = {
    "incident": (
        "incident_resolution_seconds",
        "incident_response_seconds",
        "incident_resolution_attainment",
        "reopen_rate",
        "first_contact_resolution",
        "backlog",
    ),
    "request": (
        "request_handling_seconds",
        "request_on_time",
        "csat",
        "request_backlog",
        "acceptance_first_pass",
        "requests_per_agent_day",
    ),
    "problem": (
        "problem_cause_seconds",
        "problem_fix_seconds",
        "known_error_ratio",
        "incidents_prevented",
        "proactive_problem_share",
        "problem_backlog",
    ),
    "change": (
        "change_first_pass",
        "change_failure_rate",
        "emergency_share",
        "change_lead_seconds",
        "change_backlog",
        "change_reviews_overdue",
    ),
    "service-level": (
        "sla_attainment",
        "service_availability",
        "availability_budget_used",
        "sla_warned_saved",
        "mtbf",
        "agreement_reviews_overdue",
    ),
}


@dataclass(frozen=True, slots=True)
class FlowKeys:
    """The KPIs of a process's flow: what came, what went, and what was open at the end."""

    opened: str
    ended: str
    open_cases: str


FLOWS = {
    "incident": FlowKeys("incidents_opened", "incidents_resolved", "backlog"),
    "request": FlowKeys("requests_opened", "requests_delivered", "request_backlog"),
}


def keys_of_process(process: str) -> list[str]:
    """Return the keys of the KPIs on the page of that process."""
    flow = FLOWS.get(process)
    of_flow = () if flow is None else (flow.opened, flow.ended, flow.open_cases)
    return list(dict.fromkeys((*FIGURES[process], *of_flow)))


def may_open(ledger: Ledger, caller: Caller, page: str) -> bool:
    """Return whether the caller may see the figures of the page of that path: of a process page all of them,
    of conformance those of one process.
    """
    if page == CONFORMANCE:
        agents_see = ledger.settings.agents_see
        return any(
            sees_every_record(caller, lifecycle, agents_see=agents_see)
            for lifecycle in with_cases(ledger.lifecycles.values())
            if lifecycle.kind in FIGURES
        )
    return page not in FIGURES or all(may_see_kpi(ledger, caller, KPIS[key]) for key in keys_of_process(page))
