"""Routes of hourly rates: `/v1/hourly_rates`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.foundation.costs import hourly_rates
from app.foundation.costs.queries import HOURLY_RATES, HourlyRateOut

router = APIRouter(prefix="/v1", tags=["costs"])
mount_reads(router, HOURLY_RATES, prefix="/hourly_rates")
mount_actions(router, hourly_rates.LIFECYCLE, HourlyRateOut, prefix="/hourly_rates")


ROUTES = Routes((router,))
