"""Every operation with requests that are drawn from the contract."""

from __future__ import annotations

import os

#: The number of requests to draw; 0: one of each sort.
GIVEN = int(os.environ.get("LEDGERDESK_TEST_REQUESTS", "0"))
