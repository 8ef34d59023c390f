"""What is said of KPIs: what they are to be, and what cases may cost."""

from __future__ import annotations

from collections.abc import Callable

from app.kernel.payloads import Payload
from app.kpis.budgets.lifecycle import AddKpiBudget, ReviseKpiBudget
from app.kpis.targets.lifecycle import AddKpiTarget, ReviseKpiTarget
from tests.client import Json

_YEAR = {"valid_from_at": "2026-01-01T00:00:00+08:00", "valid_until_at": "2027-01-01T00:00:00+08:00"}
_TARGET = {"comparator": "lt", "value": "5400", **_YEAR}
_BUDGET = {"amount": "45.00", "currency": "EUR", **_YEAR}

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    AddKpiTarget: lambda: {"kpi": "incident_resolution_seconds", **_TARGET},
    ReviseKpiTarget: lambda: dict(_TARGET),
    AddKpiBudget: lambda: {"kpi": "incident_unit_cost", **_BUDGET},
    ReviseKpiBudget: lambda: dict(_BUDGET),
}
