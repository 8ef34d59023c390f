"""Addresses of the dashboard's pages. Without HTTP."""

from __future__ import annotations

from collections.abc import Mapping

#: The pages of processes, by their paths: what the sentences on each are of, besides its KPIs.
PROCESS_PAGES: Mapping[str, tuple[str, ...]] = {
    "incident": ("incident",),
    "request": ("request",),
    "problem": ("problem",),
    "change": ("change",),
    "service-level": ("sla", "service"),
}
ROOT = "/dashboard"
#: The kind of pages that saved selections of the dashboard are of.
KIND = "dashboard"
