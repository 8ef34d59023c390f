"""The read model and queries of re-basings of natural limits."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.people.queries import PERSONS, TEAMS
from app.kpis.catalogue import KPIS
from app.kpis.rebases.lifecycle import LIFECYCLE

LISTING = Listing(
    lifecycle=LIFECYCLE,
    filters=("state", "kpi", "scope", "service", "team", "begins_at", "added_at"),
    known_names={"kpi": KPIS},
    sorts=("added_at", "begins_at"),
    expands=(PERSONS, TEAMS),
)
