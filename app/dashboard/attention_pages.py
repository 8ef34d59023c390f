"""Pages of the dashboard to which sentences of what needs attention lead. Without HTTP."""

from __future__ import annotations

import re

from app.dashboard.addresses import ROOT

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
