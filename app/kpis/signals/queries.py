"""The read model and queries of signals of KPIs."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.people.queries import PERSONS, TEAMS
from app.kpis.catalogue import KPIS
from app.kpis.signals.lifecycle import LIFECYCLE

LISTING = Listing(
    lifecycle=LIFECYCLE,
    filters=("state", "kpi", "scope", "service", "team", "rule", "tendency", "begins_at", "noted_at"),
    known_names={"kpi": KPIS},
    sorts=("noted_at", "begins_at"),
    expands=(PERSONS, TEAMS),
)
