"""What is said of KPIs: what they are to be, what cases may cost, what has changed them, what needs
attention.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.attention.alerts.lifecycle import EndAttentionAlert, RaiseAttentionAlert
from app.kernel.actions.payloads import Payload
from app.kpis.budgets.lifecycle import AddKpiBudget, ReviseKpiBudget
from app.kpis.effects.lifecycle import MeasureKpiEffect
from app.kpis.rebases.payloads import AddKpiRebase
from app.kpis.signals.lifecycle import (
    ExplainKpiSignal,
    NoteAgainKpiSignal,
    NoteKpiSignal,
    WithdrawKpiSignal,
)
from app.kpis.targets.lifecycle import AddKpiTarget, ReviseKpiTarget
from tests.client import Json
from tests.every_action.world_data import IDS, NUMBERS

_YEAR = {"valid_from_at": "2026-01-01T00:00:00+08:00", "valid_until_at": "2027-01-01T00:00:00+08:00"}
_TARGET = {"comparator": "lt", "value": "5400", **_YEAR}
_BUDGET = {"amount": "45.00", "currency": "EUR", **_YEAR}
_FIGURES = {
    "since_at": "2026-03-01T00:00:00+08:00",
    "tendency": "worse",
    "needs_attention": True,
    "value": "22380",
    "centre": "8160.25",
    "low": "0",
    "high": "17580",
    "position": 4711,
}


def _signal() -> Json:
    """A signal of a month in which there is no other."""
    begins = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=next(NUMBERS))
    return _FIGURES | {
        "kpi": "incident_resolution_seconds",
        "rule": "beyond_limits",
        "grain": "month",
        "zone": "Asia/Shanghai",
        "begins_at": begins.isoformat(),
        "ends_at": (begins + timedelta(days=31)).isoformat(),
    }


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    AddKpiTarget: lambda: {"kpi": "incident_resolution_seconds", **_TARGET},
    ReviseKpiTarget: lambda: dict(_TARGET),
    AddKpiBudget: lambda: {"kpi": "incident_unit_cost", **_BUDGET},
    ReviseKpiBudget: lambda: dict(_BUDGET),
    MeasureKpiEffect: lambda: {
        "kpi": "incident_resolution_seconds",
        "before": {"from": "2020-01-01", "to": "2020-02-01"},
        "after": {"from": "2020-02-01", "to": "2020-03-01"},
        "figure": "share_longer",
        "longer_than": 259200,
        "change": "CHG-2026-0031",
    },
    NoteKpiSignal: _signal,
    NoteAgainKpiSignal: lambda: dict(_FIGURES),
    ExplainKpiSignal: lambda: {
        "reason": "A power cut stopped the desk. 停电。",
        "cause": "Power cut",
    },
    WithdrawKpiSignal: lambda: {"position": 4712},
    RaiseAttentionAlert: lambda: {
        "key": f"service_down:incident:mail-{next(NUMBERS)}",
        "code": "service_down",
        "severity": "now",
        "process": "incident",
        "subject": "mail",
        "title_en": "Mail is down",
        "title_zh": "邮件中断",
        "persons": [IDS["person"]],
    },
    EndAttentionAlert: lambda: {"persons": [IDS["person"]]},
    AddKpiRebase: lambda: {
        # Its process has no definition, whose owner could not restart the limits.
        "kpi": "lead_time_for_changes",
        "change": "A second shift",
        "reason": "Nights are staffed since.",
        # Each is later than the one before.
        "begins_at": (datetime.now(UTC) + timedelta(seconds=next(NUMBERS))).isoformat(),
    },
}
