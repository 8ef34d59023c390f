"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.foundation.costs.queries import HOURLY_RATES

ROUTES = record_routes(HOURLY_RATES, "costs", in_views=False)
