"""Ledgerdesk: an IT service management backend whose ledger is the truth."""

from __future__ import annotations

import gc

#: So many new objects trigger a garbage collection. Loading makes hundreds of thousands of objects that stay:
#: with Python's default of 700 the collector takes a sixth of that time, and a tenth of the work under load.
NEW_OBJECTS = 50_000

gc.set_threshold(NEW_OBJECTS)
