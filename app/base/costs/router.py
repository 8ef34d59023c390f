"""Where rates by the hour and budgets are: `/v1/hourly_rates`, `/v1/budgets`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.reads import mount_reads
from app.base.costs import budgets, hourly_rates
from app.base.costs.queries import BUDGETS, HOURLY_RATES, BudgetOut, HourlyRateOut

router = APIRouter(prefix="/v1", tags=["costs"])
mount_reads(router, HOURLY_RATES, prefix="/hourly_rates")
mount_reads(router, BUDGETS, prefix="/budgets")
mount_actions(router, hourly_rates.LIFECYCLE, HourlyRateOut, prefix="/hourly_rates")
mount_actions(router, budgets.LIFECYCLE, BudgetOut, prefix="/budgets")
