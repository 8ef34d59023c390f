"""Addresses of the dashboard's pages. Without HTTP."""

from __future__ import annotations

import re
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
#: So many sentences stand on a page.
MOST_SENTENCES = 7
#: The kind of record that sentences of integrations are of, and where these are shown.
SOURCE, INTEGRATIONS = "webhook_source", f"{ROOT}/integrations"
SOURCE_ADDRESS = re.compile(r"/v1/webhook_sources/([^/?]+)(/deliveries\?state=failed)?$")


def source_page(address: str) -> str:
    """Return the page of the integrations that an address of the API is of: of the deliveries of a source, of
    a source, or of all.
    """
    match = SOURCE_ADDRESS.match(address)
    if match is None:
        return INTEGRATIONS
    return f"{INTEGRATIONS}/{match[1]}" + ("?state=failed" if match[2] else "")
